"""Take all pictures of the demo's staff pages: `python -m tests.browser.gallery [--docs]`."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / ".dev" / "screenshots"
DOCS = ROOT / "docs" / "_static" / "staff-pages"
#: The pictures of the documentation, as a window of a desktop shows them.
SHOWN = ("dashboard", "permissions", "permissions-filters-editor", "metrics")
LABELS = ("sales.Customer", "sales.Order")


def main(arguments: List[str]) -> int:
    """Make a world of its own, take the pictures, and tell where they are; 1 where a page did what it should not."""
    parser = argparse.ArgumentParser(prog="./dev screenshots", description="Take pictures of all staff pages.")
    parser.add_argument("--docs", action="store_true", help="take those of the documentation, into its own folder")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sb_sync_gallery_") as data:
        os.environ.update(
            DEMO_FOLDER=data,
            DJANGO_SETTINGS_MODULE="demo.settings",
            DJANGO_ALLOW_ASYNC_UNSAFE="1",
            SB_SYNC_LOG_DIR=data,
        )
        import django

        django.setup()
        return take(for_docs=options.docs)


def take(*, for_docs: bool) -> int:
    """Take the pictures in the project that is set up."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    from tests.browser.gallery.camera import photograph
    from tests.browser.gallery.pages import EMPTY, ERROR, FULL, list_shots
    from tests.browser.gallery.sheet import write_sheet

    # Pages that refuse are meant to.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    call_command("migrate", verbosity=0, interactive=False)
    guest = get_user_model().objects.create_superuser("guest", "guest@example.com", None)
    folder = DOCS if for_docs else FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with visiting() as visitor:
        visitor.log_in(guest)
        if for_docs:
            shots = [shot for shot in list_shots(FULL, seed()) if shot.name in SHOWN]
            pictures = photograph(visitor, shots, folder, sizes=["desktop"], is_whole=False)
        else:
            pictures = photograph(visitor, list_shots(EMPTY), folder)
            world = seed()
            pictures += photograph(visitor, list_shots(FULL, world), folder)
            pictures += photograph(visitor, list_shots(ERROR), folder)
            print(write_sheet(folder, sorted(pictures)))
        complaints = sorted(set(visitor.unexpected()))
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(pictures)} pictures in {folder}")
    return 1 if complaints else 0


def seed() -> Any:
    """Fill the database with the demo's rows and a week of work, and return what they are about."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.core.management import call_command

    from sb_sync.models import Organization
    from tests.browser.gallery.world import fill, make_world

    call_command("seed", stdout=open(os.devnull, "w"))  # noqa: SIM115
    member = get_user_model().objects.get(username="amir")
    world = make_world(Organization.objects.get(slug="alder"), member, Group.objects.get(name="Sales"), LABELS)
    fill(world)
    return world


@contextmanager
def visiting() -> Iterator[Any]:
    """Serve the project on the loopback address and open a browser, for the time of the block."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.test.testcases import LiveServerThread
    from playwright.sync_api import sync_playwright

    from tests.browser.visitor import Visitor
    from tests.servers.browser import QUIET, find_browser

    server: Any = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    address = f"http://127.0.0.1:{server.port}"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=list(QUIET), chromium_sandbox=os.geteuid() != 0
            )
            context = browser.new_context(
                base_url=address, locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce"
            )
            yield Visitor(context, address)
            browser.close()
    finally:
        server.terminate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
