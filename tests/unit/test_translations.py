"""The catalogues: what a translation must keep of its text, and that pages speak it."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from typing import Any, Dict, Iterator, Set, Tuple

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


def texts_of(language: str) -> Iterator[Tuple[str, str, int]]:
    """Yield each text with its translation, and which of the forms for a number it is: the catalogue has one text."""
    for key, translated in read(language).items():
        text, form = key if isinstance(key, tuple) else (key, 0)
        if text:
            yield text.split("\x04")[-1], translated, form


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_names_and_markup(language: str) -> None:
    # Of several things a text may tell more than of one, whose number need not be said.
    assert not [
        (text, translated)
        for text, translated, form in texts_of(language)
        if not (kept(text) <= kept(translated) if form else kept(translated) == kept(text))
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_ends_as_its_text(language: str) -> None:
    marks = {".": (".", "।"), ":": (":",), "?": ("?",), "…": ("…",)}
    assert not [
        (text, translated)
        for text, translated, form in texts_of(language)
        if not form and text[-1] in marks and not translated.rstrip("\xa0 ").endswith(marks[text[-1]])
    ]


def test_the_pages_are_named_in_the_readers_language() -> None:
    names = {}
    for language in ("en", *LANGUAGES):
        with translation.override(language):
            names[language] = tuple(str(entry.label) for _, entries in ENTRIES for entry in entries)
    assert len(set(names.values())) == len(names)
