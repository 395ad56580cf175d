"""What the steps of a push hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import AbstractSet, Any, Dict, FrozenSet, List, Mapping, Optional, Tuple, Union

from sb_sync.catalog import SyncedModel
from sb_sync.protocol import CONFLICT, CREATED, ERROR, INVALID, REMOVED, UNCHANGED, UPDATED
from sb_sync.wire import ModelSchema

__all__ = [
    "MISSING",
    "NON_FIELD",
    "Change",
    "ClientReference",
    "Envelope",
    "Outcome",
    "Record",
    "Reference",
    "Task",
    "refuse",
]

#: Where an error concerns no single field.
NON_FIELD = "__all__"


class _Missing:
    """No value at all, where None is a value."""

    def __repr__(self) -> str:
        """Return a name for logs."""
        return "MISSING"


MISSING = _Missing()


@dataclass(frozen=True)
class Envelope:
    """One record as it was sent, its shape checked and nothing looked up.

    `fields` are the keys without the envelope's own; `base` the values the client began from.
    """

    index: int
    label: str
    client_id: Optional[str]
    version: Optional[str]
    base: Optional[Mapping[str, Any]]
    is_deletion: bool
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class ClientReference:
    """A reference to a row by what its maker called it."""

    client_id: str


#: What a foreign key names: a key, a `_client_id`, or nothing.
Reference = Union[ClientReference, Any]


@dataclass(frozen=True)
class Record:
    """One record that may be tried: model, rights and identity are known.

    `key` is the Python value of the key or a `ClientReference` where the key itself is a reference; None where the
    record has none. `values` holds JSON by the field's name on the wire, `references` and `lists` decoded keys;
    `base` is JSON as `values`, of the fields that the client may write; `ignored` the names that were sent and are not
    the client's to write.
    """

    index: int
    synced: SyncedModel
    schema: ModelSchema
    client_id: Optional[str]
    version: Optional[str]
    is_deletion: bool
    key: Reference
    values: Mapping[str, Any]
    references: Mapping[str, Reference]
    lists: Mapping[str, Tuple[Reference, ...]]
    ignored: Tuple[str, ...]
    base: Optional[Mapping[str, Any]] = None

    @property
    def label(self) -> str:
        """Return the model's label."""
        return self.synced.label

    def keep_only(self, names: AbstractSet[str]) -> Record:
        """Return a record that writes these fields alone, whatever stands in the row now."""
        return replace(
            self,
            version=None,
            is_deletion=False,
            values={name: value for name, value in self.values.items() if name in names},
            references={name: value for name, value in self.references.items() if name in names},
            lists={name: value for name, value in self.lists.items() if name in names},
        )


@dataclass(frozen=True)
class Task:
    """A record's turn: the whole of it, all but some references, or only those.

    References that run in a circle are left out at first (`without`) and set once every row of it exists (`only`);
    so are some that make a long chain (`is_eased`).
    """

    record: Record
    without: FrozenSet[str] = frozenset()
    only: Optional[FrozenSet[str]] = None
    is_eased: bool = False

    @property
    def is_second(self) -> bool:
        """Tell whether this is the second turn of a record."""
        return self.only is not None

    def covers(self, name: str) -> bool:
        """Tell whether a field is written in this turn."""
        return name not in self.without if self.only is None else name in self.only


@dataclass(frozen=True)
class Outcome:
    """What became of one record.

    `key` is JSON; `server` the stored record of a conflict, None where there is none; `conflict` says how one was
    settled, `fields` what both sides changed where it was not.
    """

    status: str
    key: Any = None
    version: Optional[str] = None
    code: Optional[str] = None
    errors: Mapping[str, List[str]] = field(default_factory=dict)
    server: Any = MISSING
    conflict: Optional[str] = None
    fields: Optional[Tuple[str, ...]] = None

    @property
    def is_applied(self) -> bool:
        """Tell whether the row is as the record wanted it."""
        return self.status in (CREATED, UPDATED, REMOVED, UNCHANGED)

    @property
    def is_conflict(self) -> bool:
        """Tell whether the row had changed since the client saw it."""
        return self.status == CONFLICT


def refuse(code: str, errors: Optional[Mapping[str, List[str]]] = None, *, key: Any = None) -> Outcome:
    """Return the outcome of a record that was refused."""
    return Outcome(ERROR, key=key, code=code or INVALID, errors=dict(errors or {}))


@dataclass
class Change:
    """What one task writes: a new row (`stored` None) or values that differ from the stored ones.

    `values` are Python values by attribute name; `lists` the keys that a many-to-many field shall hold, and
    `held` those it holds, with the keys of its rows. A new row has a `row`, all its values with the defaults, or an
    `instance` where the project may see one.
    """

    task: Task
    key: Any
    stored: Optional[Mapping[str, Any]]
    values: Dict[str, Any] = field(default_factory=dict)
    lists: Dict[str, FrozenSet[Any]] = field(default_factory=dict)
    held: Dict[str, Dict[Any, Any]] = field(default_factory=dict)
    row: Optional[Dict[str, Any]] = None
    instance: Any = None

    @property
    def record(self) -> Record:
        """Return the record that this change comes from."""
        return self.task.record

    def value_of(self, attname: str) -> Any:
        """Return what a new row holds."""
        return getattr(self.instance, attname) if self.row is None else self.row[attname]

    @property
    def is_creation(self) -> bool:
        """Tell whether a row is made."""
        return self.stored is None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing differs."""
        return self.stored is not None and not self.values and not self.lists
