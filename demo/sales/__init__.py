"""Field sales: the app that a project has before it knows of sb_sync."""
