"""The page of the metrics: true figures, gaps that are gaps, filters in the address, and nobody else's figures."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

import pytest
from django.test import Client

from sb_sync.config import SyncConfig
from sb_sync.dashboard.permissions import EXPORT, VIEW
from sb_sync.models import Organization
from sb_sync.ops.rollup import roll_up
from sb_sync.optimizations import measure
from sb_sync.testing.factories import make_organization
from tests.integration.dashboard import NOT_ON_MARIADB
from tests.integration.dashboard.metrics.measured import measure_some
from tests.staff import CONFIG, make_chief, make_client, make_staff

pytestmark = [pytest.mark.django_db, NOT_ON_MARIADB]
PAGE = CONFIG + "metrics/"


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


@pytest.fixture
def chief() -> Client:
    return make_client(make_chief())


def read(client: Client, query: str = "", *, status: int = 200) -> str:
    answer = client.get(PAGE + query)
    assert answer.status_code == status, answer.content.decode()[:3000]
    return str(answer.content.decode())


def charts_of(page: str) -> Dict[str, Any]:
    found = re.search(r'<script id="metrics" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found.group(1)))


def line(page: str, chart: str, name: str) -> List[Any]:
    return next(each["values"] for each in charts_of(page)["charts"][chart]["lines"] if each["name"] == name)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize("rolled_up", [True, False])
def test_figures_are_those_of_what_was_measured(chief: Client, acme: Organization, rolled_up: bool) -> None:
    measure_some(acme, 3, times=2)
    measure_some(acme, 3, operation_type="pull", batch_size=40, processing_time=0.4)
    if rolled_up:
        roll_up()
    page = read(chief, "?period=24h&organization=acme")
    assert [value for value in line(page, "requests", "push") if value is not None] == [2]
    assert [value for value in line(page, "records", "pull") if value is not None] == [40]
    assert [value for value in line(page, "batch", "push") if value is not None] == [10]
    assert [value for value in line(page, "queries", "push") if value is not None] == [5]
    assert [value for value in line(page, "memory", "push") if value is not None] == [0.5]
    (p99,) = [value for value in line(page, "time", "p99") if value is not None]
    assert p99 == pytest.approx(0.4, rel=0.19)
    assert len(charts_of(page)["steps"]) == 25
    assert "Requests 3 " in text_of(page)


def test_a_step_without_a_measurement_is_a_gap_in_chart_and_table(chief: Client, acme: Organization) -> None:
    measure_some(acme, 5, batch_size=0)
    page = read(chief, "?period=24h")
    values = line(page, "records", "push")
    # Nothing was sent in one request: that is a figure, and not the same as no request.
    assert [value for value in values if value is not None] == [0]
    assert values.count(None) == 24
    assert "no measurement" in page


def test_the_period_before_is_compared(chief: Client, acme: Organization) -> None:
    measure_some(acme, 30, times=4, processing_time=0.1)
    measure_some(acme, 2, times=4, processing_time=0.2, query_count=5)
    told = text_of(read(chief, "?period=24h"))
    slower = re.search(r"p95 (\d+) ms (\d+) % more before: (\d+) ms", told)
    assert slower is not None
    assert float(slower.group(2)) == pytest.approx(100, abs=25)
    assert re.search(r"Queries per request 5 as before", told)
    assert "nothing to compare with" in text_of(read(chief, "?period=90d"))


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ("", {"push": 3, "pull": 4}),
        ("&operation=pull", {"pull": 4}),
        ("&model=testapp.customer", {"push": 2}),
        ("&model=testapp.Customer&operation=pull", {}),
        ("&organization=acme", {"push": 2}),
    ],
)
def test_filters_are_in_the_address(chief: Client, acme: Organization, query: str, counts: Dict[str, int]) -> None:
    beta = make_organization("beta")
    measure_some(acme, 1, times=2, model_name="testapp.Customer")
    measure_some(beta, 1)
    measure_some(beta, 1, times=4, operation_type="pull")
    page = read(chief, "?period=24h" + query)
    found = charts_of(page)["charts"].get("requests", {"lines": []})
    assert {each["name"]: sum(filter(None, each["values"])) for each in found["lines"]} == counts


def test_a_range_of_ones_own_beats_the_preset(chief: Client, acme: Organization) -> None:
    measure_some(acme, 50)
    measure_some(acme, 2, times=7)
    begin = datetime.now(timezone.utc) - timedelta(hours=52)
    query = f"?period=24h&since={begin:%Y-%m-%dT%H:%M:%SZ}&until={begin + timedelta(hours=4):%Y-%m-%dT%H:%M:%SZ}"
    page = read(chief, query)
    assert [value for value in line(page, "requests", "push") if value is not None] == [1]
    assert 'aria-current="true"' not in page.split('class="presets"')[1].split("</nav>")[0]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?since=yesterday", "Enter a date such as"),
        ("?since=2026-02-31", "Enter a date such as"),
        ("?since=%00", "Null characters are not allowed."),
        ("?until=99999-01-01", "Enter a date such as"),
        ("?since=1901-01-01", "The period may be 366 days long at most."),
        ("?since=2999-01-01", "The period"),
        ("?since=2026-01-02&until=2026-01-01", "The period must end after it begins."),
        ("?period=999d", "Select a valid choice"),
        ("?operation=drop", "Select a valid choice"),
        ("?order=;", ""),
        ("?model=nowhere.Model", "There is no model called"),
        ("?model=%3Cscript%3Ealert(1)%3C/script%3E", "There is no model called"),
        ("?model=" + "x" * 300, "at most 200 characters"),
    ],
)
def test_what_cannot_be_read_is_told_and_shows_nothing(
    chief: Client, acme: Organization, query: str, words: str
) -> None:
    measure_some(acme, 1)
    page = read(chief, query, status=400)
    assert words in page.replace("&#x27;", "'")
    assert "<script>alert" not in page
    assert 'id="metrics"' not in page
    assert chief.get(PAGE + "steps.csv" + query).status_code == 400


def test_who_sees_some_organizations_sees_their_figures_alone(acme: Organization) -> None:
    beta, gamma = make_organization("beta"), make_organization("gamma")
    measure_some(acme, 1)
    measure_some(beta, 1, times=2)
    measure_some(gamma, 1, times=4)
    measure_some(None, 1, times=8)
    client = make_client(make_staff(acme, beta))
    counts = {
        query: sum(filter(None, line(read(client, query), "requests", "push")))
        for query in ("", "?organization=acme", "?organization=beta")
    }
    assert counts == {"": 3, "?organization=acme": 1, "?organization=beta": 2}
    assert client.get(PAGE + "?organization=gamma").status_code == 404
    assert client.get(PAGE + "steps.csv?organization=gamma").status_code == 404
    assert client.get(PAGE + "?organization=%00").status_code == 404
    nobody = make_client(make_staff(username="nina"))
    assert "There are no measurements yet" in read(nobody)


def test_who_may_not_export_has_no_files(acme: Organization) -> None:
    measure_some(acme, 1)
    client = make_client(make_staff(acme, permissions=[VIEW]))
    assert ".csv" not in read(client)
    assert client.get(PAGE + "steps.csv").status_code == 403
    assert (
        make_client(make_staff(acme, username="eva", permissions=[VIEW, EXPORT])).get(PAGE + "steps.csv").status_code
        == 200
    )


def test_who_may_not_see_the_pages_has_no_files(acme: Organization) -> None:
    measure_some(acme, 1)
    answer = make_client(make_staff(acme, permissions=[EXPORT])).get(PAGE + "steps.csv")
    assert answer.status_code == 403
    assert VIEW in answer.content.decode()


def test_files_hold_what_the_page_shows(chief: Client, acme: Organization) -> None:
    measure_some(acme, 3, times=2)
    measure_some(acme, 3, operation_type="pull", model_name="")
    measure_some(make_organization("beta"), 3)
    page = read(chief, "?period=24h&organization=acme")
    assert "/metrics/steps.csv?period=24h&amp;organization=acme" in page

    def rows(table: str) -> List[Dict[str, str]]:
        answer = chief.get(f"{PAGE}{table}.csv?period=24h&organization=acme")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        return list(csv.DictReader(io.StringIO(text)))

    steps = {row["operation"]: row for row in rows("steps")}
    assert (steps["push"]["requests"], steps["push"]["batch"], steps["pull"]["requests"]) == ("2.0", "10.0", "1.0")
    assert steps["push"]["start"].endswith(":00:00Z")
    kinds = [(row["operation"], row["model"], row["requests"]) for row in rows("operations")]
    assert kinds == [("push", "testapp.Order", "2.0"), ("pull", "", "1.0")]
    assert chief.get(PAGE + "secrets.csv").status_code == 404


class TestEmpty:
    def test_without_any_measurement_the_next_step_is_told(self, chief: Client, acme: Organization) -> None:
        page = read(chief, "?organization=acme")
        assert "There are no measurements yet" in page
        assert "/api/sync/docs/" in page

    def test_the_last_ones_are_offered_where_the_period_has_none(self, chief: Client, acme: Organization) -> None:
        measure_some(acme, 24 * 60)
        roll_up()
        page = read(chief, "?period=24h")
        assert "Nothing was measured in this period" in page
        found = re.search(r'class="btn btn-primary" href="(\?[^"]*since[^"]*)"', page)
        assert found is not None
        assert "Requests 1 " in text_of(read(chief, found.group(1).replace("&amp;", "&")))

    def test_measuring_that_is_switched_off_or_sampled_is_told(self, chief: Client, acme: Organization) -> None:
        measure_some(acme, 1)
        SyncConfig.set_config("SETTINGS", "METRICS_SAMPLE_RATE", 0.25)
        assert "Only 25 % of requests is measured" in text_of(read(chief))
        SyncConfig.set_config("SETTINGS", "METRICS_SAMPLE_RATE", 0)
        assert "Nothing is measured now" in read(chief)
        SyncConfig.reset([("SETTINGS", "METRICS_SAMPLE_RATE")])


def test_a_suggestion_names_its_figure(chief: Client, acme: Organization) -> None:
    measure_some(acme, 1, times=20, processing_time=9.0)
    told = text_of(read(chief))
    assert "takes more than" in told
    assert "It follows from p95 of push of testapp.Order, seconds" in told


def test_the_table_is_ordered_by_what_the_address_says(chief: Client, acme: Organization) -> None:
    for number in range(25):
        measure_some(acme, 1, times=30 - number, model_name=f"old.Model{number:02}", query_count=number)

    def models(query: str) -> List[str]:
        return re.findall(r'<a class="mono" href="[^"]*">(old\.Model\d+)</a>', read(chief, query))

    assert models("")[:2] == ["old.Model00", "old.Model01"]
    assert len(models("")) == 20
    assert "Show 5 more" in read(chief)
    assert models("?order=queries&show=all") == [f"old.Model{number:02}" for number in reversed(range(25))]


def test_the_statements_of_a_page_do_not_grow(chief: Client, acme: Organization) -> None:
    counts = []
    for times in (1, 40):
        for number in range(times):
            measure_some(acme, number, times=2, model_name=f"old.Model{number}")
        roll_up()
        measure_some(acme, 0, times=times)
        with measure() as reading:
            read(chief, "?period=90d")
        counts.append(reading.queries)
    assert counts[0] == counts[1] <= 15
