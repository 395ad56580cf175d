"""Admin pages of every table but the feed's identity, which holds a secret.

What the machine writes can only be read. Organizations are Sites underneath, which no page says.
pages: what several have in common · tables: all but conflicts, which have a page of their own.
"""

from __future__ import annotations

from sb_sync.admin import conflicts, tables

__all__ = ["conflicts", "tables"]
