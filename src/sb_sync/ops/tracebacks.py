"""Tracebacks as they may be kept: what failed and where, without the values that a message may quote.

A database quotes rows: PostgreSQL in a line DETAIL, MySQL and MariaDB between quotes. Code quotes what it was given.
"""

from __future__ import annotations

import re
import traceback
from typing import Iterator, List, Optional, Sequence

from sb_sync.ops.masking import MASK, mask_text

__all__ = ["format_error"]

MAX_MESSAGE_LENGTH = 1000
MAX_CHAIN = 20
CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
# Where values begin in a database's message: further lines; after a colon; before what they were meant for.
DETAILS = re.compile(r"\n\s*(?:DETAIL|CONTEXT|HINT|QUERY|STATEMENT|WHERE|LINE \d+):?.*", re.DOTALL)
QUOTED = (
    (re.compile(r'(: )".*', re.DOTALL), rf'\1"{MASK}"'),
    (re.compile(r"'.*'(?= for (?:key|column))", re.DOTALL), f"'{MASK}'"),
    (re.compile(r"(: |near )'(?!\*{3}').*'", re.DOTALL), rf"\1'{MASK}'"),
)


def format_error(error: BaseException) -> str:
    """Return the traceback of an error and of what it came from, the oldest first."""
    return "".join(_format_chain(_find_chain(error)))


def _find_chain(error: BaseException) -> List[BaseException]:
    """Return the errors that led to one, the oldest first."""
    chain: List[BaseException] = []
    following: Optional[BaseException] = error
    while following is not None and following not in chain and len(chain) < MAX_CHAIN:
        chain.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return chain[::-1]


def _format_chain(chain: Sequence[BaseException]) -> Iterator[str]:
    for number, error in enumerate(chain):
        if number:
            yield CAUSED if error.__cause__ is chain[number - 1] else DURING
        if error.__traceback__ is not None:
            yield "Traceback (most recent call last):\n"
            yield from traceback.format_tb(error.__traceback__)
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        yield f"{name}: {_clean_message(error)}\n"


def _clean_message(error: BaseException) -> str:
    """Return what an error says, without values."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - whatever a project's error does when it is asked
        return "<no text>"
    text = DETAILS.sub("", text[:MAX_MESSAGE_LENGTH])
    if _is_of_database(error):
        for pattern, mask in QUOTED:
            text = pattern.sub(mask, text)
    return mask_text(text)


def _is_of_database(error: BaseException) -> bool:
    """Tell whether a driver or Django speaks for a database: all their errors derive from one `Error` (PEP 249)."""
    return any(base.__name__ == "Error" for base in type(error).__mro__)
