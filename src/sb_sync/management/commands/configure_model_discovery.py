"""Which models are in: see it, try it, change it."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Sequence

from django.core.management.base import CommandError, CommandParser

from sb_sync.config import DISCOVERY_SECTION
from sb_sync.discovery import Decision
from sb_sync.maintenance import configuration
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import telling_refusals
from sb_sync.management.reports import as_object, format_report, format_value
from sb_sync.management.tables import format_table

#: Options that set a key, with what they take.
KEYS: Mapping[str, str] = {
    "set_include_apps": "INCLUDE_APPS",
    "set_exclude_models": "EXCLUDE_MODELS",
    "set_include_patterns": "INCLUDE_MODEL_PATTERNS",
    "set_exclude_patterns": "EXCLUDE_MODEL_PATTERNS",
    "set_exclude_fields": "EXCLUDE_MODELS_WITH_FIELDS",
    "set_require_fields": "REQUIRE_MODELS_WITH_FIELDS",
}
HELP: Mapping[str, str] = {
    "set_include_apps": "labels of the apps whose models are in; none for all apps of the project",
    "set_exclude_models": "labels of models that are out, such as crm.Draft",
    "set_include_patterns": "regular expressions of which a label must match one; none for no such condition",
    "set_exclude_patterns": "regular expressions; a model whose label matches one is out",
    "set_exclude_fields": "names of fields; a model with any of them is out",
    "set_require_fields": "names of fields; a model that lacks any of them is out",
}


class Command(SyncCommand):
    """A shell round the functions of `maintenance.configuration`."""

    help = (
        "Show and change which models are in. Several --set-… may be given at once; each replaces its list, and without"
        " values empties it. Other keys: manage_config."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list-current", action="store_true", help="show every key (default)")
        for name in KEYS:
            option = "--" + name.replace("_", "-")
            parser.add_argument(option, nargs="*", metavar="VALUE", help=HELP[name])
        parser.add_argument(
            "--test-discovery",
            action="store_true",
            help="show which models are in, and why; with --set-…, which would be, and write nothing",
        )
        parser.add_argument("--reset-to-defaults", action="store_true", help="give every key its default again")
        parser.add_argument("--reason", default="", help="stands in the history of what is changed")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        values = {key: options[name] for name, key in KEYS.items() if options[name] is not None}
        self._check(options, values)
        with telling_refusals():
            if options["test_discovery"]:
                self._test(values, options)
            elif options["reset_to_defaults"]:
                report = configuration.reset(DISCOVERY_SECTION, reason=options["reason"], dry_run=options["dry_run"])
                self._tell(report, options)
            elif values:
                places = {(DISCOVERY_SECTION, key): value for key, value in values.items()}
                report = configuration.change(places, reason=options["reason"], dry_run=options["dry_run"])
                self._tell(report, options)
            else:
                self._list(options)

    def _check(self, options: Dict[str, Any], values: Mapping[str, Any]) -> None:
        """Refuse what would silently be ignored."""
        chosen = [name for name in ("list_current", "test_discovery", "reset_to_defaults") if options[name]]
        if len(chosen) > 1 or (values and chosen in (["list_current"], ["reset_to_defaults"])):
            raise CommandError("Take one of --list-current, --test-discovery, --reset-to-defaults and --set-….")
        if options["dry_run"] and not values and not options["reset_to_defaults"]:
            raise CommandError("--dry-run belongs to --set-… and --reset-to-defaults.")

    def _list(self, options: Dict[str, Any]) -> None:
        states = configuration.describe(DISCOVERY_SECTION)
        if options["json"]:
            listed = {
                state.key: {
                    "value": state.declared.to_json(state.value),
                    "default": state.declared.to_json(state.declared.default),
                    "source": state.source,
                }
                for state in states
            }
            self._print_json({DISCOVERY_SECTION: listed})
            return
        rows = [[state.key, format_value(state.declared.to_json(state.value)), state.source] for state in states]
        self.stdout.write(format_table(["key", "value", "from"], rows))

    def _test(self, values: Mapping[str, List[str]], options: Dict[str, Any]) -> None:
        decided = configuration.discover_with(values)
        if options["json"]:
            self._print_json({"models": [_as_object(decision) for decision in decided]})
            return
        rows = [[found.model._meta.label, "in" if found.included else "out", found.reason] for found in decided]
        self.stdout.write(format_table(["model", "", "because"], rows))
        self.stdout.write(f"\n{_count(decided)} of {len(decided)} models are in. Nothing was written.")

    def _tell(self, report: configuration.ChangeReport, options: Dict[str, Any]) -> None:
        if options["json"]:
            self._print_json(as_object(report, dry_run=options["dry_run"]))
        elif options["verbosity"]:
            self.stdout.write(format_report(report, dry_run=options["dry_run"]))

    def _print_json(self, document: Any) -> None:
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))


def _as_object(decision: Decision) -> Dict[str, Any]:
    return {
        "model": decision.model._meta.label,
        "included": decision.included,
        "reason": decision.reason,
        "key": decision.key,
    }


def _count(decided: Sequence[Decision]) -> int:
    return sum(decision.included for decision in decided)
