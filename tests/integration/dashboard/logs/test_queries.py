"""Pages of the sync log, against what a plain filter finds."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Iterator, List, Optional

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sb_sync.dashboard.sections.logs import candidates, queries
from sb_sync.dashboard.sections.logs.candidates import LogFilter, Position
from sb_sync.models import SyncLog
from sb_sync.testing.factories import make_organization

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 5, 10, tzinfo=timezone.utc)
MODELS = ["shop.Customer", "shop.Order", ""]


def write(count: int = 1, **values: Any) -> List[SyncLog]:
    """Write entries, a second after each other."""
    first = values.pop("timestamp", NOW)
    plain = {"operation": "PULL", "status": "SUCCESS", **values}
    rows = [SyncLog(timestamp=first + timedelta(seconds=number), **plain) for number in range(count)]
    for row in rows:
        row.save()
    return rows


def read_all(wanted: LogFilter, *, length: int = 7) -> Iterator[SyncLog]:
    """Follow the pages to the end."""
    after: Optional[Position] = None
    while True:
        page = queries.read_page(wanted, after=after, length=length)
        assert len(page.entries) <= length
        yield from page.entries
        if page.next is None:
            return
        after = page.next


def keys(entries: Any) -> List[int]:
    return [entry.pk for entry in entries]


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches be stopped, and indexes compared, among few entries."""
    monkeypatch.setattr(queries, "STEPS", (5, 20))
    monkeypatch.setattr(queries, "TEXT_STEPS", (4, 10))
    monkeypatch.setattr(candidates, "PROBE", 15)
    monkeypatch.setattr(candidates, "MOST_SITES", 2)


class Crowd:
    """Entries of several organizations, users and models, many at one moment."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.sites = [make_organization(f"o{number}").pk for number in range(4)]
        users = [get_user_model().objects.create_user(f"u{number}") for number in range(3)]
        self.users = [user.pk for user in users]
        rows = []
        for number in range(160):
            model = self.chance.choice(MODELS)
            labels = [model] if model else self.chance.sample(["shop.Customer", "shop.Order", "shop.Line"], 2)
            rows.append(
                SyncLog(
                    user_id=self.chance.choice([*self.users, None]),
                    site_id=self.chance.choice([*self.sites[:3], None]),
                    operation=self.chance.choice(["PUSH", "PULL"]),
                    status=self.chance.choice(["SUCCESS"] * 5 + ["WARNING", "ERROR"]),
                    model_name=model,
                    error_message=self.chance.choice(["", "", "invalid: 2"]),
                    request_data={"data": [{"note": self.chance.choice(["plain", "Größe", 'a "quote"'])}]},
                    outcome={"models": {label: {"pulled": 1} for label in labels}, "failures": []},
                    request_id=f"r-{number // 2}",
                    timestamp=NOW - timedelta(seconds=number // 5),
                )
            )
        self.chance.shuffle(rows)
        SyncLog.objects.bulk_create(rows)

    def draw(self) -> LogFilter:
        """Return any combination of filters."""
        chance = self.chance
        one, two = (chance.randint(0, 40) for _ in range(2))
        every = LogFilter(
            sites=tuple(chance.sample(self.sites, chance.randint(0, 4))),
            user=chance.choice(self.users),
            model=chance.choice(["shop.Customer", "shop.Line", "shop.Nothing"]),
            operation=chance.choice(["PUSH", "PULL"]),
            status=chance.choice(["SUCCESS", "WARNING", "ERROR"]),
            since=NOW - timedelta(seconds=max(one, two)),
            until=NOW - timedelta(seconds=min(one, two)),
            text=chance.choice(["größe", "Größe", "INVALID", 'a "quote"', "r-7", "nothing at all", "100%", "Customer"]),
        )
        nothing = {name: getattr(LogFilter(), name) for name in vars(every) if chance.random() < 0.65}
        return replace(every, **nothing)

    @staticmethod
    def expect(wanted: LogFilter) -> List[int]:
        """Return what looking at every entry finds."""
        rows = SyncLog.objects.order_by("-timestamp", "-pk")
        named = [row for row in rows if row.request_id == wanted.text and _matches(replace(wanted, text=""), row)]
        return keys(named or [row for row in rows if _matches(wanted, row)])


def _matches(wanted: LogFilter, row: SyncLog) -> bool:
    texts = [row.error_message, row.model_name, *_texts_of(row.request_data), *_texts_of(row.outcome)]
    is_found = any(wanted.text.lower() in text.lower() for text in texts)
    return all(
        [
            wanted.sites is None or row.site_id in wanted.sites,
            wanted.user in (None, row.user_id),
            not wanted.model or wanted.model == row.model_name or wanted.model in row.outcome["models"],
            wanted.operation in ("", row.operation),
            wanted.status in ("", row.status),
            wanted.since is None or row.timestamp >= wanted.since,
            wanted.until is None or row.timestamp <= wanted.until,
            not wanted.text or is_found,
        ]
    )


def _texts_of(value: Any) -> Iterator[str]:
    """Yield keys and texts of a JSON value."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts_of(item)
    else:
        yield str(value)


@pytest.mark.parametrize("seed", range(3))
def test_any_filters_find_what_looking_at_every_entry_finds(seed: int, small_steps: None) -> None:
    crowd = Crowd(seed)
    for _ in range(25):
        wanted = crowd.draw()
        # A database may know the case of ASCII letters only.
        if wanted.text == "größe":
            wanted = replace(wanted, text="röße")
        assert keys(read_all(wanted)) == crowd.expect(wanted), wanted
        assert keys(queries.iterate_entries(wanted)) == crowd.expect(wanted), wanted


