"""Rights on models, in bulk and by file."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Sequence

from django.core.management.base import CommandParser

from sb_sync import maintenance
from sb_sync.maintenance import Entry, ModelReport, PermissionFile, Refused
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import check_options, telling_refusals
from sb_sync.management.tables import format_table

REQUIRED: Mapping[str, Sequence[str]] = {
    "discover": [],
    "generate": ["org_slug"],
    "apply": ["config_file"],
    "export": ["org_slug"],
    "validate": ["config_file"],
    "template": [],
}
# Options that would silently be ignored elsewhere.
OWNED: Mapping[str, str] = {
    "config_file": "apply or validate",
    "dry_run": "apply",
    "group": "generate",
    "org_slug": "generate or apply or export or validate",
    "output_file": "generate or export or template",
    "permission_template": "generate",
}


class Command(SyncCommand):
    """A shell round one function for each action."""

    help = "Discover the models that can be synchronised, and grant groups the right to push and pull them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--action",
            required=True,
            choices=list(REQUIRED),
            help="discover: show which models are in, and why · generate: make a permission file for every model ·"
            " apply: grant what a file says · export: write down what is granted · validate: tell what is wrong with a"
            " file · template: show an empty file",
        )
        parser.add_argument("--org-slug", help="the organization; beats the file's own `organization`")
        parser.add_argument(
            "--permission-template",
            choices=sorted(maintenance.TEMPLATES),
            help="generate: what is granted, to a common group never beyond its kind (default: read_write)",
        )
        parser.add_argument("--group", action="append", help="generate: only this group; may be given several times")
        parser.add_argument("--config-file", help="apply, validate: the permission file (JSON)")
        parser.add_argument("--output-file", help="generate, export, template: where to write (default: print)")
        parser.add_argument("--dry-run", action="store_true", help="apply: only tell what would be done")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        foreign = {name: owner for name, owner in OWNED.items() if action not in owner.split(" or ")}
        check_options(options, required=REQUIRED[action], foreign=foreign)
        actions: Dict[str, Callable[[Dict[str, Any]], None]] = {
            "discover": self._discover,
            "generate": self._generate,
            "apply": self._apply,
            "export": self._export,
            "validate": self._validate,
            "template": self._template,
        }
        with telling_refusals():
            actions[action](options)

    def _discover(self, options: Dict[str, Any]) -> None:
        models = maintenance.describe_models()
        if options["json"]:
            self._print_json({"models": [_as_object(model) for model in models]})
            return
        shown = [model for model in models if options["verbosity"] > 1 or model.is_of_project]
        rows = [[model.label, model.state, model.tenant, model.reason] for model in shown]
        self.stdout.write(format_table(["model", "", "organization by", "because"], rows))
        included, hidden = sum(model.included for model in models), len(models) - len(shown)
        self.stdout.write(f"\n{included} models are in; {hidden} of Django and other packages are not shown (-v 2).")

    def _generate(self, options: Dict[str, Any]) -> None:
        organization = maintenance.find_organization(options["org_slug"])
        template = options["permission_template"] or "read_write"
        file = maintenance.generate_file(organization, template, group_names=options["group"])
        self._warn_of_shared(maintenance.name_shared(file.entries), options)
        self._deliver(file, options)

    def _apply(self, options: Dict[str, Any]) -> None:
        file = maintenance.read_file(options["config_file"])
        organization = maintenance.choose_organization(options["org_slug"], file)
        done = maintenance.apply_file(file, organization, dry_run=options["dry_run"])
        if options["json"]:
            told = {name: [_as_right(entry) for entry in getattr(done, name)] for name in ("created", "changed")}
            counted = {"unchanged": len(done.unchanged), "shared": list(done.shared), "dry_run": options["dry_run"]}
            self._print_json({"organization": organization.slug, **told, **counted})
            return
        self._warn_of_shared(done.shared, options)
        rows = [["+", *_as_row(entry)] for entry in done.created] + [["~", *_as_row(entry)] for entry in done.changed]
        if rows and options["verbosity"]:
            self.stdout.write(format_table(["", "group", "model", "push", "pull"], rows))
        if options["verbosity"]:
            counts = f"{len(done.created)} granted, {len(done.changed)} changed, {len(done.unchanged)} as they were."
            note = " Nothing was written (--dry-run)." if options["dry_run"] else ""
            self.stdout.write(f"{organization.slug}: {counts}{note}")

    def _export(self, options: Dict[str, Any]) -> None:
        found = maintenance.export_file(maintenance.find_organization(options["org_slug"]))
        for label in found.left_out:
            self.stderr.write(self.style.WARNING(f"{label} is not synchronised, and was left out."))
        self._deliver(found.file, options)

    def _validate(self, options: Dict[str, Any]) -> None:
        shared: Sequence[str] = ()
        try:
            file = maintenance.read_file(options["config_file"])
            maintenance.choose_organization(options["org_slug"], file)
            faults, shared = maintenance.check_file(file), maintenance.name_shared(file.entries)
        except Refused as error:
            faults = error.reasons
        if options["json"]:
            self._print_json({"valid": not faults, "errors": faults, "shared": list(shared)})
            if faults:
                raise SystemExit(1)
            return
        if faults:
            raise Refused(faults)
        self._warn_of_shared(shared, options)
        self.stdout.write(f"{options['config_file']} is right.")

    def _template(self, options: Dict[str, Any]) -> None:
        self._deliver(maintenance.make_empty_file(), options)

    def _deliver(self, file: PermissionFile, options: Dict[str, Any]) -> None:
        """Write a file where it was asked for."""
        path = options["output_file"]
        if not path:
            self.stdout.write(maintenance.dump_file(file), ending="")
            return
        maintenance.write_file(file, path)
        if options["json"]:
            self._print_json({"file": path, "entries": len(file.entries)})
        elif options["verbosity"]:
            self.stdout.write(f"{len(file.entries)} entries written to {path}.")

    def _warn_of_shared(self, labels: Sequence[str], options: Dict[str, Any]) -> None:
        if labels and options["verbosity"]:
            self.stderr.write(self.style.WARNING(maintenance.warn_of_shared(labels)))

    def _print_json(self, document: Dict[str, Any]) -> None:
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))


def _as_object(model: ModelReport) -> Dict[str, Any]:
    return {
        "model": model.label,
        "included": model.included,
        "reason": model.reason,
        "shared": model.is_shared,
        "organization_by": model.tenant or None,
        "primary_key": model.key_kind or None,
    }


def _as_right(entry: Entry) -> Dict[str, Any]:
    return {"group": entry.group, "model": entry.model, "push": entry.push, "pull": entry.pull}


def _as_row(entry: Entry) -> List[str]:
    return [entry.group, entry.model, *("yes" if granted else "no" for granted in (entry.push, entry.pull))]
