"""What the commands have in common."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Optional

from django.core.management.base import BaseCommand

from sb_sync import catalog
from sb_sync.attribution import attributed_to
from sb_sync.config import find_faults, setting
from sb_sync.ops.masking import MASK, clean_text, is_masked, mask_text

__all__ = ["SyncCommand"]

# Options that every command has, and what call_command adds: they say nothing of what was done.
COMMON = frozenset(
    [
        "force_color",
        "no_color",
        "pythonpath",
        "settings",
        "skip_checks",
        "stderr",
        "stdout",
        "traceback",
        "verbosity",
        "version",
    ]
)
MAX_VALUE_LENGTH = 200


class SyncCommand(BaseCommand):
    """A command that goes by what is set in the database; histories name it as the reason of what it does."""

    def execute(self, *args: Any, **options: Any) -> Optional[str]:
        """Read what is set, then run as any command."""
        catalog.refresh()
        name = type(self).__module__.rpartition(".")[2]
        # With settings that cannot be read the checks end it, which come next.
        spelt = () if find_faults() else _spell(options)
        with attributed_to(None, " ".join(["manage.py", name, *spelt])):
            return super().execute(*args, **options)


def _spell(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield options about as they were typed, without secrets, in one order on every Django."""
    secrets = setting("REDACT_FIELDS")
    for name, value in sorted(options.items(), key=lambda option: (option[0] != "action", option[0])):
        if name in COMMON or value in (None, False, "", []):
            continue
        yield "--" + name.replace("_", "-")
        if value is not True:
            yield MASK if is_masked(name, secrets) else _show(value)


def _show(value: Any) -> str:
    text = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return clean_text(mask_text(text)[:MAX_VALUE_LENGTH])
