"""Admin pages of every table but the feed's identity, which holds a secret.

What the machine writes can only be read. Organizations are Sites underneath, which no page says.
pages: what several have in common · configuration: what is set · conflicts · histories · jobs · tables: all others.
"""

from __future__ import annotations

from sb_sync.admin import configuration, conflicts, histories, jobs, tables

__all__ = ["configuration", "conflicts", "histories", "jobs", "tables"]
