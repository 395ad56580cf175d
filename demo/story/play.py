"""Set the demo up in a folder of its own, play the story, and serve on where that is asked for."""

from __future__ import annotations

import re
import time
import traceback

from django.core.management import call_command
from django.db import connection

from demo.settings import FOLDER
from demo.story import chapters
from demo.story.device import Refused
from demo.story.invitation import invite
from demo.story.operating import OPERATING
from demo.story.server import Server, ServerStopped, serving
from demo.story.stage import Stage

CHAPTERS = (*chapters.CHAPTERS, *OPERATING)
USUAL_PORT = 8000
# What must not stand in the server's log; that it refused a request may.
FAULT = re.compile(r"Traceback|Internal Server Error|\[ERROR\]|\[CRITICAL\]")


def play(*, once: bool) -> int:
    """Play the story and return its exit status; without `once`, serve until Ctrl-C."""
    _set_up()
    with serving(port=0 if once else USUAL_PORT) as server:
        status = _play_chapters(server)
        if not once:
            invite(server)
            _serve_on(server)
    return status


def _set_up() -> None:
    """Make the tables and the rows."""
    print(f"Setting up on {connection.vendor}: tables, two organizations, seven users, some thousand rows", flush=True)
    call_command("migrate", verbosity=0, interactive=False)
    call_command("seed")


def _play_chapters(server: Server) -> int:
    """Play every chapter; one that cannot go on ends the story."""
    stage = Stage(server)
    started = time.monotonic()
    stage.head()
    try:
        for chapter in CHAPTERS:
            chapter(stage)
    except (Refused, ServerStopped) as error:
        stage.wrong.append(f"the story broke off in {chapter.__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - whatever breaks the story is told as its end, with what the server said
        traceback.print_exc()
        stage.wrong.append(f"the story broke off in {chapter.__name__}: {type(error).__name__}: {error}")
    finally:
        stage.leave()
    logs = [server.log, FOLDER / "logs" / "sb_sync.log"]
    said = "".join(log.read_text(errors="replace") for log in logs if log.exists())
    if FAULT.search(said):
        stage.wrong.append("the server complained:\n" + _around_fault(said))
    return stage.end(time.monotonic() - started)


def _around_fault(said: str) -> str:
    """Return what stands round the first fault in the logs."""
    found = FAULT.search(said)
    start = found.start() if found else 0
    return said[max(0, start - 500) : start + 4000]


def _serve_on(server: Server) -> None:
    """Wait until somebody presses Ctrl-C."""
    try:
        while True:
            server.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("\nStopped.")
