"""The permissions of the staff pages, by their full names; `models.Organization` declares them."""

from __future__ import annotations

__all__ = ["AUDIT", "EXPORT", "MATRIX", "SETTINGS", "VIEW"]

#: To see any page at all.
VIEW = "sb_sync.view_staff_pages"
MATRIX = "sb_sync.change_permission_matrix"
SETTINGS = "sb_sync.change_sync_settings"
EXPORT = "sb_sync.export_staff_pages"
AUDIT = "sb_sync.view_audit_trails"
