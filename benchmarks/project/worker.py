"""Django in a process of its own: reads a task as a line of JSON, runs it, writes its answer as another.

So that whoever measures stays a client with nothing of Django in it, and may have several databases at once.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any, Callable, Dict

import django


def main() -> None:
    """Answer tasks until the input ends."""
    # What Django prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    django.setup()
    tasks = _tasks()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told: Dict[str, Any] = {"result": tasks[asked["task"]](**asked["arguments"])}
        except Exception:  # noqa: BLE001 - told to who asked, who raises it
            told = {"error": traceback.format_exc()}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


def _tasks() -> Dict[str, Callable[..., Any]]:
    """Return what can be asked for; Django must be set up before these are imported."""
    from benchmarks.project import plainly, setup
    from sb_sync.maintenance.retention import purge

    def purge_log() -> int:
        return purge("default").entries

    return {
        "prepare": setup.prepare,
        "make_organizations": setup.make_organizations,
        "bulk_create": plainly.bulk_create,
        "bulk_update": plainly.bulk_update,
        "read_values": plainly.read_values,
        "insert": plainly.insert,
        "save": plainly.save,
        "purge": purge_log,
    }


if __name__ == "__main__":
    main()
