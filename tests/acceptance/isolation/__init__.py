"""A user of one organization, or of none, tries to reach the rows of another."""

from __future__ import annotations
