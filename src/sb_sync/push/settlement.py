"""A member of staff settles what a policy left open: through the same checks as a push, as that user's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Mapping, Optional

from django.db import connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sb_sync import catalog, feed
from sb_sync.access import Scope, resolve_scope
from sb_sync.catalog import SyncedModel
from sb_sync.errors import SyncError
from sb_sync.models import SyncConflict
from sb_sync.protocol import DELETED, ENVELOPE, KEY
from sb_sync.push.apply import apply_records
from sb_sync.push.authorize import authorize
from sb_sync.push.batch import Envelope, Outcome, Record
from sb_sync.push.client_ids import names_in
from sb_sync.push.conflicts import Versions, read_visible
from sb_sync.push.history import signed_by
from sb_sync.push.identify import identify
from sb_sync.push.sides import describe_client
from sb_sync.push.state import PushState

__all__ = ["CHOICES", "CLIENT", "SERVER", "VALUES", "NotSettled", "settle_conflict"]

#: What may be chosen: one side, or values of one's own.
CLIENT, SERVER, VALUES = CHOICES = ("client", "server", "values")


class NotSettled(Exception):
    """Nothing was written; the text says why, to the person who tried."""


def settle_conflict(
    conflict: SyncConflict, choice: str, values: Optional[Mapping[str, Any]] = None, *, user: Any
) -> None:
    """Settle a conflict by one side or by values by their names on the wire, as a user who may push its model.

    Raises `NotSettled` where it is settled already, where the row changed again since, and where the push is refused.
    """
    synced = catalog.find(conflict.model_name)
    if synced is None:
        raise NotSettled(_("This model is not synchronised any more."))
    try:
        scope = resolve_scope(user, conflict.site_id)
    except SyncError as error:
        raise NotSettled(_("You are no member of this organization.")) from error
    if not scope.may_push(synced.label):
        raise NotSettled(_("You may not do this with this model."))
    with transaction.atomic(using=synced.database):
        feed.begin_push(synced.database)
        locked = _lock(conflict, synced.database)
        written = None
        if choice != SERVER:
            written = dict(locked.client if choice == CLIENT else values or {})
            _write(scope, synced, locked, written)
        locked.status = SyncConflict.Status.SETTLED
        locked.settled_at = timezone.now()
        locked.settled_by_id = user.pk
        locked.resolution = {"choice": choice, "values": written}
        locked.save(using=synced.database)


def _lock(conflict: SyncConflict, using: str) -> SyncConflict:
    """Return the conflict as it stands, for this transaction alone."""
    rows = SyncConflict.objects.using(using)
    if connections[using].features.has_select_for_update:
        rows = rows.select_for_update()
    locked = rows.get(pk=conflict.pk)
    if locked.is_settled:
        raise NotSettled(_("This conflict is settled already."))
    return locked


def _write(scope: Scope, synced: SyncedModel, conflict: SyncConflict, wanted: Mapping[str, Any]) -> None:
    """Write what was chosen, in the row of the conflict and nowhere else."""
    record = _read(scope, synced, conflict, wanted)
    state = PushState(scope, synced.database)
    if record.key is not None:
        state.rows.load(synced, [record.key])
        found = read_visible(state, synced, record.schema, [record.key])
        _refuse_another(state, record, conflict, found.get(record.schema.key.encode(record.key)))
    with signed_by(scope, f"sb_sync conflict {conflict.pk}"):
        outcome = apply_records(scope, [record], synced.database).outcomes[0]
    if not outcome.is_applied:
        raise NotSettled(_explain(outcome))


def _read(scope: Scope, synced: SyncedModel, conflict: SyncConflict, wanted: Mapping[str, Any]) -> Record:
    """Take what was chosen through the steps of any pushed record."""
    fields: Dict[str, Any] = {name: value for name, value in wanted.items() if name not in ENVELOPE}
    key = (conflict.server or conflict.client).get(KEY)
    envelope = Envelope(
        index=0,
        label=synced.label,
        client_id=None,
        version=None,
        base=None,
        is_deletion=wanted.get(DELETED) is True,
        fields=fields if key is None else {**fields, KEY: key},
    )
    denied = authorize(scope, envelope)
    read = denied if isinstance(denied, Outcome) else identify(scope, envelope, synced)
    if isinstance(read, Outcome):
        raise NotSettled(_explain(read))
    if names_in([read]):
        # What one user calls a row may be another row to the one who settles.
        raise NotSettled(_("A row is named by what its client called it. Name it by its key."))
    return read


def _refuse_another(
    state: PushState, record: Record, conflict: SyncConflict, current: Optional[Mapping[str, Any]]
) -> None:
    """Refuse where the row is not the one that the conflict shows."""
    if current is None and conflict.server is None:
        return
    if current is not None and conflict.server is not None:
        shown = replace(record, version=conflict.server_version)
        versions = Versions(record.schema, [shown], state.using)
        if versions.is_current(shown, describe_client(state, shown), current):
            return
    raise NotSettled(_("The row has changed again since. Look at it as it is now."))


def _explain(outcome: Outcome) -> str:
    """Return why a record was refused, in sentences for people."""
    told = [f"{name}: {message}" for name, messages in outcome.errors.items() for message in messages]
    return " ".join(told) or outcome.code or outcome.status
