"""Organizations, groups and members."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sb_sync import maintenance
from sb_sync.maintenance import ApplyReport, OrganizationReport, Refused
from sb_sync.management.tables import format_table

REQUIRED: Mapping[str, Sequence[str]] = {
    "create_org": ["org_name", "org_slug"],
    "create_groups": [],
    "add_user": ["username", "org_slug", "group_name"],
    "set_permissions": ["config_file"],
    "setup_example": [],
}


class Command(BaseCommand):
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
            "--permission-template",
            choices=sorted(maintenance.TEMPLATES),
            help="create_org: grant every model that was found, to each group within its kind",
        )
        parser.add_argument("--username", help="add_user: who is let in")
        parser.add_argument("--group-name", help="add_user: in which group")
        parser.add_argument("--config-file", help="set_permissions: the permission file (JSON)")
        parser.add_argument("--dry-run", action="store_true", help="set_permissions: only tell what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        missing = [name for name in REQUIRED[action] if not options[name]]
        if missing:
            flags = ", ".join("--" + name.replace("_", "-") for name in missing)
            raise CommandError(f"--action {action} needs {flags}.")
        actions: Dict[str, Callable[[Dict[str, Any]], List[str]]] = {
            "create_org": self._create_org,
            "create_groups": self._create_groups,
            "add_user": self._add_user,
            "set_permissions": self._set_permissions,
            "setup_example": self._setup_example,
        }
        try:
            lines = actions[action](options)
        except Refused as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write("\n".join(lines))

    def _create_org(self, options: Dict[str, Any]) -> List[str]:
        name, slug, template = options["org_name"], options["org_slug"], options["permission_template"]
        return self._describe(maintenance.create_organization(name, slug, template=template), options)

    def _create_groups(self, options: Dict[str, Any]) -> List[str]:
        rows = [
            [found.name, str(found.kind), "made" if found.is_new else "was there", _count(found.deletable)]
            for found in maintenance.create_groups()
        ]
        return [format_table(["group", "may", "", "models it may now delete in"], rows)]

    def _add_user(self, options: Dict[str, Any]) -> List[str]:
        done = maintenance.add_member(options["username"], options["org_slug"], options["group_name"])
        return [f"{done.username} in {options['org_slug']} as {done.group}: {done.outcome}."]

    def _set_permissions(self, options: Dict[str, Any]) -> List[str]:
        file = maintenance.read_file(options["config_file"])
        organization = maintenance.choose_organization(options["org_slug"], file)
        report = maintenance.apply_file(file, organization, dry_run=options["dry_run"])
        note = ["Nothing was written (--dry-run)."] if options["dry_run"] else []
        return [*self._describe_grants(report, options), *note]

    def _setup_example(self, options: Dict[str, Any]) -> List[str]:
        done = maintenance.setup_example()
        rows = [[found.username, found.group, found.password or "(as before)"] for found in done.members]
        lines = [*self._describe(done.organization, options), format_table(["user", "group", "password"], rows)]
        return [*lines, *(f"The user {name} is not of the example, and was left alone." for name in done.left_alone)]

    def _describe(self, report: OrganizationReport, options: Dict[str, Any]) -> List[str]:
        made = report.organization
        lines = [f"Organization {made.name} ({made.slug}): {'made' if report.is_new else 'was there'}."]
        return lines if report.granted is None else [*lines, *self._describe_grants(report.granted, options)]

    def _describe_grants(self, report: ApplyReport, options: Dict[str, Any]) -> List[str]:
        if report.shared and options["verbosity"]:
            self.stderr.write(self.style.WARNING(maintenance.warn_of_shared(report.shared)))
        created, changed, unchanged = len(report.created), len(report.changed), len(report.unchanged)
        return [f"Rights: {created} granted, {changed} changed, {unchanged} as they were."]


def _count(number: int) -> str:
    return str(number) if number else ""
