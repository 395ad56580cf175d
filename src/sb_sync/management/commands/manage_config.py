"""What is set: show, export, import, validate and reset it."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from django.core.management.base import CommandError, CommandParser

from sb_sync.config import SECTIONS, KeyState
from sb_sync.maintenance import Refused, configuration, configuration_file
from sb_sync.maintenance.files import write_whole
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import check_options, telling_refusals
from sb_sync.management.reports import as_object, format_report, format_value
from sb_sync.management.tables import format_table

REQUIRED: Mapping[str, Sequence[str]] = {
    "show": [],
    "export": [],
    "import": ["file"],
    "validate": [],
    "summary": [],
    "reset": [],
}
# Options that would silently be ignored elsewhere.
OWNED: Mapping[str, str] = {
    "file": "export or import or validate",
    "format": "export or import or validate",
    "force": "import or reset",
    "dry_run": "import or reset",
    "section": "show or reset",
    "key": "reset",
    "reason": "import or reset",
}
ENDINGS: Mapping[str, str] = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}


class Command(SyncCommand):
    """A shell round the functions of `maintenance.configuration`."""

    help = "Show, export, import, validate and reset what is set in the database in place of the settings' defaults."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--action",
            required=True,
            choices=list(REQUIRED),
            help="show: every key with its value, and where that is from · export: write down what is set · import: set"
            " what a file says, all or nothing · validate: tell what is wrong with a file, or with what is set ·"
            " summary: count · reset: give keys their defaults again",
        )
        parser.add_argument(
            "--file", help="import, validate: the file to read; export: where to write (default: print)"
        )
        parser.add_argument(
            "--format", choices=configuration_file.FORMATS, help="of the file (default: by its ending, else json)"
        )
        parser.add_argument("--section", help="show, reset: only this section ({})".format(", ".join(SECTIONS)))
        parser.add_argument(
            "--key", action="append", help="reset: only this key of --section; may be given several times"
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="import: also overwrite what is set to something else; reset: do not ask",
        )
        parser.add_argument("--reason", default="", help="import, reset: stands in the history of what is changed")
        parser.add_argument("--dry-run", action="store_true", help="import, reset: only tell what would be done")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        foreign = {name: owner for name, owner in OWNED.items() if action not in owner.split(" or ")}
        check_options(options, required=REQUIRED[action], foreign=foreign)
        if options["key"] and not options["section"]:
            raise CommandError("--key needs --section.")
        actions: Dict[str, Callable[[Dict[str, Any]], None]] = {
            "show": self._show,
            "export": self._export,
            "import": self._import,
            "validate": self._validate,
            "summary": self._summary,
            "reset": self._reset,
        }
        with telling_refusals():
            actions[action](options)

    def _show(self, options: Dict[str, Any]) -> None:
        states = configuration.describe(options["section"])
        if options["json"]:
            self._print_json({"settings": [_as_object(state) for state in states]})
            return
        rows = [
            [f"{state.section}.{state.key}", format_value(state.declared.to_json(state.value)), state.source]
            for state in states
        ]
        self.stdout.write(format_table(["key", "value", "from"], rows))

    def _export(self, options: Dict[str, Any]) -> None:
        document = configuration.export()
        text = configuration_file.dump(document, _find_format(options))
        count = sum(len(keys) for keys in document.values())
        if not options["file"]:
            self.stdout.write(text, ending="")
            return
        write_whole(options["file"], text)
        if options["json"]:
            self._print_json({"file": options["file"], "keys": count})
        elif options["verbosity"]:
            self.stdout.write("{} keys written to {}.".format(count, options["file"]))

    def _import(self, options: Dict[str, Any]) -> None:
        values = configuration.read_values(_read(options))
        report = configuration.change(
            values,
            reason=options["reason"] or "imported from {}".format(os.path.basename(options["file"])),
            overwrite=options["force"],
            dry_run=options["dry_run"],
        )
        self._tell(report, options)

    def _validate(self, options: Dict[str, Any]) -> None:
        try:
            faults = configuration.find_faults()
            if options["file"]:
                faults = []
                configuration.read_values(_read(options))
        except Refused as error:
            faults = error.reasons
        if options["json"]:
            self._print_json({"valid": not faults, "errors": faults})
            if faults:
                raise SystemExit(1)
            return
        if faults:
            raise Refused(faults)
        self.stdout.write("{} is right.".format(options["file"] or "All that is set"))

    def _summary(self, options: Dict[str, Any]) -> None:
        found = configuration.summarize()
        if options["json"]:
            sections = {each.section: {**each.sources, "faults": each.faults} for each in found}
            self._print_json({"sections": sections})
            return
        rows = [
            [each.section, *(str(each.sources[name]) for name in ("database", "project", "default")), str(each.faults)]
            for each in found
        ]
        self.stdout.write(format_table(["section", "set here", "by the project", "by default", "wrong"], rows))

    def _reset(self, options: Dict[str, Any]) -> None:
        chosen: Dict[str, Any] = {"section": options["section"], "keys": options["key"] or ()}
        if not options["dry_run"] and not options["force"]:
            raise CommandError("--action reset forgets what was set. Say --force to do it, --dry-run to see it first.")
        self._tell(configuration.reset(**chosen, reason=options["reason"], dry_run=options["dry_run"]), options)

    def _tell(self, report: configuration.ChangeReport, options: Dict[str, Any]) -> None:
        if options["json"]:
            self._print_json(as_object(report, dry_run=options["dry_run"]))
        elif options["verbosity"]:
            self.stdout.write(format_report(report, dry_run=options["dry_run"]))

    def _print_json(self, document: Any) -> None:
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))


def _find_format(options: Mapping[str, Any]) -> str:
    path: Optional[str] = options["file"]
    ending = os.path.splitext(path or "")[1].lower()
    return str(options["format"] or ENDINGS.get(ending, "json"))


def _read(options: Mapping[str, Any]) -> Dict[str, Dict[str, Any]]:
    return configuration_file.read(options["file"], _find_format(options))


def _as_object(state: KeyState) -> Dict[str, Any]:
    return {
        "section": state.section,
        "key": state.key,
        "value": state.declared.to_json(state.value),
        "default": state.declared.to_json(state.declared.default),
        "source": state.source,
        "type": state.declared.type_name,
        "meaning": state.declared.meaning,
        "fault": state.fault,
    }
