"""What the options of an action must be, and how a database's refusal is told."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, Mapping, Sequence

from django.core.management.base import CommandError
from django.db import DatabaseError

from sb_sync.maintenance import Refused

__all__ = ["check_options", "telling_refusals"]


def check_options(options: Mapping[str, Any], *, required: Sequence[str], foreign: Mapping[str, str]) -> None:
    """Refuse an action that lacks an option, and one with an option that it would silently ignore.

    `foreign` maps the options that this action does not take to the actions that do.
    """
    action = options["action"]
    missing = [_spell(name) for name in required if not _is_given(options[name])]
    if missing:
        raise CommandError("--action {} needs {}.".format(action, ", ".join(missing)))
    for name, owner in foreign.items():
        if _is_given(options[name]):
            raise CommandError(f"{_spell(name)} belongs to --action {owner}, not {action}.")


@contextmanager
def telling_refusals() -> Iterator[None]:
    """Turn what the work inside refuses, and what the database does, into an error of the command."""
    try:
        yield
    except Refused as error:
        raise CommandError(str(error)) from error
    except DatabaseError as error:
        raise CommandError(
            f"The database refused: {str(error).strip()}. Where tables are missing, run manage.py migrate."
        ) from error


def _is_given(value: Any) -> bool:
    """Tell whether an option was typed: 0 is a number that somebody wants."""
    return bool(value) or (value == 0 and value is not False)


def _spell(name: str) -> str:
    """Return an option as it is typed."""
    return "--" + name.replace("_", "-")
