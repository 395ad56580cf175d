"""Make the virtual environments of `./dev`, and make them again only when what they hold has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

from tests.servers import redis
from tests.servers.browser import find_browser
from tests.servers.mariadb import find_programs
from tests.servers.postgresql import WHEEL, WHEEL_FOLDER, find_binaries
from tools.console import Stop, say
from tools.index import download_pip
from tools.interpreters import Interpreter, preferred_interpreter
from tools.system import find_package, install_packages

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".dev"
# The oldest pip that installs a project in place by its build backend, and knows every option used here.
OLDEST_PIP = "pip>=22.3"
# Django's own driver; it is built from source, so that what it is built with must be there first.
DRIVER_OF_MARIADB = "mysqlclient>=2.1"
BUILD_PACKAGES = ("gcc", "libc6-dev", "pkg-config", "libmariadb-dev")


def development_environment() -> Path:
    """Return the interpreter of the environment to work in, made or refreshed where needed."""
    return make_environment(FOLDER / "venv", choose_interpreter(), ["-e", ".[dev]"])


def documentation_environment() -> Path:
    """Return the interpreter of the environment that builds the documentation."""
    return make_environment(FOLDER / "docs", choose_interpreter(), ["-e", ".[docs]"])


def choose_interpreter() -> Interpreter:
    """Return the machine's interpreter to make environments with."""
    interpreter = preferred_interpreter()
    if interpreter is None:
        raise Stop("no Python 3.8 or later with sqlite3, ssl, ctypes and venv was found")
    return interpreter


def make_environment(folder: Path, interpreter: Interpreter, requirements: Sequence[str]) -> Path:
    """Return the interpreter of an environment in the folder that holds the requirements."""
    python = folder / "bin" / "python"
    stamp = folder / "stamp"
    with _lock(folder):
        if _read(stamp) == _fingerprint(interpreter, requirements) and _works(python):
            return python
        if not (_works(python) and _read(folder / "made-with") == _maker(interpreter)):
            say(f"Making {folder.relative_to(ROOT)} with Python {interpreter.name} ...")
            _create(folder, interpreter)
            (folder / "made-with").write_text(_maker(interpreter))
        stamp.write_text("")
        say("Installing {} ...".format(" ".join(requirement for requirement in requirements if requirement != "-e")))
        pip(python, ["install", "--upgrade", "--upgrade-strategy", "only-if-needed", *requirements])
        stamp.write_text(_fingerprint(interpreter, requirements))
    return python


def provide_postgresql(python: Path) -> None:
    """Fetch the wheel with the programs of PostgreSQL unless the machine has them."""
    with _lock(WHEEL_FOLDER):
        if find_binaries() is not None:
            return
        say("Fetching PostgreSQL as a wheel ({}) ...".format(WHEEL.replace("_", "-")))
        shutil.rmtree(str(WHEEL_FOLDER), ignore_errors=True)
        pip(
            python,
            ["install", "--no-deps", "--only-binary=:all:", "--target", str(WHEEL_FOLDER), WHEEL.replace("_", "-")],
        )


def provide_redis(python: Path) -> None:
    """Fetch the wheel with the program of Redis unless the machine has it; it runs beside any Python."""
    with _lock(redis.WHEEL_FOLDER):
        if redis.find_program() is not None:
            return
        say(f"Fetching Redis as a wheel ({redis.WHEEL}) ...")
        shutil.rmtree(str(redis.WHEEL_FOLDER), ignore_errors=True)
        place = ["--python-version", redis.WHEEL_PYTHON, "--target", str(redis.WHEEL_FOLDER)]
        pip(python, ["install", "--no-deps", "--only-binary=:all:", *place, redis.WHEEL])


def provide_browser() -> None:
    """Install Chromium, by the system's packages, unless the machine has it."""
    with _lock(FOLDER / "browser"):
        if find_browser() is None:
            install_packages("Chromium", ["chromium"])


