"""The project's own code around a push: before a record is read, and after all is committed."""

from __future__ import annotations

import copy
import json
import logging
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from django.db import InterfaceError, OperationalError, transaction

from sb_sync import catalog
from sb_sync.access import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.errors import RecordError
from sb_sync.protocol import DELETED, ENVELOPE, INTERNAL, MODEL
from sb_sync.push.batch import NON_FIELD, Envelope, Outcome, Record, refuse
from sb_sync.push.identify import identify
from sb_sync.registry import runs_own
from sb_sync.wire import schema_of

__all__ = ["Draft", "ask_project", "check_json", "has_before_push", "read_draft", "run_after_push"]

logger = logging.getLogger("sb_sync")


@dataclass(frozen=True)
class Draft:
    """A record that the project's `before_push` has yet to see."""

    envelope: Envelope
    synced: SyncedModel

    @property
    def index(self) -> int:
        """Return the place in the array."""
        return self.envelope.index


def has_before_push(synced: SyncedModel) -> bool:
    """Tell whether the project wants to see the records of a model first."""
    return runs_own(synced.sync, "before_push")


def read_draft(scope: Scope, draft: Draft, using: str) -> Union[Record, Outcome]:
    """Let the project change a record, then identify it as any other; what it wrote goes where it refuses."""
    record = _present(draft)
    changed = ask_project(draft.synced, "before_push", using, record, scope)
    if isinstance(changed, Outcome):
        return changed
    fields = _take_back(draft, record if changed is None else changed)
    fault = check_json(draft.synced, "before_push", fields)
    return fault or identify(scope, replace(draft.envelope, fields=fields), draft.synced)


def check_json(synced: SyncedModel, name: str, values: Mapping[Any, Any]) -> Optional[Outcome]:
    """Return the refusal of values from the project that are no JSON: no table of ours could keep them."""
    try:
        json.dumps(values)
    except (TypeError, ValueError, RecursionError):
        logger.exception("%s gave a %s that is no JSON.", name, synced.label)
        return refuse(INTERNAL)
    return None


def ask_project(synced: SyncedModel, name: str, using: str, *arguments: Any) -> Union[Dict[str, Any], Outcome, None]:
    """Return the dict or None that a method of the project's returns, or the refusal that it ends in.

    It runs in a savepoint. Whatever it raises is one record's failure, logged where it is no `RecordError`; only a
    database that is away ends the push.
    """
    try:
        with transaction.atomic(using=using):
            answer: Any = getattr(synced.sync, name)(*arguments)
            if answer is not None and not isinstance(answer, dict):
                raise TypeError(f"{name} returned neither a dict nor None.")
    except RecordError as error:
        return refuse(error.code, {error.field or NON_FIELD: [error.message]})
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("%s failed for a pushed %s.", name, synced.label)
        return refuse(INTERNAL)
    return answer


def _present(draft: Draft) -> Dict[str, Any]:
    """Return a record as the project sees it: by the names on the wire, and its own to change."""
    by_name = schema_of(draft.synced).by_name
    record: Dict[str, Any] = {DELETED: True} if draft.envelope.is_deletion else {}
    for name, value in draft.envelope.fields.items():
        known = by_name[name].name if name in by_name else name
        # Sent under two names it stays so, and is refused where the values differ.
        record[name if known in record else known] = copy.deepcopy(value)
    return record


def _take_back(draft: Draft, changed: Mapping[Any, Any]) -> Dict[str, Any]:
    """Return the fields of a changed record; the key stays as it was sent, and so does the envelope."""
    by_name = schema_of(draft.synced).by_name
    key = schema_of(draft.synced).key
    fields = {
        str(name): value
        for name, value in changed.items()
        if name not in ENVELOPE and by_name.get(str(name)) is not key
    }
    sent = draft.envelope.fields
    return {**fields, **{name: value for name, value in sent.items() if by_name.get(name) is key}}


def run_after_push(scope: Scope, results: Sequence[Mapping[str, Any]]) -> None:
    """Tell the project what became of its records, model by model; nothing that it raises changes anything."""
    own: Dict[str, List[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        own[result[MODEL] or ""].append(result)
    for synced in catalog.synced_models().values():
        label = synced.public_label
        if label in own and runs_own(synced.sync, "after_push"):
            try:
                synced.sync.after_push([copy.deepcopy(dict(result)) for result in own[label]], scope)
            except Exception:
                logger.exception("after_push failed for %s.", label)
