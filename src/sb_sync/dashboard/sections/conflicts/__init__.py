"""Conflicts: both sides of each, and what staff do about those that a policy left open."""
