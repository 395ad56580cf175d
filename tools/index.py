"""Fetch pip itself from the configured package index, where Python came without it."""

from __future__ import annotations

import base64
import configparser
import html.parser
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from tools.console import Stop

DEFAULT_INDEX = "https://pypi.org/simple"
CONFIGURATION_FILES = ("/etc/xdg/pip/pip.conf", "/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")


class Wheel(NamedTuple):
    """A wheel that an index offers."""

    version: Tuple[int, ...]
    url: str
    requires_python: str


def download_pip(folder: Path, python: Tuple[int, int]) -> Path:
    """Download the newest pip that runs on the given Python and return the wheel's path."""
    settings = pip_settings()
    index = settings.get("index-url", DEFAULT_INDEX).rstrip("/") + "/pip/"
    context = ssl.create_default_context(cafile=settings.get("cert"))
    page = _fetch(index, context).decode("utf-8", "replace")
    wheels = [wheel for wheel in wheels_of(page, index) if allows(wheel.requires_python, python)]
    if not wheels:
        raise Stop("{} offers no pip for Python {}.{}".format(index, *python))
    newest = max(wheels)
    path = folder / urllib.parse.unquote(urllib.parse.urlsplit(newest.url).path.rsplit("/", 1)[-1])
    path.write_bytes(_fetch(newest.url, context))
    return path


def pip_settings() -> Dict[str, str]:
    """Return pip's settings as pip reads them: its files, then its environment variables."""
    settings: Dict[str, str] = {}
    own = os.environ.get("PIP_CONFIG_FILE")
    names = [*CONFIGURATION_FILES, own] if own else list(CONFIGURATION_FILES)
    for name in [] if own == os.devnull else names:
        parser = configparser.RawConfigParser()
        try:
            parser.read(os.path.expanduser(name))
        except (OSError, configparser.Error):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                settings.update(parser.items(section))
    for name in ("index-url", "cert"):
        value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            settings[name] = value
    return settings


def wheels_of(page: str, base: str) -> List[Wheel]:
    """Return the final releases that a page of the simple index names."""
    reader = _Links()
    reader.feed(page)
    wheels = []
    for link in reader.links:
        url = urllib.parse.urljoin(base, link.get("href") or "").split("#")[0]
        found = re.search(r"/pip-(\d+(?:\.\d+)*)-py[^/]*-none-any\.whl$", urllib.parse.urlsplit(url).path)
        if found and "data-yanked" not in link:
            version = tuple(int(number) for number in found.group(1).split("."))
            wheels.append(Wheel(version, url, link.get("data-requires-python") or ""))
    return wheels


def allows(requirement: str, python: Tuple[int, int]) -> bool:
    """Tell whether a `requires-python` such as ">=3.7,!=3.8.*" admits the Python."""
    for clause in filter(None, (part.strip() for part in requirement.split(","))):
        found = re.fullmatch(r"(>=|<=|!=|==|~=|>|<)\s*(\d+)(?:\.(\d+))?.*", clause)
        if found is None:
            continue
        bound = (int(found.group(2)), int(found.group(3) or 0))
        fits = {
            ">=": python >= bound,
            "<=": python <= bound,
            "!=": python != bound,
            "==": python == bound,
            "~=": python >= bound and python[0] == bound[0],
            ">": python > bound,
            "<": python < bound,
        }[found.group(1)]
        if not fits:
            return False
    return True


class _Links(html.parser.HTMLParser):
    """Collects the attributes of every link of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: List[Dict[str, Optional[str]]] = []

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs))


def _fetch(url: str, context: ssl.SSLContext) -> bytes:
    """Return what is at the URL; a name and password in it become a header, as urllib does not do that."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Accept": "text/html, */*"}
    if parts.username:
        pair = "{}:{}".format(urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ""))
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        url = parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1]).geturl()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=120, context=context
        ) as answer:
            content: bytes = answer.read()
            return content
    except (urllib.error.URLError, OSError) as error:
        raise Stop(f"{url} cannot be read: {error}") from error
