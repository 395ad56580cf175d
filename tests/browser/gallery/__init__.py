"""Pictures of every staff page: `python -m tests.browser.gallery`, which `./dev screenshots` runs.

pages: which pages there are, by their addresses · world: what they show · camera: takes them · sheet: shows them
beside each other.
"""
