"""`./dev translations`: bring the catalogues up to the package's texts and compile them, or tell what is amiss."""

from __future__ import annotations

import argparse
import gettext
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence

from tools.console import Stop, say, table
from tools.environment import ROOT, clean_environment, development_environment
from tools.system import install_packages

PACKAGE = ROOT / "src" / "sb_sync"
LANGUAGES = ("de", "es", "fr", "hi")


def declare(subparsers: Any) -> None:
    """Add the command and its option."""
    parser = subparsers.add_parser("translations", help="take new texts into the catalogues and compile them")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a catalogue lacks something")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Renew the catalogues, or a copy of them to hold beside what is there, and return the exit status."""
    python = development_environment()
    if not all(shutil.which(program) for program in ("xgettext", "msgmerge", "msgfmt")):
        install_packages("gettext", ["gettext"])
    with tempfile.TemporaryDirectory(prefix="sb_sync_translations_") as folder:
        package = PACKAGE
        if options.check:
            package = Path(folder) / PACKAGE.name
            shutil.copytree(str(PACKAGE), str(package), ignore=shutil.ignore_patterns("vendor", "__pycache__"))
        extract_texts(python, package)
        missing = {language: compile_catalogue(package, language) for language in LANGUAGES}
        stale = [
            language for language in LANGUAGES if read_catalogue(package, language) != read_catalogue(PACKAGE, language)
        ]
    say(table(["language", "without translation"], [[language, count] for language, count in missing.items()]))
    if stale:
        say("Not as the texts are: {}. Run `./dev translations`.".format(", ".join(stale)))
    return 1 if stale or (options.check and any(missing.values())) else 0


def extract_texts(python: Path, package: Path) -> None:
    """Take the texts of Python modules and templates into each language's catalogue; lost ones leave it."""
    _run(
        [
            str(python), "-m", "django", "makemessages", "--no-obsolete", "--no-wrap", "--add-location", "file",
            "--ignore", "vendor", *[part for language in LANGUAGES for part in ("-l", language)],
        ],
        package,
    )  # fmt: skip
    for language in LANGUAGES:
        # The moment of extraction would change each file each time.
        source = _source(package, language)
        source.write_text(re.sub('"POT-Creation-Date: .*\n', "", source.read_text(encoding="utf-8")), encoding="utf-8")


def compile_catalogue(package: Path, language: str) -> int:
    """Compile one catalogue, its placeholders checked, and return how many texts it leaves in English."""
    source = _source(package, language)
    said = _run(["msgfmt", "--check", "--statistics", "-o", str(source.with_suffix(".mo")), str(source)], package)
    return sum(int(count) for count in re.findall(r"(\d+) (?:fuzzy|untranslated)", said))


def read_catalogue(package: Path, language: str) -> Dict[Any, str]:
    """Return the texts of a compiled catalogue with their translations."""
    with _source(package, language).with_suffix(".mo").open("rb") as file:
        # There is no other way to list them: https://docs.python.org/3/library/gettext.html
        texts: Dict[Any, str] = dict(vars(gettext.GNUTranslations(file))["_catalog"])
    texts.pop("", None)
    return texts


def _source(package: Path, language: str) -> Path:
    return package / "locale" / language / "LC_MESSAGES" / "django.po"


def _run(command: Sequence[str], folder: Path) -> str:
    """Run a program that must succeed and return what it says."""
    arguments: List[str] = list(command)
    done = subprocess.run(
        arguments,
        cwd=str(folder),
        env=clean_environment(LC_ALL="C.UTF-8", LANGUAGE="C"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = done.stdout.decode(errors="replace")
    if done.returncode:
        raise Stop("{} failed:\n{}".format(" ".join(arguments), said))
    return said
