"""Run a throw-away server that cannot outlive its starter.

Only the standard library is used, so that `./dev` can run this file before anything is installed.

A supervisor (this very file, run as a program in a session of its own) owns the server: it starts it in a temporary
folder, on a unix socket in there, prints the address, and waits until its standard input ends or its parent is gone.
Then it stops the server and removes the folder. So whatever happens to the starter, also `kill -9`, nothing stays
behind; and as there is no port, no server that runs already can be met.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

START_SECONDS = 120
STOP_SECONDS = 30
ROOT = Path(__file__).resolve().parents[2]

Account = Optional[pwd.struct_passwd]


class ServerUnavailable(Exception):
    """No throw-away server of the wanted kind can be started here."""


class Place(NamedTuple):
    """Where a server lives: its folder, and the account it runs as, None for our own."""

    folder: Path
    account: Account


class Server(NamedTuple):
    """A server that answers at an address; `stop_signal` ends it quickly and in order."""

    process: subprocess.Popen[bytes]
    url: str
    stop_signal: signal.Signals


@contextmanager
def throw_away(product: str) -> Iterator[str]:
    """Run a server for the time of the block and give its URL; `product` is the name of a module beside this one."""
    supervisor, url = start(product)
    try:
        yield url
    finally:
        stop(supervisor)


def start(product: str) -> Tuple[subprocess.Popen[bytes], str]:
    """Start a server and return its supervisor and its URL, once it answers."""
    supervisor = subprocess.Popen(
        [sys.executable, "-I", os.path.abspath(__file__), "supervise", product],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert supervisor.stdout is not None
    line = supervisor.stdout.readline()
    answer = json.loads(line) if line else {"error": f"the supervisor of {product} died at its start"}
    if "error" in answer:
        stop(supervisor)
        raise ServerUnavailable(answer["error"])
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


def supervise(product: str) -> None:
    """Own one server until the standard input ends or the parent is gone."""
    parent = os.getppid()
    # A signal to the supervisor itself ends it in the orderly way too.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    module = import_module(f"tests.servers.{product}")
    folder = Path(tempfile.mkdtemp(prefix=f"sb_sync_{product}_", dir=_temporary_folder()))
    server: Optional[Server] = None
    try:
        place = Place(folder, find_account(module.ACCOUNTS))
        if place.account is not None:
            os.chown(folder, place.account.pw_uid, place.account.pw_gid)
        server = module.serve(place)
        _say({"url": server.url})
        _wait_for_the_end(server, parent)
    except ServerUnavailable as error:
        _say({"error": str(error)})
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if server is not None:
            end(server.process, server.stop_signal)
        shutil.rmtree(folder, ignore_errors=True)


def find_account(names: Sequence[str]) -> Account:
    """Return the account to run a server as: none of its own unless we are root, whom servers refuse."""
    if os.geteuid() != 0:
        return None
    for name in (*names, "nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerUnavailable("servers do not run as root, and there is no account such as nobody")


def run(place: Place, command: Sequence[str], *, environment: Dict[str, str], text: str = "") -> None:
    """Run a server's program to its end, with a text as its input."""
    done = subprocess.run(
        list(command),
        cwd=str(place.folder),
        env=environment,
        preexec_fn=_become(place.account),
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip()
        raise ServerUnavailable(f"{command[0]} failed: {said}")


def launch(
    place: Place, command: Sequence[str], *, environment: Dict[str, str], is_ready: Callable[[], bool]
) -> subprocess.Popen[bytes]:
    """Start a server and return its process once it is ready."""
    with open(str(place.folder / "server.log"), "wb") as log:
        process = subprocess.Popen(
            list(command),
            cwd=str(place.folder),
            env=environment,
            preexec_fn=_become(place.account),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            if is_ready():
                return process
            time.sleep(0.05)
        said = (place.folder / "server.log").read_text(errors="replace").strip()
        raise ServerUnavailable("the server did not start: {}".format(said or "no reason given"))
    except BaseException:
        end(process, signal.SIGTERM)
        raise


def end(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    """Stop a server: in order, then at once, then by force."""
    for number, patience in ((stop_signal, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue


def kept_environment(place: Place, *prefixes: str) -> Dict[str, str]:
    """Return a server's environment: none of the variables of these prefixes, a locale that exists everywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*prefixes, "LC_", "LANG"))}
    kept.update(LC_ALL="C", HOME=str(place.folder))
    return kept


def _temporary_folder() -> str:
    """Return a folder whose name leaves room for a socket: the system allows some 100 characters."""
    folder = tempfile.gettempdir()
    return folder if len(folder) < 50 else "/tmp"


def _become(account: Account) -> Callable[[], None]:
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


def _wait_for_the_end(server: Server, parent: int) -> None:
    """Return when the standard input ends, the parent is gone or the server died."""
    while server.process.poll() is None and os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin], [], [], 0.5)
        if readable:
            return


def _say(message: Dict[str, Any]) -> None:
    """Print one line of JSON for the starter, who may be gone already."""
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except OSError:
        sys.exit(1)


def main(arguments: List[str]) -> None:
    """Be a supervisor, or show a server's address and run it until the standard input ends."""
    if arguments[:1] == ["supervise"]:
        supervise(arguments[1])
        return
    with throw_away(arguments[0]) as address:
        print(address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    # An isolated interpreter finds nothing beside this file by itself. The module under its own name is another one
    # than `__main__`, and its exceptions are what the servers' modules raise.
    sys.path.insert(0, str(ROOT))
    import_module("tests.servers.supervisor").main(sys.argv[1:])