def provide_mariadb(python: Path) -> None:
    """Install MariaDB's programs and Django's driver for it, by the system's packages, unless they are there.

    The programs come without the package that would start a server of the machine's own.
    """
    with _lock(FOLDER / "mariadb"):
        if find_programs() is None:
            install_packages("MariaDB", [find_package("mariadb-server-core")])
            if find_programs() is None:
                raise Stop("the system's packages bring no MariaDB that can be used")
        if _imports(python, "MySQLdb"):
            return
        if not _can_build(python):
            release = subprocess.check_output([str(python), "-c", "import sys; print(*sys.version_info[:2], sep='.')"])
            headers = [] if _has_headers(python) else [f"python{release.decode().strip()}-dev"]
            install_packages("what builds mysqlclient", [*BUILD_PACKAGES, *headers])
        pip(python, ["install", DRIVER_OF_MARIADB])


def pip(python: Path, arguments: Sequence[str]) -> None:
    """Run pip and show what it fetches; show all it said where it fails."""
    command = [str(python), "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments]
    environment = clean_environment(PIP_ROOT_USER_ACTION="ignore", PIP_PROGRESS_BAR="off", PIP_REQUIRE_VIRTUALENV="0")
    environment.pop("PIP_USER", None)
    said: List[str] = []
    with subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith(("Collecting ", "Installing collected")):
                say("  " + line.strip()[:110])
    if process.returncode:
        say("".join(said))
        raise Stop("pip could not install {}".format(" ".join(arguments)))


def _create(folder: Path, interpreter: Interpreter) -> None:
    """Make an empty environment with pip, by ensurepip where it is there, else from the index."""
    shutil.rmtree(str(folder), ignore_errors=True)
    _run([str(interpreter.path), "-m", "venv", "--without-pip", str(folder)])
    python = folder / "bin" / "python"
    bundled = subprocess.run(
        [str(python), "-m", "ensurepip", "--default-pip"],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if bundled.returncode == 0:
        pip(python, ["install", OLDEST_PIP])
        return
    with tempfile.TemporaryDirectory() as downloads:
        wheel = download_pip(Path(downloads), interpreter.release)
        _run(
            [
                str(python),
                str(wheel / "pip"),
                "install",
                "--quiet",
                "--no-index",
                "--disable-pip-version-check",
                str(wheel),
            ]
        )


def _run(command: List[str]) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Stop("{} failed:\n{}".format(" ".join(command), done.stdout.decode(errors="replace")))


def _imports(python: Path, module: str) -> bool:
    """Tell whether the environment has a module."""
    return subprocess.run([str(python), "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def _has_headers(python: Path) -> bool:
    """Tell whether extensions of the environment's interpreter can be compiled."""
    question = "import os, sysconfig; os.stat(os.path.join(sysconfig.get_paths()['include'], 'Python.h'))"
    return subprocess.run([str(python), "-c", question], stderr=subprocess.DEVNULL).returncode == 0


def _can_build(python: Path) -> bool:
    """Tell whether all that mysqlclient is built with is there."""
    if not _has_headers(python) or not (shutil.which("gcc") or shutil.which("cc")) or not shutil.which("pkg-config"):
        return False
    names = ("mysqlclient", "mariadb", "libmariadb")
    return any(subprocess.run(["pkg-config", "--exists", name]).returncode == 0 for name in names)


def _works(python: Path) -> bool:
    """Tell whether the environment's interpreter still runs."""
    try:
        return subprocess.run([str(python), "-c", ""], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def _maker(interpreter: Interpreter) -> str:
    """Return what an environment cannot be without: its interpreter and its place, which its scripts name."""
    return f"{interpreter.name} {interpreter.path} {ROOT}"


def _fingerprint(interpreter: Interpreter, requirements: Sequence[str]) -> str:
    """Return a hash of all that decides what is installed."""
    parts = [_maker(interpreter), *requirements, (ROOT / "pyproject.toml").read_text()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time change the folder; the others wait and find it done."""
    name = folder.parent / (folder.name + ".lock")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(str(name), os.O_WRONLY | os.O_CREAT, 0o666)
    except OSError as error:
        raise Stop(f"{folder.parent} cannot be written: {error}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"Waiting for another ./dev that sets up {folder.name} ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def clean_environment(**extra: str) -> Dict[str, str]:
    """Return the environment variables for a child: ours, without what would change its Python."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    kept.update(extra)
    return kept
