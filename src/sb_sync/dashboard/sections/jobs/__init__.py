"""Background pushes: where each stands, what came of it, and how it is cancelled."""
