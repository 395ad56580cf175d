"""A Django project with one model of Morango's. Runs in Morango's own environment."""
