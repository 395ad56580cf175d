"""What Django's checks say of the feed; `sb_sync.checks` registers these functions.

E101 no backend · E102 the log is not in the database · E103 a fault of the database · E104 tables of ours are read from
a replica · W101 capture missing · W102 a table that can carry no triggers · W103 a setting of the database, or keys of
it, that are a risk.
"""

from __future__ import annotations

from typing import Any, Iterable, List, Optional, Sequence

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, router

from sb_sync import catalog
from sb_sync.feed.backends import UnsupportedDatabase, backend_for
from sb_sync.feed.installation import State, find_states, has_log
from sb_sync.models import Change

__all__ = ["check_captures", "check_databases"]


def check_databases(**_: Any) -> List[CheckMessage]:
    """Check, without asking a database, that each one that holds synchronised models can carry a feed.

    The default one is checked in any case: organizations, rights and journals are there.
    """
    found: List[CheckMessage] = list(_check_routes())
    holding = _databases()
    for using in sorted({DEFAULT_DB_ALIAS, *holding}):
        try:
            backend_for(using)
        except UnsupportedDatabase as error:
            found.append(
                Error(
                    str(error),
                    hint="Use PostgreSQL, MariaDB, MySQL or SQLite, or leave its models out.",
                    id="sb_sync.E101",
                )
            )
            continue
        if using in holding and not router.allow_migrate_model(using, Change):
            found.append(
                Error(
                    f"The routers keep sb_sync's tables out of database {using!r}, which holds synchronised models.",
                    hint="The log of changes must be in the same database as the rows: allow sb_sync to migrate there.",
                    id="sb_sync.E102",
                )
            )
    return [*found, *_check_tables()]


def check_captures(databases: Optional[Sequence[str]] = None, **_: Any) -> List[CheckMessage]:
    """Check the databases that Django was asked to check: their faults, and that triggers stand."""
    found: List[CheckMessage] = []
    for using in sorted({DEFAULT_DB_ALIAS, *_databases()} & set(databases or ())):
        try:
            found.extend(_check_database(using))
        except (DatabaseError, UnsupportedDatabase):
            # A database that is away, or has no backend, is told of by others.
            continue
    return found


def _check_database(using: str) -> Iterable[CheckMessage]:
    for fault, mend in backend_for(using).find_faults():
        yield Error(f"Database {using!r}: {fault}", hint=mend, id="sb_sync.E103")
    for risk, mend in backend_for(using).find_risks():
        yield CheckWarning(f"Database {using!r}: {risk}", hint=mend, id="sb_sync.W103")
    if backend_for(using).is_too_old() or not has_log(using):
        return
    missing = [found.table for found in find_states(using) if found.state is State.MISSING]
    if missing:
        # A table that is yet to be made loses no change: migrate, which asks the checks first, captures it from its
        # begin. Some servers keep names in lower case.
        present = {name.lower() for name in connections[using].introspection.table_names(include_views=True)}
        missing = [table for table in missing if table.lower() in present]
    if missing:
        yield CheckWarning(
            "Changes of these tables of database {!r} are not captured: {}.".format(using, ", ".join(missing)),
            hint="Run manage.py sync_feed --action install. Until then their models cannot be pulled.",
            id="sb_sync.W101",
        )


def _check_routes() -> Iterable[CheckMessage]:
    """Find tables of ours that are read elsewhere than they are written."""
    models: Any = apps.get_app_config("sb_sync").get_models()
    routes = {(router.db_for_read(model), router.db_for_write(model)) for model in models}
    for read, written in sorted(route for route in routes if route[0] != route[1]):
        yield Error(
            f"The routers read tables of sb_sync from database {read!r} and write them to {written!r}.",
            hint="Let db_for_read name the database that is written, for the app sb_sync: a replica lacks changes that"
            " the feed took for seen, and serves rights and tokens that were withdrawn.",
            id="sb_sync.E104",
        )


def _check_tables() -> Iterable[CheckMessage]:
    for synced in catalog.synced_models().values():
        for hop in synced.tenant.hops if synced.tenant else ():
            if not hop.to_model._meta.managed:
                yield CheckWarning(
                    f"{synced.label} finds its organization through {hop.to_table}, which Django does not manage.",
                    hint="If it is a view it can have no triggers, and the model cannot be pulled.",
                    id="sb_sync.W102",
                )


def _databases() -> List[str]:
    return sorted({synced.database for synced in catalog.synced_models().values()})
