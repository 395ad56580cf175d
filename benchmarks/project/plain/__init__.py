"""The demo's table of customers once more, without capture."""
