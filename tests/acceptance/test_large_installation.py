"""Every staff page of a large installation: few statements, and how long its first byte takes (told, not asserted)."""

from __future__ import annotations

import time
from typing import Any, List, Tuple

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sb_sync import catalog
from sb_sync.dashboard.navigation import ENTRIES
from sb_sync.dashboard.permissions import CONFLICTS, JOBS
from sb_sync.models import ModelPermission, Organization, SyncLog
from sb_sync.testing.factories import make_member, make_organization
from tests.many_models import many_models
from tests.staff import ALL, CONFIG, make_chief, make_client, make_staff

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.only_on("postgresql", reason="the database of large installations"),
]

MODELS, GROUPS, ENTRIES_OF_LOG = 200, 50, 1_000_000
MOST_STATEMENTS = 15
FILL = """
INSERT INTO sb_sync_synclog (user_id, site_id, operation, status, model_name, object_count, error_message, request_id,
                             "timestamp", processing_time, outcome)
SELECT %s, (%s::integer[])[1 + n %% 2], CASE WHEN n %% 3 = 0 THEN 'PUSH' ELSE 'PULL' END,
       CASE WHEN n %% 50 = 0 THEN 'ERROR' WHEN n %% 20 = 0 THEN 'WARNING' ELSE 'SUCCESS' END,
       'testapp.Large' || lpad((n %% 100)::text, 3, '0'), n %% 500, CASE WHEN n %% 50 = 0 THEN 'it failed' ELSE '' END,
       md5(n::text), now() - n * interval '8 seconds', 0.05, NULL
FROM generate_series(1, %s) n
"""


def fill_log(user: Any, sites: List[int], count: int) -> None:
    """Write entries of some months; without their indexes, which are made anew."""
    table = SyncLog._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s", [table])
        indexes = [(name, definition) for name, definition in cursor.fetchall() if not name.endswith("_pkey")]
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", [table])
        for (name,) in cursor.fetchall():
            # Its checks would wait for the end of the transaction, and no index could be made before.
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(FILL, [user.pk, sites, count])
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute(f"ANALYZE {table}")


def grant_everything(sites: List[int]) -> None:
    Group.objects.bulk_create(Group(name=f"Group {number:02}") for number in range(GROUPS))
    rights = [
        ModelPermission(site_id=site, group=group, model_name=label, can_pull=True)
        for site in sites
        for group in Group.objects.all()
        for label in catalog.synced_models()
    ]
    ModelPermission.objects.bulk_create(rights, batch_size=5_000)


def list_paths(organization: Organization) -> List[str]:
    """Return the pages of the side bar about everything and about one organization, and those that lists lead to."""
    sections = [entry.name.replace("config_", "").replace("_", "-") for _, entries in ENTRIES for entry in entries]
    pages = ["" if name == "dashboard" else f"{name}/" for name in sections]
    group = Group.objects.get(name="Group 01")
    return [
        *pages,
        *(f"{page}?organization={organization.slug}" for page in pages),
        "logs/?status=ERROR&model=testapp.Large007",
        "logs/?q=nothing+is+called+so",
        f"logs/{SyncLog.objects.latest('id').pk}/",
        "metrics/?period=90d",
        f"permissions/model/?organization={organization.slug}&model=testapp.Large001",
        f"permissions/filters/?organization={organization.slug}&model=testapp.Large001&group={group.pk}&edit=new",
        f"permissions/why/?organization={organization.slug}&model=testapp.Large001&user=anna",
    ]


def look(client: Client, path: str) -> Tuple[int, float]:
    """Return what a page takes: statements, and milliseconds when it is asked for again."""
    client.get(CONFIG + path)
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        answer = client.get(CONFIG + path)
        taken = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, (path, answer.content.decode()[-2000:])
    asked = [query["sql"][:200] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= MOST_STATEMENTS, (path, "\n".join(asked))
    return len(asked), taken


def test_no_page_takes_many_statements_however_much_there_is(capsys: Any) -> None:
    acme, globex = make_organization("acme", name="Acme"), make_organization("globex", name="Globex")
    with many_models(MODELS - len(catalog.synced_models())):
        grant_everything([acme.pk, globex.pk])
        fill_log(make_member(acme, username="anna", group="Group 01"), [acme.pk, globex.pk], ENTRIES_OF_LOG)
        paths = list_paths(acme)
        readers = {
            "superuser": make_client(make_chief()),
            "member of staff": make_client(make_staff(acme, globex, permissions=(*ALL, CONFLICTS, JOBS))),
        }
        for reader, client in readers.items():
            for path in paths:
                count, taken = look(client, path)
                with capsys.disabled():
                    print(f"\n{reader:16} {path or 'overview':80} {count:3} {taken:7.0f} ms", end="")
