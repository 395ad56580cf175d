"""What is wrong with the models of a project, and with what its `sync.py` say of them.

E004 several paths to an organization · E005 a declared path that leads nowhere · E006 an unknown conflict policy · E007
labels that differ by their case alone · W002 models that REQUIRE_TENANT refuses · W003 keys that must be unique among
all organizations · W006 a primary key by which rows cannot be followed · W007 a model that is registered and out.
"""

from __future__ import annotations

from typing import Any, Iterator, List

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db.models import ForeignKey, UniqueConstraint, UUIDField

from sb_sync import catalog
from sb_sync.catalog import SyncedModel
from sb_sync.checks.conditions import with_good_settings
from sb_sync.discovery import Decision, find_key_fault
from sb_sync.registry import POLICIES, registered_sync

__all__ = ["check_left_out", "check_models", "check_policies", "check_unique_keys"]


@with_good_settings
def check_models(**_: Any) -> List[CheckMessage]:
    """Check that the organization of every synchronised model is known."""
    makers = {
        "ambiguous_label": _twin,
        "ambiguous_tenant": _ambiguous,
        "invalid_tenant": _invalid,
        "no_tenant": _no_tenant,
    }
    return [makers[refusal.code](refusal) for refusal in catalog.refusals()]


@with_good_settings
def check_policies(**_: Any) -> List[CheckMessage]:
    """Check the conflict policies that the project chose."""
    return [
        Error(
            f"{synced.label} has a conflict policy that does not exist: {synced.sync.conflict!r}.",
            hint="ModelSync.conflict is one of {}; until then conflicts are rejected.".format(", ".join(POLICIES)),
            obj=synced.model,
            id="sb_sync.E006",
        )
        for synced in catalog.synced_models().values()
        if synced.sync.conflict not in POLICIES
    ]


@with_good_settings
def check_unique_keys(**_: Any) -> List[CheckMessage]:
    """Check for values that may exist only once among all organizations."""
    found: List[CheckMessage] = []
    for synced in catalog.synced_models().values():
        keys = [] if synced.is_shared else sorted(set(_find_global_keys(synced)))
        if keys:
            found.append(
                CheckWarning(
                    "{} must be unique among all organizations: {}.".format(synced.label, ", ".join(keys)),
                    hint="One organization can learn that another has a value, and keep it from using it. Make the"
                    " organization, or a key to a row of it, part of the constraint.",
                    obj=synced.model,
                    id="sb_sync.W003",
                )
            )
    return found


@with_good_settings
def check_left_out(**_: Any) -> List[CheckMessage]:
    """Check for models that somebody would expect to be in: registered ones, and those out for their key alone."""
    found: List[CheckMessage] = []
    for decision in catalog.decisions():
        if decision.included:
            continue
        fault = find_key_fault(decision.model)
        if fault and decision.reason.startswith(fault):
            found.append(_unfit(decision))
        elif registered_sync(decision.model) is not None:
            found.append(_dead(decision))
    return found


def _twin(refusal: catalog.Refusal) -> CheckMessage:
    return Error(
        f"{refusal.model._meta.label} is not synchronised. {refusal.reason}",
        hint="Labels are read in any case, by clients and in rights. Give one of the apps another label, or exclude one"
        " of the models from discovery.",
        obj=refusal.model,
        id="sb_sync.E007",
    )


def _unfit(decision: Decision) -> CheckMessage:
    return CheckWarning(
        f"{decision.model._meta.label} is not synchronised: {decision.reason}.",
        hint="Rows are followed by an integer, a UUID or a text that never changes. Give the model such a primary key,"
        " or name it in EXCLUDE_MODELS to say that it is meant to stay out.",
        obj=decision.model,
        id="sb_sync.W006",
    )


def _dead(decision: Decision) -> CheckMessage:
    return CheckWarning(
        f"{decision.model._meta.label} is registered in sync.py and out all the same: {decision.reason}.",
        hint="Change that setting (configure_model_discovery --list-current shows them), or take the registration"
        " away.",
        obj=decision.model,
        id="sb_sync.W007",
    )


def _ambiguous(refusal: catalog.Refusal) -> CheckMessage:
    return Error(
        f"{refusal.model._meta.label} is not synchronised. {refusal.reason}",
        hint="Say in the app's sync.py which is to be followed:\n"
        f"    from sb_sync import ModelSync, register\n\n    @register({refusal.model.__name__})\n"
        f'    class {refusal.model.__name__}Sync(ModelSync):\n        tenant = "..."',
        obj=refusal.model,
        id="sb_sync.E004",
    )


def _invalid(refusal: catalog.Refusal) -> CheckMessage:
    return Error(
        f"{refusal.model._meta.label} is not synchronised. {refusal.reason}",
        hint="Correct `tenant` in the app's sync.py: names of foreign keys, joined by __, the last one to Site or"
        " Organization.",
        obj=refusal.model,
        id="sb_sync.E005",
    )


def _no_tenant(refusal: catalog.Refusal) -> CheckMessage:
    return CheckWarning(
        f"{refusal.model._meta.label} is not synchronised. {refusal.reason}",
        hint="REQUIRE_TENANT refuses it. Give it a key to its organization, or silence this check.",
        obj=refusal.model,
        id="sb_sync.W002",
    )


def _find_global_keys(synced: SyncedModel) -> Iterator[str]:
    """Yield the fields, or sets of fields, whose values must be unique among all organizations."""
    model = synced.model
    for field in model._meta.local_concrete_fields:
        is_given = not field.primary_key or synced.key_kind == catalog.CLIENT
        if field.unique and is_given and not field.is_relation and not isinstance(field, UUIDField):
            yield field.name
    sets = [list(names) for names in model._meta.unique_together]
    sets += [list(found.fields) for found in model._meta.constraints if isinstance(found, UniqueConstraint)]
    for names in sets:
        fields = [model._meta.get_field(name) for name in names]
        # A constraint on expressions has no fields: what it covers is not known.
        if fields and not any(_is_per_organization(field, synced) for field in fields):
            yield "+".join(names)


def _is_per_organization(field: Any, synced: SyncedModel) -> bool:
    """Tell whether a field has other values in every organization."""
    if isinstance(field, UUIDField) or (synced.tenant is not None and field == synced.tenant.field):
        return True
    if not isinstance(field, ForeignKey):
        return False
    target = catalog.find(field.related_model._meta.label)
    return target is not None and not target.is_shared
