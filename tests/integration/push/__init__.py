"""Pushes against real databases."""
