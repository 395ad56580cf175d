"""Every address of the pages of rights."""

from __future__ import annotations

from tests.staff import CONFIG

__all__ = ["PAGES", "PERMISSIONS"]

PERMISSIONS = CONFIG + "permissions/"
#: With the method that each takes.
PAGES = [
    ("get", ""),
    ("get", "news/"),
    ("post", "rights/"),
    ("get", "model/"),
    ("post", "model/"),
    ("get", "copy/"),
    ("post", "copy/"),
    ("get", "filters/"),
    ("post", "filters/"),
    ("post", "filters/count/"),
    ("get", "why/"),
]
