"""First step: what is asked, and of which models."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from django.apps import apps
from django.db import InterfaceError, OperationalError

from sb_sync import catalog
from sb_sync.access import Scope, dependencies
from sb_sync.catalog import SyncedModel
from sb_sync.config import setting
from sb_sync.errors import InvalidCursor, MalformedRequest, SyncError, TooLarge
from sb_sync.protocol import MODEL, NOT_ENABLED, PERMISSION_DENIED, UNAVAILABLE, UNKNOWN_MODEL
from sb_sync.relations import InvalidPath, Relation

__all__ = ["Asked", "PullRequest", "Refused", "Unreadable", "parse_request", "reading_of", "refuse_model"]

DETAILS: Mapping[str, str] = {
    UNKNOWN_MODEL: "There is no such model.",
    NOT_ENABLED: "This model is not synchronised.",
    PERMISSION_DENIED: "You may not pull this model.",
    UNAVAILABLE: "This model cannot be read, or its changes are not recorded, just now: ask again later.",
}
# A label that no model can have is repeated only so far.
SHOWN_LENGTH = 200
# More models than any project has: what is refused is answered one by one, at several times its length.
MOST_MODELS = 5000


@dataclass(frozen=True)
class Asked:
    """One model that is served, and what the client knows of it: None for nothing, else a time or a cursor.

    `relations` are those whose changes move rows of the model in and out of the user's view.
    """

    synced: SyncedModel
    known: Optional[str]
    relations: Tuple[Relation, ...] = ()


@dataclass(frozen=True)
class Refused:
    """One model that is not served."""

    label: str
    code: str

    def as_json(self) -> Dict[str, str]:
        """Return the entry of `errors`."""
        return {
            MODEL: catalog.public_label_of(self.label)[:SHOWN_LENGTH],
            "code": self.code,
            "detail": DETAILS[self.code],
        }


class Unreadable(Exception):
    """Rows of one model cannot be read: by a `get_queryset` that fails, or a value that nothing can make JSON of."""

    def __init__(self, label: str) -> None:
        """Take the model's label."""
        self.label = label
        super().__init__(label)


@contextmanager
def reading_of(label: str) -> Iterator[None]:
    """Let what fails within be one model's failure: others are served. A database that is away is everybody's."""
    try:
        yield
    except (SyncError, OperationalError, InterfaceError):
        raise
    except Exception as error:
        raise Unreadable(label) from error


@dataclass(frozen=True)
class PullRequest:
    """A request, parsed. `asked` stands in the catalog's order: parents before children."""

    batch_size: int
    asked: Tuple[Asked, ...]
    refused: Tuple[Refused, ...]

    @property
    def is_closed(self) -> bool:
        """Tell whether all that was asked for is refused for good; what is unavailable may be there again soon."""
        return bool(self.refused) and not self.asked and all(item.code != UNAVAILABLE for item in self.refused)


def parse_request(scope: Scope, body: Mapping[str, Any]) -> PullRequest:
    """Read the body of a pull.

    Raises `MalformedRequest` where its shape is wrong and `InvalidCursor` for what is neither null nor text.
    """
    wanted = _read_models(scope, body.get("models"))
    asked: Dict[str, Asked] = {}
    refused: List[Refused] = []
    for label, known in wanted.items():
        synced = catalog.find_on_wire(label)
        code = _find_refusal(scope, label, synced)
        if synced is None or code is not None:
            refused.append(Refused(label if synced is None else synced.label, code or UNKNOWN_MODEL))
            continue
        if known is not None and not isinstance(known, str):
            raise refuse_model(synced.label)
        if synced.label in asked:
            raise MalformedRequest(f"{synced.public_label} is named twice.")
        try:
            asked[synced.label] = Asked(synced, known, dependencies(scope, synced))
        except InvalidPath:
            # Not all that its `get_queryset` depends on is captured.
            refused.append(Refused(synced.label, UNAVAILABLE))
    ordered = tuple(asked[label] for label in catalog.synced_models() if label in asked)
    return PullRequest(_read_batch_size(body.get("batch_size")), ordered, tuple(refused))


def refuse_model(label: str) -> InvalidCursor:
    """Return the error for a value of `models` that is neither null, nor a time, nor a cursor."""
    name = catalog.public_label_of(label)
    return InvalidCursor(f"The value of {name} is neither null, nor a time, nor a cursor.", **{MODEL: name})


def _read_models(scope: Scope, value: Any) -> Mapping[str, Any]:
    """Return what is known of each model by label; all that the user may pull where none are named."""
    if value is None:
        return {label: None for label in scope.rights if scope.may_pull(label)}
    if isinstance(value, (dict, list)) and len(value) > MOST_MODELS:
        raise TooLarge(f"A pull may name {MOST_MODELS} models at most.", limit=MOST_MODELS)
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(label, str) for label in value):
        return dict.fromkeys(value)
    raise MalformedRequest("`models` must be an object, a list of labels, or left out.")


def _find_refusal(scope: Scope, label: str, synced: Optional[SyncedModel]) -> Optional[str]:
    """Return why a model is not served, or None."""
    if synced is not None:
        return None if scope.may_pull(synced.label) else PERMISSION_DENIED
    if catalog.is_withheld(label):
        # Its table cannot be read just now: the client keeps what it holds.
        return UNAVAILABLE
    try:
        apps.get_model(label)
    except (LookupError, ValueError):
        return UNKNOWN_MODEL
    return NOT_ENABLED


def _read_batch_size(value: Any) -> int:
    """Return how many records the answer may hold."""
    if value is None:
        value = setting("DEFAULT_BATCH_SIZE")
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise MalformedRequest("`batch_size` must be a number, 1 or more.")
    return min(value, int(setting("MAX_BATCH_SIZE")))
