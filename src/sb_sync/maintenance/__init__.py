"""The bodies of commands and tasks.

The feed — retention: forget what is old, each table's by itself · verify: find what is wrong · repair: put it right ·
tables: which were never made. Every day — cleanup: forget all that is old · upkeep: keep tables quick and processes
small · reports. Rights — inventory: which models there are · groups · organizations · permission_file: its shape ·
permissions: generate, check, apply, export. What is set — configuration · configuration_file: its shape.
"""

from __future__ import annotations

from sb_sync.maintenance.cleanup import CleanupReport, clean_up, clean_up_measurements, forget_beside_the_feed
from sb_sync.maintenance.groups import COMMON_GROUPS, GroupReport, create_groups
from sb_sync.maintenance.inventory import ModelReport, describe_models, find_default_labels
from sb_sync.maintenance.organizations import (
    MemberReport,
    OrganizationReport,
    add_member,
    choose_organization,
    create_organization,
    find_organization,
    setup_example,
)
from sb_sync.maintenance.permission_file import Entry, PermissionFile
from sb_sync.maintenance.permission_file import dump as dump_file
from sb_sync.maintenance.permission_file import make_empty as make_empty_file
from sb_sync.maintenance.permission_file import read as read_file
from sb_sync.maintenance.permission_file import write as write_file
from sb_sync.maintenance.permissions import (
    TEMPLATES,
    ApplyReport,
    apply_file,
    check_file,
    export_file,
    generate_file,
    name_shared,
    warn_of_shared,
)
from sb_sync.maintenance.repair import RepairReport, repair
from sb_sync.maintenance.reports import SyncReport, report_day
from sb_sync.maintenance.retention import PurgeReport, forget_answers, forget_conflicts, forget_jobs, purge
from sb_sync.maintenance.tables import find_missing_tables
from sb_sync.maintenance.upkeep import (
    MemoryReport,
    StatementReport,
    WarmthReport,
    free_memory,
    optimize_tables,
    warm_up,
)
from sb_sync.maintenance.verify import FeedStatus, all_databases, describe, feed_databases, verify
from sb_sync.refusal import Refused

__all__ = [
    "COMMON_GROUPS",
    "TEMPLATES",
    "ApplyReport",
    "CleanupReport",
    "Entry",
    "FeedStatus",
    "GroupReport",
    "MemberReport",
    "MemoryReport",
    "ModelReport",
    "OrganizationReport",
    "PermissionFile",
    "PurgeReport",
    "Refused",
    "RepairReport",
    "StatementReport",
    "SyncReport",
    "WarmthReport",
    "add_member",
    "all_databases",
    "apply_file",
    "check_file",
    "choose_organization",
    "clean_up",
    "clean_up_measurements",
    "create_groups",
    "create_organization",
    "describe",
    "describe_models",
    "dump_file",
    "export_file",
    "feed_databases",
    "find_default_labels",
    "find_missing_tables",
    "find_organization",
    "forget_answers",
    "forget_beside_the_feed",
    "forget_conflicts",
    "forget_jobs",
    "free_memory",
    "generate_file",
    "make_empty_file",
    "name_shared",
    "optimize_tables",
    "purge",
    "read_file",
    "repair",
    "report_day",
    "setup_example",
    "verify",
    "warm_up",
    "warn_of_shared",
    "write_file",
]
