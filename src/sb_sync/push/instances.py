"""Rows written one by one through instances, for models whose own code must run."""

from __future__ import annotations

import inspect
import logging
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, Dict, List, Sequence, Type

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Model

from sb_sync import compat
from sb_sync.errors import RecordError
from sb_sync.protocol import INTERNAL, NOT_FOUND
from sb_sync.push.batch import NON_FIELD, Change, Outcome, refuse
from sb_sync.push.integrity import REFUSED, explain, explain_validation, telling_refusals
from sb_sync.push.route import project_checks
from sb_sync.push.state import PushState
from sb_sync.wire import ModelSchema

__all__ = ["GONE", "call_project", "save_each"]

logger = logging.getLogger("sb_sync")

#: The outcome of a change whose row the project's code removed meanwhile: it is to be identified again.
GONE = refuse(NOT_FOUND)


class _Gone(Exception):
    """The row of a change is not there any more."""


def save_each(state: PushState, schema: ModelSchema, changes: Sequence[Change]) -> Dict[int, Outcome]:
    """Save rows in the order of the array, each in a savepoint of its own; return the refused by index."""
    refused: Dict[int, Outcome] = {}
    for change in changes:
        outcome = call_project(lambda change=change: _save(state, schema, change), change, state.using)
        if outcome is not None:
            refused[change.record.index] = outcome
    return refused


def call_project(work: Any, change: Change, using: str) -> Any:
    """Run project code in a savepoint and return the refusal that it ends in, or None.

    Whatever it raises is one record's failure, rolled back, and logged where it is no refusal, and the push goes on;
    only a database that is away ends it.
    """
    record = change.record
    try:
        with transaction.atomic(using=using), telling_refusals(using):
            work()
    except _Gone:
        return GONE
    except ValidationError as error:
        return explain_validation(error, record.schema)
    except RecordError as error:
        return refuse(error.code, {error.field or NON_FIELD: [error.message]})
    except REFUSED as error:
        return explain(error, record.synced, record.schema, using)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("The project's code failed for a pushed %s.", record.label)
        return refuse(INTERNAL)
    return None


def _save(state: PushState, schema: ModelSchema, change: Change) -> None:
    """Make or load the instance, let the project check it, save it and set its lists."""
    model = change.record.synced.model
    instance = _make_instance(state, change)
    for name, value in change.values.items():
        setattr(instance, name, value)
    for name in project_checks(model):
        if name == "clean":
            instance.clean()
        else:
            getattr(instance, name)(exclude=_unchanged_names(model, change))
    # Never an UPDATE of what was not there: the row, or a parent's by inheritance, may be another organization's.
    with compat.inserting(instance) if change.is_creation else nullcontext():
        instance.save(**_accepted(model, {"using": state.using}))
    change.key = instance.pk
    change.instance = instance
    for name, keys in change.lists.items():
        getattr(instance, schema.by_name[name].field.name).set(sorted(keys, key=str))


def _make_instance(state: PushState, change: Change) -> Any:
    """Return a fresh instance, or the one that stands in the database, as the project's own code would load it."""
    model = change.record.synced.model
    if change.is_creation:
        return model(**change.values)
    for instance in model._base_manager.using(state.using).filter(pk=change.key):
        return instance
    raise _Gone


def _unchanged_names(model: Type[Model], change: Change) -> List[str]:
    """Return the fields that the project's checks leave alone: a stored value is not validated again."""
    if change.is_creation:
        return []
    return [field.name for field in model._meta.fields if field.attname not in change.values]


def _accepted(model: Type[Model], arguments: Dict[str, Any]) -> Dict[str, Any]:
    """Return those arguments that the model's save() takes."""
    names, takes_any = _parameters_of(model)
    return {name: value for name, value in arguments.items() if takes_any or name in names}


@lru_cache(maxsize=None)
def _parameters_of(model: Type[Model]) -> Any:
    parameters = inspect.signature(model.save).parameters
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    return frozenset(parameters), takes_any
