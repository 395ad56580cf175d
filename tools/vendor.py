"""`./dev vendor`: fetch what the pages are built and tested with, and hold it against the hashes written down."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Dict, List

from tools.console import Stop, say
from tools.environment import ROOT
from tools.icons import SPRITE, build_sprite

VENDOR = ROOT / "src" / "sb_sync" / "static" / "sb_sync" / "vendor"
#: What is shipped, and what only the tests of the pages use; beside each a manifest.
FOLDERS = (VENDOR, ROOT / "tests" / "browser" / "vendor")
MANIFEST = "manifest.json"


def declare(subparsers: Any) -> None:
    """Add the command and its option."""
    parser = subparsers.add_parser("vendor", help="fetch the vendored releases again and compare their hashes")
    parser.add_argument("--record", action="store_true", help="write down the hashes of what came (a new version)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fetch each package and put its files in place; one that is not what it was is a failure."""
    if shutil.which("npm") is None:
        raise Stop("npm is needed to fetch packages; it comes with Node.js")
    for folder in FOLDERS:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for package in manifest["packages"]:
            renew(package, folder, is_recorded=options.record)
        if options.record:
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    SPRITE.write_text(build_sprite(), encoding="utf-8")
    return 0


def renew(package: Dict[str, Any], target: Path, *, is_recorded: bool) -> None:
    """Fetch one package and put its files in place."""
    with tempfile.TemporaryDirectory(prefix="sb_sync_vendor_") as folder:
        fetched = fetch(package, Path(folder))
        differing = compare(package, fetched, is_recorded=is_recorded)
        if differing:
            raise Stop("{} {} is not what it was: {}".format(package["name"], package["version"], differing))
        put_in_place(package, fetched, target)
    say("{name} {version}: {count} files as written down".format(count=len(package["files"]), **package))


def fetch(package: Dict[str, Any], folder: Path) -> Path:
    """Return the folder of a package's release, unpacked."""
    release = "{name}@{version}".format(**package)
    done = subprocess.run(
        ["npm", "pack", "--silent", release], cwd=str(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        raise Stop("{} could not be fetched:\n{}".format(release, done.stdout.decode(errors="replace")))
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(str(archive)) as tar:
        for name in package["files"]:
            # One file at a time, by name: nothing in an archive chooses where it is written.
            member = tar.extractfile("package/" + name)
            if member is None:
                raise Stop(f"{release} has no file {name}")
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(member.read())
    return folder


def compare(package: Dict[str, Any], folder: Path, *, is_recorded: bool) -> List[str]:
    """Return the files whose hash is not the one that is written down; where it is to be recorded, write it down."""
    found = {name: hash_file(folder / name) for name in package["files"]}
    if is_recorded:
        package["files"] = found
    return [name for name, digest in found.items() if digest != package["files"][name]]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def put_in_place(package: Dict[str, Any], folder: Path, target: Path) -> None:
    """Copy the files of a release into a folder of its own."""
    target = target / package["folder"]
    for name in package["files"]:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(folder / name), str(target / name))
