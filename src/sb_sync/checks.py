"""System checks: what is wrong with a project's settings, apps, models and rights, each with its mend.

E001 a fault in SB_SYNC · E002 SECRET_KEY too short · E003 a missing app · E004 several paths to an organization · E005
a declared path that leads nowhere · E006 an unknown conflict policy · W001 shared models are granted · W002 models that
REQUIRE_TENANT refuses · W003 keys that must be unique among all organizations · W004 no SITE_ID for Django's own pages.
The feed has its own, from 101 on, access from 201 on, and the wire from 301 on.

None asks a database but those of the tag `database`, which Django runs for the databases it is told.
"""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, Iterator, List, Sequence

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, router
from django.db.models import ForeignKey, UniqueConstraint, UUIDField

from sb_sync import catalog
from sb_sync.access.checks import check_dependencies, check_querysets, check_stored_filters
from sb_sync.catalog import SyncedModel
from sb_sync.config import DISCOVERY_SECTION, SETTINGS, find_faults
from sb_sync.feed.checks import check_captures, check_databases
from sb_sync.models import ModelPermission
from sb_sync.registry import POLICIES
from sb_sync.wire.checks import check_declared_fields

__all__ = [
    "check_apps",
    "check_grants",
    "check_models",
    "check_policies",
    "check_secret_key",
    "check_settings",
    "check_site",
    "check_unique_keys",
    "register_checks",
]

TAG = "sb_sync"
MIN_KEY_BYTES = 32
REQUIRED_APPS = ("django.contrib.sites", "rest_framework", "simple_history")

Check = Callable[..., List[CheckMessage]]


def _with_good_settings(check: Check) -> Check:
    """Return a check that waits until `SB_SYNC` can be read: E001 says what is wrong with it."""

    @wraps(check)
    def run(**options: Any) -> List[CheckMessage]:
        return [] if find_faults() else check(**options)

    return run


def _with_stored_settings(check: Check) -> Check:
    """Return a check that asks databases, and goes by what is set in one of them."""

    @wraps(check)
    def run(databases: Sequence[str] = (), **options: Any) -> List[CheckMessage]:
        if databases and not find_faults():
            catalog.refresh()
        return _with_good_settings(check)(databases=databases, **options)

    return run


def check_settings(**_: Any) -> List[CheckMessage]:
    """Check every key of `SB_SYNC`."""
    return [
        Error(
            f"SB_SYNC[{name!r}] {fault}." if name != "SB_SYNC" else f"SB_SYNC {fault}.",
            hint="Correct it in the project's settings. Known keys: {}.".format(
                ", ".join([*SETTINGS, DISCOVERY_SECTION])
            ),
            id="sb_sync.E001",
        )
        for name, fault in find_faults()
    ]


def check_secret_key(**_: Any) -> List[CheckMessage]:
    """Check that tokens can be signed safely."""
    try:
        key: Any = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""
    size = len(key if isinstance(key, bytes) else str(key).encode())
    if size >= MIN_KEY_BYTES:
        return []
    return [
        Error(
            f"SECRET_KEY has {size} bytes; tokens signed with fewer than {MIN_KEY_BYTES} can be forged.",
            hint="Make one by django.core.management.utils.get_random_secret_key().",
            id="sb_sync.E002",
        )
    ]


def check_apps(**_: Any) -> List[CheckMessage]:
    """Check that the apps which this one stands on are installed."""
    return [
        Error(f"{name} is not installed.", hint=f"Add {name!r} to INSTALLED_APPS, above 'sb_sync'.", id="sb_sync.E003")
        for name in REQUIRED_APPS
        if not apps.is_installed(name)
    ]


def check_site(**_: Any) -> List[CheckMessage]:
    """Check that Django's own pages find the project's site: without SITE_ID they look for one named by the host."""
    if not apps.is_installed("django.contrib.admin") or hasattr(settings, "SITE_ID"):
        return []
    return [
        CheckWarning(
            "SITE_ID is not set, and the log-in page of the admin fails where no site is named like the host.",
            hint="Set SITE_ID = 1, the site that Django makes for the project; organizations are further sites.",
            id="sb_sync.W004",
        )
    ]


@_with_good_settings
def check_models(**_: Any) -> List[CheckMessage]:
    """Check that the organization of every synchronised model is known."""
    makers = {"ambiguous_tenant": _ambiguous, "invalid_tenant": _invalid, "no_tenant": _no_tenant}
    return [makers[refusal.code](refusal) for refusal in catalog.refusals()]


@_with_good_settings
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


@_with_good_settings
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


@_with_stored_settings
def check_grants(databases: Sequence[str] = (), **_: Any) -> List[CheckMessage]:
    """Check for groups that are granted models whose rows all organizations have in common."""
    using = router.db_for_read(ModelPermission)
    if using not in (databases or ()):
        return []
    shared = {label.lower(): label for label, synced in catalog.synced_models().items() if synced.is_shared}
    granted = sorted({shared[name] for name in _read_granted(using) if name in shared})
    if not granted:
        return []
    return [
        CheckWarning(
            "Shared models are granted: {}.".format(", ".join(granted)),
            hint="Their rows are the same for every organization. Where that is not meant, give the model a key to its"
            " organization, or withdraw the rights.",
            id="sb_sync.W001",
        )
    ]


# Made once: Django knows a check that is registered again by its function.
CHECK_DATABASES = _with_good_settings(check_databases)
CHECK_CAPTURES = _with_stored_settings(check_captures)
CHECK_DEPENDENCIES = _with_good_settings(check_dependencies)
CHECK_DECLARED_FIELDS = _with_good_settings(check_declared_fields)
CHECK_QUERYSETS = _with_stored_settings(check_querysets)
CHECK_STORED_FILTERS = _with_stored_settings(check_stored_filters)


def register_checks() -> None:
    """Register every check of the package; again is the same as once."""
    for check in (
        check_settings,
        check_secret_key,
        check_apps,
        check_site,
        check_models,
        check_policies,
        check_unique_keys,
        CHECK_DATABASES,
        CHECK_DEPENDENCIES,
        CHECK_DECLARED_FIELDS,
    ):
        register(check, TAG)
    for check in (check_grants, CHECK_CAPTURES, CHECK_QUERYSETS, CHECK_STORED_FILTERS):
        register(check, Tags.database)


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


def _read_granted(using: str) -> List[str]:
    """Return the labels that are granted, in lower case; none where the table cannot be read."""
    rows = ModelPermission.objects.using(using).exclude(can_push=False, can_pull=False)
    try:
        if ModelPermission._meta.db_table not in connections[using].introspection.table_names():
            return []
        return [name.lower() for name in rows.values_list("model_name", flat=True).distinct().order_by("model_name")]
    except DatabaseError:
        # A database that is away is told of by others.
        return []
