"""Second step: whether the model exists, is synchronised, and may be written by this user."""

from __future__ import annotations

from typing import Union

from django.apps import apps
from django.utils.translation import gettext as _

from sb_sync import catalog
from sb_sync.access import Scope
from sb_sync.catalog import SyncedModel
from sb_sync.protocol import MODEL, NOT_ENABLED, PERMISSION_DENIED, UNKNOWN_MODEL
from sb_sync.push.batch import Envelope, Outcome, refuse

__all__ = ["authorize"]


def authorize(scope: Scope, envelope: Envelope) -> Union[SyncedModel, Outcome]:
    """Return the model that a record names, or why the user may not write it so."""
    synced = catalog.find_on_wire(envelope.label)
    if synced is None:
        if _is_installed(envelope.label):
            return refuse(NOT_ENABLED, {MODEL: [_("This model is not synchronised.")]})
        return refuse(UNKNOWN_MODEL, {MODEL: [_("There is no such model.")]})
    is_allowed = scope.may_push(synced.label) and (not envelope.is_deletion or scope.may_delete(synced.label))
    if not is_allowed:
        return refuse(PERMISSION_DENIED, {MODEL: [_("You may not do this with this model.")]})
    return synced


def _is_installed(label: str) -> bool:
    """Tell whether the project has a model of this label."""
    try:
        apps.get_model(label)
    except (LookupError, ValueError):
        return False
    return True
