"""Play the story on a database of its own: `python -m demo [--once]`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / ".dev" / "demo"


def main() -> int:
    """Make a folder for this run, play in it, and remove it."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Play the story of two organizations.")
    parser.add_argument("--once", action="store_true", help="end after the story; exit status 1 if anything is off")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="run-", dir=str(FOLDER))
    os.environ["DEMO_FOLDER"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
    try:
        import django

        django.setup()
        from demo.story.play import play

        return play(once=options.once)
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _interrupt(*_: Any) -> None:
    """End on SIGTERM as on Ctrl-C, so that the server is stopped and the folder removed."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
