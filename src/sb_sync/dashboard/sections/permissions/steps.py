"""The steps from an account to its rows, in words. What each says stands in the tables; it decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, List

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sb_sync.access import Explanation
from sb_sync.maintenance.groups import kind_of
from sb_sync.sentence import translate

__all__ = ["FAIL", "NOTE", "PASS", "Step", "list_steps"]

#: A step is passed, ends the way, or is only worth knowing.
PASS, FAIL, NOTE = "pass", "fail", "note"


@dataclass(frozen=True)
class Step:
    """One step: `outcome` for both rights, or for each where they differ; `page` names where to mend it."""

    title: str
    text: str
    outcome: str
    push: str = ""
    pull: str = ""
    page: str = ""
    details: Any = ()


def list_steps(found: Explanation) -> List[Step]:
    """Return the steps of an explanation, in the order in which a request takes them."""
    return [
        _step_of_account(found),
        _step_of_organization(found),
        _step_of_membership(found),
        *_steps_of_model(found),
        _step_of_rights(found),
        *_steps_of_filters(found),
        *_steps_of_deletion(found),
    ]


def _step_of_account(found: Explanation) -> Step:
    name = found.user.get_username()
    if not found.is_user_active:
        return Step(_("Account"), _("{user} is not active: nobody can log in so.").format(user=name), FAIL)
    if found.is_superuser:
        text = _("{user} is a superuser, who passes every permission and is not filtered.")
        return Step(_("Account"), text.format(user=name), PASS)
    return Step(_("Account"), _("{user} is active.").format(user=name), PASS)


def _step_of_organization(found: Explanation) -> Step:
    name = found.organization.name
    if not found.organization.is_active:
        return Step(
            _("Organization"),
            _("{organization} is not active: nobody synchronises with it.").format(organization=name),
            FAIL,
        )
    return Step(_("Organization"), _("{organization} is active.").format(organization=name), PASS)


def _step_of_membership(found: Explanation) -> Step:
    membership = found.membership
    if membership is None:
        if found.is_superuser:
            return Step(_("Membership"), _("No member; a superuser need not be one."), NOTE)
        return Step(_("Membership"), _("No member of this organization."), FAIL)
    group = str(membership.group.name)
    if not membership.is_active:
        text = _("A member in the group {group}, but the membership is not active.")
        return Step(_("Membership"), text.format(group=group), NOTE if found.is_superuser else FAIL)
    return Step(_("Membership"), _("A member in the group {group}.").format(group=group), PASS)


def _steps_of_model(found: Explanation) -> Iterator[Step]:
    if found.synced is None:
        reason = translate(found.absence) or _("No installed model has this label.")
        text = _("{model} is not synchronised: {reason}").format(model=found.label, reason=reason)
        yield Step(_("Model"), text, FAIL, page="discovery")
        return
    yield Step(_("Model"), _("{model} is synchronised.").format(model=found.label), PASS)
    if found.synced.is_shared:
        text = _("The model is shared: its rows are the same for every organization.")
        yield Step(_("Shared"), text, NOTE)


def _step_of_rights(found: Explanation) -> Step:
    title = _("Rights of the group")
    if found.is_superuser:
        return Step(title, _("Not asked for: a superuser has every right."), NOTE)
    if found.group is None:
        return Step(title, _("No group, so no rights."), FAIL)
    group = found.group.name
    if found.granted is None:
        text = _("Nothing is granted to {group} on this model.")
        return Step(title, text.format(group=group), FAIL, FAIL, FAIL, page="model")
    push, pull = (PASS if granted else FAIL for granted in found.granted)
    words = [word for word, granted in zip((_("push"), _("pull")), found.granted) if granted]
    text = (
        _("{group} may {rights}.").format(group=group, rights=_(" and ").join(words))
        if words
        else _("{group} may neither push nor pull.").format(group=group)
    )
    outcome = PASS if push == pull == PASS else FAIL if push == pull else NOTE
    return Step(title, text, outcome, push, pull, page="model")


def _steps_of_filters(found: Explanation) -> Iterator[Step]:
    title = _("Row filters")
    if found.is_superuser:
        yield Step(title, _("Superusers are not filtered."), NOTE)
        return
    if found.group is None or found.synced is None:
        return
    if not found.filters:
        yield Step(title, _("None: all rows of the organization."), PASS, page="filters")
        return
    count = len(found.filters)
    faults = [each for each in found.filters if each.fault]
    text = ngettext("{n} filter limits the rows.", "{n} filters limit the rows; all of them must hold.", count)
    told = text.format(n=count)
    if faults:
        told = _("A filter does not fit the model, so no row is seen: {fault}").format(fault=faults[0].fault)
    yield Step(title, told, FAIL if faults else NOTE, page="filters", details=found.filters)


def _steps_of_deletion(found: Explanation) -> Iterator[Step]:
    if found.synced is None or found.is_superuser or found.group is None:
        return
    title = _("Deleting")
    name = f"{found.synced.model._meta.app_label}.delete_{found.synced.model._meta.model_name}"
    if found.rights.can_delete:
        yield Step(title, _("The group may push, and has Django's permission {name}.").format(name=name), PASS)
    elif kind_of(found.group.name).push:
        yield Step(
            title, _("Takes the right to push and Django's permission {name} of the group.").format(name=name), NOTE
        )
