"""The catalogues: what a translation must keep of its text, and that pages speak it."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import Any, Dict, Set

import pytest
from django.utils import translation

import sb_sync
from sb_sync.dashboard.navigation import ENTRIES

LOCALE = Path(sb_sync.__file__).parent / "locale"
LANGUAGES = sorted(folder.name for folder in LOCALE.iterdir())
#: Names to be filled in, by Python or by a script, and markup.
KEPT = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w+[^>]*>")


def read(language: str) -> Dict[Any, str]:
    """Return the catalogue's texts with their translations."""
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return dict(vars(gettext.GNUTranslations(file))["_catalog"])


def kept(text: str) -> Set[str]:
    return set(KEPT.findall(text))


def test_the_languages_are_those_promised() -> None:
    assert LANGUAGES == ["de", "es", "fr", "hi"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_names_and_markup(language: str) -> None:
    differing = []
    for key, translated in read(language).items():
        text, number = key if isinstance(key, tuple) else (key, 1)
        text = text.split("\x04")[-1]
        # One of a thing may be said without the number.
        if text and kept(text) != kept(translated) and not (number == 0 and kept(translated) < kept(text)):
            differing.append((text, translated))
    assert not differing


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_ends_as_its_text(language: str) -> None:
    marks = {".": (".", "।"), ":": (":",), "?": ("?",), "…": ("…",)}
    texts = [(key[0] if isinstance(key, tuple) else key, translated) for key, translated in read(language).items()]
    assert not [
        pair
        for pair in texts
        if pair[0] and pair[0][-1] in marks and not pair[1].rstrip("\xa0 ").endswith(marks[pair[0][-1]])
    ]


def test_the_pages_are_named_in_the_readers_language() -> None:
    names = {}
    for language in ("en", *LANGUAGES):
        with translation.override(language):
            names[language] = tuple(str(entry.label) for _, entries in ENTRIES for entry in entries)
    assert len(set(names.values())) == len(names)
