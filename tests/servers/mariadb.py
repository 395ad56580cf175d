"""The programs of MariaDB, and how the supervisor starts a throw-away server of them.

Only the standard library is used, so that `./dev` can run this file before anything is installed.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple
from urllib.parse import quote

from tests.servers.supervisor import Place, Server, ServerUnavailable, kept_environment, launch, run

OLDEST_SUPPORTED = (10, 6)
ACCOUNTS = ("mysql",)

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/usr/libexec", "/opt/homebrew/bin")
SCRIPTS = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
MARIADB_SCRIPTS = tuple(name.replace("mysql_", "mariadb_") for name in SCRIPTS)
# An owner of databases who is no superuser; what is beyond its own databases, production must grant as well.
ROLE = "sb_sync"
GRANTS = f"""
FLUSH PRIVILEGES;
CREATE USER '{ROLE}'@'localhost';
GRANT ALL PRIVILEGES ON `test\\_%`.* TO '{ROLE}'@'localhost';
GRANT ALL PRIVILEGES ON `{ROLE}`.* TO '{ROLE}'@'localhost';
GRANT PROCESS ON *.* TO '{ROLE}'@'localhost';
CREATE DATABASE `{ROLE}` CHARACTER SET utf8mb4;
"""
SETTINGS = (
    "skip-networking",
    "character-set-server=utf8mb4",
    "default-time-zone=+00:00",
    "innodb-buffer-pool-size=128M",
    "innodb-flush-log-at-trx-commit=1",
    # What a throw-away server need not survive: losses of power; and tables come and go faster in one file.
    "loose-debug-no-sync",
    "innodb-flush-method=nosync",
    "skip-innodb-doublewrite",
    "innodb-file-per-table=0",
    "innodb-stats-persistent=0",
    "max-connections=200",
    "skip-log-bin",
)


class Programs(NamedTuple):
    """A server's program, and the folder of the scripts that make its own tables."""

    server: Path
    scripts: Path


def find_programs() -> Optional[Programs]:
    """Return the machine's usable programs, None where there are none."""
    for name in ("mariadbd", "mysqld"):
        found = shutil.which(name) or shutil.which(name, path=":".join(SYSTEM_FOLDERS))
        if found is None or _version_of(Path(found)) < OLDEST_SUPPORTED:
            continue
        server = Path(found).resolve()
        for share in ("share/mysql", "share/mariadb", "share"):
            scripts = server.parents[1] / share
            if _find_scripts(scripts):
                return Programs(server, scripts)
    return None


def serve(place: Place) -> Server:
    """Make the system's tables, start the server and return it once it answers."""
    programs = find_programs()
    if programs is None:
        raise ServerUnavailable("there is no MariaDB {}.{} or later on this machine".format(*OLDEST_SUPPORTED))
    environment = kept_environment(place, "MYSQL", "MARIADB")
    data, temporary, socket_path = (place.folder / name for name in ("data", "temporary", "mariadb.sock"))
    for folder in (data, temporary):
        folder.mkdir()
        if place.account is not None:
            shutil.chown(str(folder), place.account.pw_uid, place.account.pw_gid)
    # No file of settings is read: a machine's own say where its own server lives.
    command = [str(programs.server), "--no-defaults", f"--datadir={data}", f"--lc-messages-dir={programs.scripts}"]
    # A server clears the folder of temporary tables when it starts: one of our own, or another's would be lost.
    command += [f"--tmpdir={temporary}", *(f"--{setting}" for setting in SETTINGS)]
    texts = ["CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n"]
    texts += [script.read_text(encoding="utf-8", errors="replace") for script in _find_scripts(programs.scripts)]
    run(place, [*command, "--bootstrap"], environment=environment, text="\n".join([*texts, GRANTS]))
    command += [f"--socket={socket_path}", f"--pid-file={place.folder / 'mariadb.pid'}"]
    process = launch(place, command, environment=environment, is_ready=lambda: _is_ready(socket_path))
    return Server(process, f"mysql://{ROLE}@/{ROLE}?socket={quote(str(socket_path), safe='')}", signal.SIGTERM)


def _version_of(server: Path) -> Tuple[int, int]:
    """Return the version of a program of MariaDB, zeros where it cannot be used or is MySQL's."""
    try:
        answer = subprocess.run(
            [str(server), "--no-defaults", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        ).stdout.decode(errors="replace")
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    found = re.search(r"Ver (\d+)\.(\d+)[.\d]*-MariaDB", answer)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def _find_scripts(folder: Path) -> List[Path]:
    """Return the scripts that make the system's tables, in order; none where one is missing."""
    for names in (SCRIPTS, MARIADB_SCRIPTS):
        if all((folder / name).exists() for name in names):
            return [folder / name for name in names]
    return []


def _is_ready(socket_path: Path) -> bool:
    """Tell whether the server takes connections: it greets whoever comes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.settimeout(5)
            client.connect(str(socket_path))
            return bool(client.recv(1))
        except OSError:
            return False
