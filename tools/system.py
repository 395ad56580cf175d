"""Install packages of the system, where we are root and it has apt-get."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Sequence

from tools.console import Stop, say


def find_package(name: str) -> str:
    """Return a package of this name, or the newest whose name only adds a version to it."""
    _require_apt(name)
    found = subprocess.run(
        ["apt-cache", "search", "--names-only", f"^{re.escape(name)}(-[0-9.]+)?$"], stdout=subprocess.PIPE
    ).stdout.decode()
    names = [line.split(" ")[0] for line in found.splitlines()]
    return name if name in names or not names else max(names, key=lambda each: re.findall("[0-9]+", each))


def install_packages(what: str, packages: Sequence[str]) -> None:
    """Install packages, without what they merely recommend.

    Raises `Stop` where that cannot be done, saying why.
    """
    _require_apt(what)
    say("Installing {} ({}) ...".format(what, " ".join(packages)))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip()
        raise Stop("{} could not be installed:\n{}".format(" ".join(packages), said))


def _require_apt(what: str) -> None:
    """Bring the lists of packages up to date, or say that there are none."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop(f"{what} is not on this machine, and only root can install it, by apt-get")
    subprocess.run(["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
