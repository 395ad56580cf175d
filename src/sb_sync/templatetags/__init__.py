"""Tags of the package's own templates."""
