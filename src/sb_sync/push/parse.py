"""First step: the shape of a push, before anything is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from django.utils.translation import gettext as _

from sb_sync import catalog
from sb_sync.config import setting
from sb_sync.errors import MalformedRequest, TooLarge
from sb_sync.protocol import (
    BASE,
    CLIENT_ID,
    DELETED,
    ENVELOPE,
    INVALID,
    MAX_CLIENT_ID_LENGTH,
    MODEL,
    UNKNOWN_FIELD,
    UNKNOWN_MODEL,
    VERSION,
)
from sb_sync.push.batch import NON_FIELD, ClientReference, Envelope, Outcome, refuse

__all__ = ["Parsed", "is_client_id", "parse", "read_client_reference", "read_label"]


@dataclass(frozen=True)
class Parsed:
    """A push whose shape is right; a record whose shape is wrong stands as its outcome."""

    records: Tuple[Union[Envelope, Outcome], ...]
    labels: Tuple[Any, ...]
    is_atomic: bool

    def known_label(self, index: int) -> Optional[str]:
        """Return the label of a synchronised model that a record names, as it is written properly."""
        synced = catalog.find_on_wire(self.labels[index] or "")
        return None if synced is None else synced.label


def parse(body: Mapping[str, Any]) -> Parsed:
    """Return the records of a push.

    Raises `MalformedRequest` where the body as a whole is wrong and `TooLarge` where it has too many records.
    """
    if not isinstance(body, dict):
        raise MalformedRequest("The body must be a JSON object.")
    data = body.get("data")
    if not isinstance(data, list):
        raise MalformedRequest("`data` must be a list of records.")
    is_atomic = body.get("atomic", False)
    if not isinstance(is_atomic, bool):
        raise MalformedRequest("`atomic` must be true or false.")
    limit = setting("MAX_PUSH_RECORDS")
    if len(data) > limit:
        raise TooLarge(f"A push may have {limit} records at most.", limit=limit)
    return Parsed(
        records=tuple(_parse_record(index, item) for index, item in enumerate(data)),
        labels=tuple(read_label(item) for item in data),
        is_atomic=is_atomic,
    )


def read_label(item: Any) -> Optional[str]:
    """Return what a record calls its model, whatever else is wrong with it."""
    label = item.get(MODEL) if isinstance(item, dict) else None
    return label[:200] if isinstance(label, str) else None


def _parse_record(index: int, item: Any) -> Union[Envelope, Outcome]:
    """Check the envelope of one record."""
    if not isinstance(item, dict):
        return refuse(INVALID, {NON_FIELD: [_("A record must be a JSON object.")]})
    label = item.get(MODEL)
    if not isinstance(label, str):
        return refuse(UNKNOWN_MODEL, {MODEL: [_("Name a model, such as app.Model.")]})
    own = [name for name in item if name.startswith("_")]
    unknown = [name for name in own if name not in ENVELOPE]
    if unknown:
        return refuse(UNKNOWN_FIELD, {name[:200]: [_("Unknown field.")] for name in unknown})
    errors = _find_faults(item) if len(own) > 1 else {}
    if errors:
        return refuse(INVALID, {name: [message] for name, message in errors.items()})
    return Envelope(
        index=index,
        label=label,
        client_id=item.get(CLIENT_ID),
        version=item.get(VERSION),
        base=item.get(BASE),
        is_deletion=bool(item.get(DELETED)),
        fields={name: value for name, value in item.items() if name not in ENVELOPE},
    )


def _find_faults(item: Mapping[str, Any]) -> Dict[str, str]:
    """Return what is wrong with the envelope, by key."""
    faults: Dict[str, str] = {}
    client_id, version, base, deleted = (item.get(name) for name in (CLIENT_ID, VERSION, BASE, DELETED))
    if client_id is not None and not is_client_id(client_id):
        faults[CLIENT_ID] = _("Enter a string of 1 to %d characters.") % MAX_CLIENT_ID_LENGTH
    if version is not None and not isinstance(version, str):
        faults[VERSION] = _("Enter a version as it was pulled.")
    if base is not None and not isinstance(base, dict):
        faults[BASE] = _("Enter an object of values.")
    if deleted is not None and not isinstance(deleted, bool):
        faults[DELETED] = _("Enter true or false.")
    return faults


def is_client_id(value: Any) -> bool:
    """Tell whether a value can be a `_client_id`: text that every database holds, 1 to 64 characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_CLIENT_ID_LENGTH or "\x00" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_client_reference(value: Any) -> Optional[ClientReference]:
    """Return the reference that `{"_client_id": "…"}` stands for, or None."""
    if isinstance(value, dict) and list(value) == [CLIENT_ID] and is_client_id(value[CLIENT_ID]):
        return ClientReference(value[CLIENT_ID])
    return None
