"""The permissions of the staff pages, by their full names; `models.Organization` declares them."""

from __future__ import annotations

__all__ = ["AUDIT", "CANCEL_JOBS", "CONFLICTS", "EXPORT", "JOBS", "MATRIX", "SETTINGS", "SETTLE", "VIEW"]

#: To see any page at all.
VIEW = "sb_sync.view_staff_pages"
MATRIX = "sb_sync.change_permission_matrix"
SETTINGS = "sb_sync.change_sync_settings"
EXPORT = "sb_sync.export_staff_pages"
AUDIT = "sb_sync.view_audit_trails"
#: Django's own permissions of the tables.
CONFLICTS = "sb_sync.view_syncconflict"
SETTLE = "sb_sync.change_syncconflict"
JOBS = "sb_sync.view_syncjob"
CANCEL_JOBS = "sb_sync.change_syncjob"
