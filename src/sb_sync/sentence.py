"""Sentences that are stored and logged in English, and shown to people in their own language."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from django.utils.translation import gettext

__all__ = ["Sentence", "join_sentences", "translate"]


class Sentence(str):
    """A sentence in English that knows how to be said in another language.

    `text` stands in the catalogues (mark it by `gettext_noop`), with a {name} for each of the values; a value may be a
    sentence itself. As a text it is English wherever it goes: commands, JSON, checks and logs read alike everywhere.
    """

    __slots__ = ("text", "values")
    text: str
    values: Mapping[str, Any]

    def __new__(cls, text: str, **values: Any) -> Sentence:
        """Fill the values in."""
        made = super().__new__(cls, text.format(**values))
        made.text, made.values = text, values
        return made

    def translated(self) -> str:
        """Return the sentence in the language that is active."""
        return gettext(self.text).format(**{name: translate(value) for name, value in self.values.items()})


def translate(value: Any) -> Any:
    """Return a sentence in the language that is active, anything else as it is."""
    return value.translated() if isinstance(value, Sentence) else value


def join_sentences(sentences: Sequence[str]) -> Sentence:
    """Return several sentences as one, in their order."""
    values = {f"s{place}": sentence for place, sentence in enumerate(sentences)}
    return Sentence(" ".join(f"{{{name}}}" for name in values), **values)
