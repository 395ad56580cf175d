"""The first page: how everything is, at a glance."""
