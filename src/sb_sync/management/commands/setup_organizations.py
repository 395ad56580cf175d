"""Organizations, groups and members."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Sequence

from django.core.management.base import CommandParser

from sb_sync import maintenance
from sb_sync.maintenance import ApplyReport, MemberReport, OrganizationReport
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import check_options, telling_refusals
from sb_sync.management.tables import format_table

REQUIRED: Mapping[str, Sequence[str]] = {
    "create_org": ["org_name", "org_slug"],
    "create_groups": [],
    "add_user": ["username", "org_slug", "group_name"],
    "set_permissions": ["config_file"],
    "setup_example": [],
}

# Options that would silently be ignored elsewhere.
OWNED: Mapping[str, str] = {
    "org_name": "create_org",
    "org_slug": "create_org or add_user or set_permissions",
    "site_id": "create_org",
    "permission_template": "create_org",
    "username": "add_user",
    "group_name": "add_user",
    "config_file": "set_permissions",
}


@dataclass(frozen=True)
class Told:
    """What an action tells: lines to people, a document to programs."""

    lines: List[str]
    document: Dict[str, Any]


class Command(SyncCommand):
    """A shell round one function for each action."""

    help = "Make organizations, the common groups and members, and grant rights. Every action may be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--action",
            required=True,
            choices=list(REQUIRED),
            help="create_org: make an organization · create_groups: make the common groups · add_user: let a user into"
            " an organization, or change the group there · set_permissions: grant what a permission file says ·"
            " setup_example: make an organization with groups, rights and users to try things out",
        )
        parser.add_argument("--org-name", help="name of the organization, at most 50 characters")
        parser.add_argument("--org-slug", help="short name of the organization, as clients send it")
        parser.add_argument(
            "--site-id",
            type=int,
            help="create_org: the Site that becomes the organization, with all rows that point at it; its domain"
            " becomes the slug (default: a new one)",
        )
        parser.add_argument(
            "--permission-template",
            choices=sorted(maintenance.TEMPLATES),
            help="create_org: make the common groups, and grant every model found, to each within its kind",
        )
        parser.add_argument("--username", help="add_user: who is let in")
        parser.add_argument("--group-name", help="add_user: in which group")
        parser.add_argument("--config-file", help="set_permissions: the permission file (JSON)")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        foreign = {name: owner for name, owner in OWNED.items() if action not in owner.split(" or ")}
        check_options(options, required=REQUIRED[action], foreign=foreign)
        actions: Dict[str, Callable[[Dict[str, Any]], Told]] = {
            "create_org": self._create_org,
            "create_groups": self._create_groups,
            "add_user": self._add_user,
            "set_permissions": self._set_permissions,
            "setup_example": self._setup_example,
        }
        with telling_refusals():
            told = actions[action](options)
        if options["json"]:
            document = {"action": action, **told.document, "dry_run": options["dry_run"]}
            self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
        elif options["verbosity"]:
            note = ["Nothing was written (--dry-run)."] if options["dry_run"] else []
            self.stdout.write("\n".join([*told.lines, *note]))

    def _create_org(self, options: Dict[str, Any]) -> Told:
        name, slug, template = options["org_name"], options["org_slug"], options["permission_template"]
        made = maintenance.create_organization(
            name, slug, site_id=options["site_id"], template=template, dry_run=options["dry_run"]
        )
        told = self._describe(made, options)
        if made.granted is None:
            told.lines.append("Nothing is granted by this: give --permission-template, or use dynamic_permissions.")
        return told

    def _create_groups(self, options: Dict[str, Any]) -> Told:
        reports = maintenance.create_groups(dry_run=options["dry_run"])
        rows = [
            [found.name, str(found.kind), "made" if found.is_new else "was there", _count(found.deletable)]
            for found in reports
        ]
        groups = [
            {"group": found.name, "created": found.is_new, "newly_deletable_models": found.deletable}
            for found in reports
        ]
        return Told([format_table(["group", "may", "", "models it may now delete in"], rows)], {"groups": groups})

    def _add_user(self, options: Dict[str, Any]) -> Told:
        slug, dry_run = options["org_slug"], options["dry_run"]
        done = maintenance.add_member(options["username"], slug, options["group_name"], dry_run=dry_run)
        return Told(
            [f"{done.username} in {slug} as {done.group}: {done.outcome}."],
            {"organization": slug, "username": done.username, "group": done.group, "outcome": done.outcome},
        )

    def _set_permissions(self, options: Dict[str, Any]) -> Told:
        file = maintenance.read_file(options["config_file"])
        organization = maintenance.choose_organization(options["org_slug"], file)
        report = maintenance.apply_file(file, organization, dry_run=options["dry_run"])
        told = self._describe_grants(report, options)
        return Told(told.lines, {"organization": organization.slug, **told.document})

    def _setup_example(self, options: Dict[str, Any]) -> Told:
        done = maintenance.setup_example(dry_run=options["dry_run"])
        users = [_as_example_user(found, dry_run=options["dry_run"]) for found in done.members]
        rows = [
            [
                user["username"],
                user["group"],
                user["password"] or ("(would be made)" if user["created"] else "(as before)"),
            ]
            for user in users
        ]
        told = self._describe(done.organization, options)
        left = [f"The user {name} is not of the example, and was left alone." for name in done.left_alone]
        return Told(
            [*told.lines, format_table(["user", "group", "password"], rows), *left],
            {**told.document, "users": users, "left_alone": done.left_alone},
        )

    def _describe(self, report: OrganizationReport, options: Dict[str, Any]) -> Told:
        made = report.organization
        lines = [f"Organization {made.name} ({made.slug}): {'made' if report.is_new else 'was there'}."]
        document = {"organization": made.slug, "name": made.name, "created": report.is_new}
        if report.granted is None:
            return Told(lines, document)
        granted = self._describe_grants(report.granted, options)
        return Told([*lines, *granted.lines], {**document, **granted.document})

    def _describe_grants(self, report: ApplyReport, options: Dict[str, Any]) -> Told:
        if report.shared and options["verbosity"] and not options["json"]:
            self.stderr.write(self.style.WARNING(maintenance.warn_of_shared(report.shared)))
        created, changed, unchanged = len(report.created), len(report.changed), len(report.unchanged)
        return Told(
            [f"Rights: {created} granted, {changed} changed, {unchanged} as they were."],
            {"granted": created, "changed": changed, "unchanged": unchanged, "shared": list(report.shared)},
        )


def _as_example_user(found: MemberReport, *, dry_run: bool) -> Dict[str, Any]:
    """Return who is in the example. Only of those who were made a password is known; undone, it is nobody's."""
    is_new = bool(found.password)
    password = found.password if is_new and not dry_run else None
    return {"username": found.username, "group": found.group, "created": is_new, "password": password}


def _count(number: int) -> str:
    return str(number) if number else ""
