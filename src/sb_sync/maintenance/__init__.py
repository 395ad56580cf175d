"""The bodies of commands and tasks.

The feed — retention: forget what is old · verify: find what is wrong · repair: put it right. Rights — inventory: which
models there are · groups · organizations · permission_file: its shape · permissions: generate, check, apply, export.
What is set — configuration · configuration_file: its shape.
"""

from __future__ import annotations

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
from sb_sync.maintenance.refusal import Refused
from sb_sync.maintenance.repair import RepairReport, repair
from sb_sync.maintenance.retention import PurgeReport, forget_answers, forget_conflicts, purge
from sb_sync.maintenance.verify import FeedStatus, describe, feed_databases, verify

__all__ = [
    "COMMON_GROUPS",
    "TEMPLATES",
    "ApplyReport",
    "Entry",
    "FeedStatus",
    "GroupReport",
    "MemberReport",
    "ModelReport",
    "OrganizationReport",
    "PermissionFile",
    "PurgeReport",
    "Refused",
    "RepairReport",
    "add_member",
    "apply_file",
    "check_file",
    "choose_organization",
    "create_groups",
    "create_organization",
    "describe",
    "describe_models",
    "dump_file",
    "export_file",
    "feed_databases",
    "find_default_labels",
    "find_organization",
    "forget_answers",
    "forget_conflicts",
    "generate_file",
    "make_empty_file",
    "name_shared",
    "purge",
    "read_file",
    "repair",
    "setup_example",
    "verify",
    "warn_of_shared",
    "write_file",
]
