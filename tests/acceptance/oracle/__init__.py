"""Clients, edits and accesses by chance, and a second opinion on what every client must hold.

image: all rows, read plainly · rules: row filters judged in Python · truth: what a user must see · world: who and what
there is · client: an offline client over HTTP · edits, grants, pushes, copies: what happens · play: a whole run of one
seed.
"""
