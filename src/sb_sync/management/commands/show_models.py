"""Which models there are, which are in, and how each is synchronised."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Callable, Dict, List, Optional

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from sb_sync import access, catalog, maintenance
from sb_sync.errors import SyncError
from sb_sync.maintenance import ModelReport
from sb_sync.management.base import SyncCommand
from sb_sync.management.options import telling_refusals
from sb_sync.management.tables import format_table
from sb_sync.push.route import find_route
from sb_sync.registry import policy_of
from sb_sync.wire import schema_of

ACTIONS: Dict[str, str] = {
    "summary": "count them by app (default)",
    "all": "every model",
    "enabled": "those that are in",
    "disabled": "those that are out, and why",
    "default": "those that are in by the default settings alone",
    "details": "how each that is in is synchronised, also which a push saves row by row, and why",
}


class Command(SyncCommand):
    """Read only."""

    help = "Show which models are in, which are out, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        told = " · ".join(f"{name}: {meaning}" for name, meaning in ACTIONS.items())
        parser.add_argument("--action", choices=list(ACTIONS), default="summary", help=told)
        parser.add_argument("--app-label", help="only the models of this app")
        parser.add_argument("--verbose", action="store_true", help="also Django's and other packages'; details: fields")
        parser.add_argument("--username", help="answer as this user would be answered (see CHECK_MODEL_PERMISSIONS)")
        parser.add_argument("--org-slug", help="the organization in which --username asks")
        parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        label = options["app_label"]
        if label and label not in apps.app_configs:
            raise CommandError(
                "{!r} is no installed app; those are {}.".format(label, ", ".join(sorted(apps.app_configs)))
            )
        with telling_refusals():
            models = maintenance.describe_models(_find_scope(options))
            chosen = [model for model in models if label in (None, model.app_label)]
            actions: Dict[str, Callable[[List[ModelReport], Dict[str, Any]], None]] = {
                "summary": self._summarize,
                "all": self._list,
                "enabled": self._list,
                "disabled": self._list,
                "default": self._list,
                "details": self._describe,
            }
            actions[options["action"]](chosen, options)

    def _summarize(self, models: List[ModelReport], options: Dict[str, Any]) -> None:
        counts: Dict[str, Counter[str]] = {}
        for model in models:
            counts.setdefault(model.app_label, Counter()).update(
                {"in": int(model.included), "shared": int(model.is_shared), "out": int(not model.included)}
            )
        if options["json"]:
            total = sum(counts.values(), Counter())
            self._print_json({"apps": counts, "total": {name: total[name] for name in ("in", "shared", "out")}})
            return
        shown = {label: found for label, found in counts.items() if found["in"] or options["verbose"]}
        rows = [[label, *(str(found[name]) for name in ("in", "shared", "out"))] for label, found in shown.items()]
        self.stdout.write(format_table(["app", "in", "of these shared", "out"], rows))
        included = sum(model.included for model in models)
        self.stdout.write(f"\n{included} of {len(models)} models are in.")

    def _list(self, models: List[ModelReport], options: Dict[str, Any]) -> None:
        defaults = maintenance.find_default_labels()
        filters: Dict[str, Callable[[ModelReport], bool]] = {
            "all": lambda model: True,
            "enabled": lambda model: model.included,
            "disabled": lambda model: not model.included,
            "default": lambda model: model.label in defaults,
        }
        chosen = [model for model in models if filters[options["action"]](model)]
        if options["json"]:
            self._print_json({"models": [_as_object(model) for model in chosen]})
            return
        shown = [model for model in chosen if _is_shown(model, options) or options["action"] == "default"]
        rows = [[model.label, model.state, model.tenant, model.reason] for model in shown]
        self.stdout.write(format_table(["model", "", "organization by", "because"], rows))
        hidden = len(chosen) - len(shown)
        more = f"; {hidden} of Django and other packages are not shown (--verbose)" if hidden else ""
        self.stdout.write(f"\n{len(shown)} models{more}.")

    def _describe(self, models: List[ModelReport], options: Dict[str, Any]) -> None:
        details = [_detail(model) for model in models if model.included]
        if options["json"]:
            self._print_json({"models": details})
            return
        for told in details:
            self.stdout.write(self.style.MIGRATE_HEADING(told.pop("model")))
            fields = told.pop("fields")
            for name, value in told.items():
                for number, line in enumerate(_as_lines(value)):
                    self.stdout.write("  {:<18}{}".format("" if number else name.replace("_", " "), line))
            if options["verbose"]:
                rows = [["  " + field["name"], field["type"], field["access"]] for field in fields]
                self.stdout.write(format_table(["  field", "type", ""], rows))
        out = sum(not model.included and _is_shown(model, options) for model in models)
        self.stdout.write(f"{len(details)} models are in, {out} are out (--action disabled).")

    def _print_json(self, document: Any) -> None:
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))


def _is_shown(model: ModelReport, options: Dict[str, Any]) -> bool:
    """Tell whether people look for this model, not for one of Django's or another package's."""
    return bool(options["verbose"] or model.is_of_project)


def _as_lines(value: Any) -> List[str]:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return value if isinstance(value, list) else [value]


def _find_scope(options: Dict[str, Any]) -> Optional[access.Scope]:
    """Return the scope of the user who is asked for."""
    if not options["username"]:
        if options["org_slug"]:
            raise CommandError("--org-slug belongs to --username.")
        return None
    users: Any = get_user_model()
    user = users._default_manager.filter(**{users.USERNAME_FIELD: options["username"]}).first()
    if user is None:
        raise CommandError("There is no user {!r}.".format(options["username"]))
    try:
        return access.resolve_scope(user, options["org_slug"])
    except SyncError as error:
        raise CommandError(f"{error.detail} Name one with --org-slug.") from error


def _as_object(model: ModelReport) -> Dict[str, Any]:
    return {
        "model": model.label,
        "public_label": model.public_label,
        "included": model.included,
        "reason": model.reason,
        "shared": model.is_shared,
        "tenant": model.tenant,
    }


def _detail(model: ModelReport) -> Dict[str, Any]:
    """Return all there is to say of a model that is in."""
    synced = catalog.synced_models()[model.label]
    schema, route = schema_of(synced), find_route(synced)
    return {
        "model": model.label,
        "public_label": model.public_label,
        "because": model.reason,
        "organization": "shared by all" if model.is_shared else f"by {model.tenant}",
        "key": f"{schema.key.field.name} ({model.key_kind})",
        "database": model.database,
        "conflicts": policy_of(synced.sync),
        "saved": "row by row" if route.saves_one_by_one else "set by set",
        "deleted": "row by row" if route.deletes_one_by_one else "set by set",
        "why_row_by_row": list(route.reasons),
        "history": route.keeps_history,
        "fields": [
            {"name": field.name, "type": field.type, "access": "read only" if field.read_only else ""}
            for field in (schema.key, *schema.fields, *schema.many_to_many)
        ],
    }