def test_the_newest_come_first_and_each_once_also_of_one_moment(small_steps: None) -> None:
    rows = [*write(9), *write(9, timestamp=NOW), *write(9, timestamp=NOW)]
    expected = keys(sorted(rows, key=lambda row: (row.timestamp, row.pk), reverse=True))
    assert keys(read_all(LogFilter(), length=4)) == expected


def test_entries_that_come_while_one_reads_do_not_move_the_pages() -> None:
    write(20)
    first = queries.read_page(LogFilter(), length=10)
    write(5, timestamp=NOW + timedelta(days=1))
    second = queries.read_page(LogFilter(), after=first.next, length=10)
    assert len({*keys(first.entries), *keys(second.entries)}) == 20
    assert second.next is None


def test_a_search_for_what_is_rare_stops_and_goes_on_from_there(small_steps: None) -> None:
    (rare,) = write(status="ERROR", operation="PUSH", timestamp=NOW - timedelta(days=1))
    write(60, status="ERROR")
    wanted = LogFilter(status="ERROR", operation="PUSH")
    page = queries.read_page(wanted)
    assert (page.entries, page.is_cut) == ((), True)
    tried = 0
    while page.is_cut:
        page = queries.read_page(wanted, after=page.next)
        tried += 1
    assert keys(page.entries) == [rare.pk]
    assert tried == 2


def test_the_index_with_the_fewest_entries_is_read(small_steps: None) -> None:
    """A small organization's entries are found at once among many of the model."""
    small = make_organization("small").pk
    write(5, site_id=small, model_name="shop.Order", timestamp=NOW - timedelta(days=1))
    write(60, model_name="shop.Order")
    page = queries.read_page(LogFilter(sites=(small,), model="shop.Order"))
    assert (len(page.entries), page.is_cut) == (5, False)


def test_a_request_id_is_found_however_old_its_entries_are(small_steps: None) -> None:
    old = write(2, request_id="abc-1", timestamp=NOW - timedelta(days=1))
    write(60)
    assert keys(queries.read_page(LogFilter(text="abc-1")).entries) == keys(reversed(old))


def test_nobody_finds_a_request_of_another_organization_by_its_id() -> None:
    own, other = make_organization("own").pk, make_organization("other").pk
    write(request_id="abc-1", site_id=other)
    assert queries.read_page(LogFilter(sites=(own,), text="abc-1")).entries == ()
    assert queries.read_page(LogFilter(sites=(), text="abc-1")).entries == ()


def test_an_id_of_another_organizations_request_hides_nothing() -> None:
    own, other = make_organization("own").pk, make_organization("other").pk
    (named,) = write(site_id=own, error_message="abc-1 is taken")
    write(request_id="abc-1", site_id=other)
    wanted = LogFilter(sites=(own,), text="abc-1")
    assert keys(queries.read_page(wanted).entries) == [named.pk]
    assert keys(queries.iterate_entries(wanted)) == [named.pk]


def test_pages_and_news_of_a_request_are_of_that_request_alone() -> None:
    write(3, error_message="abc-1 is taken", timestamp=NOW - timedelta(hours=1))
    rows = write(4, request_id="abc-1")
    write(2, error_message="abc-1 is taken", timestamp=NOW + timedelta(hours=1))
    wanted = LogFilter(text="abc-1")
    assert keys(read_all(wanted, length=2)) == keys(reversed(rows))
    page = queries.read_page(wanted, after=Position(rows[0].timestamp, rows[0].pk))
    assert page.entries == ()
    assert queries.count_newer(wanted, Position(rows[-1].timestamp, rows[-1].pk)).count == 0


def test_new_entries_are_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    last = write(3)[-1]
    place = Position(last.timestamp, last.pk)
    assert queries.count_newer(LogFilter(), place) == queries.Newer(0, is_more=False)
    write(4, timestamp=last.timestamp, status="ERROR")
    write(2, timestamp=NOW + timedelta(hours=1))
    assert queries.count_newer(LogFilter(), place) == queries.Newer(6, is_more=False)
    assert queries.count_newer(LogFilter(status="ERROR"), place) == queries.Newer(4, is_more=False)
    assert queries.count_newer(LogFilter(operation="PUSH"), place) == queries.Newer(0, is_more=False)
    monkeypatch.setattr(queries, "MOST_COUNTED", 5)
    assert queries.count_newer(LogFilter(), place) == queries.Newer(5, is_more=True)
    monkeypatch.setattr(queries, "NEWER", 3)
    assert queries.count_newer(LogFilter(status="ERROR", operation="PULL"), place) == queries.Newer(3, is_more=True)
    assert queries.count_newer(LogFilter(operation="PUSH"), place) == queries.Newer(0, is_more=False)


def test_a_page_takes_few_statements_whatever_is_asked(small_steps: None) -> None:
    crowd = Crowd(7)
    for _ in range(40):
        wanted = crowd.draw()
        with CaptureQueriesContext(connection) as captured:
            queries.read_page(wanted)
        # A request id, three indexes compared or more, two steps with where they ended, the entries.
        assert len(captured) <= 10, wanted


def test_an_entry_of_another_organization_is_none() -> None:
    own, other = make_organization("own").pk, make_organization("other").pk
    (entry,) = write(site_id=own)
    (of_nobody,) = write()
    assert queries.find_entry(None, entry.pk) == queries.find_entry((own,), entry.pk) == entry
    assert queries.find_entry((other,), entry.pk) is None
    assert queries.find_entry((own,), of_nobody.pk) is None
    assert queries.find_entry(None, of_nobody.pk) == of_nobody
