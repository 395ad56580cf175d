"""Figures over HTTP: one's own, true, and nobody else's."""

from __future__ import annotations

import re
from typing import Any, List

import pytest
from django.contrib.auth import get_user_model

from sb_sync.config import SyncConfig
from sb_sync.models import ModelPermission, Organization, PerformanceMetrics
from sb_sync.ops import exposition
from sb_sync.ops.rollup import roll_up
from sb_sync.optimizations import measure
from sb_sync.testing.factories import grant, make_member, make_organization
from tests.integration.api.client import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chief(organization: Organization) -> Api:
    """Staff of acme, with rights on everything there."""
    make_member(organization, username="chief", password="pass", is_staff=True)
    api = Api()
    api.log_in("chief")
    return api


@pytest.fixture
def stranger() -> Api:
    beta = make_organization("beta")
    grant(beta, models=["testapp.Region"])
    make_member(beta, username="bea", password="pass")
    api = Api()
    api.log_in("bea")
    return api


def work(api: Api, times: int = 1) -> None:
    for number in range(times):
        assert api.post("push/", {"data": [{"_model": "testapp.Region", "name": f"R{number}"}]}).status_code == 200
    assert api.post("pull/", {"models": ["testapp.Region"]}).status_code == 200


def operations(api: Api, address: str = "performance/") -> List[Any]:
    told = api.get(address).json()["performance_stats"]["operations"]
    return [(each["operation"], each["model"], each["total_operations"]) for each in told]


def test_what_was_done_is_measured(api: Api) -> None:
    work(api, 3)
    told = api.get("performance/").json()
    stats = told["performance_stats"]
    assert (stats["total_operations"], stats["is_whole"]) == (4, True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00:00Z", stats["since"])
    assert operations(api) == [("pull", "testapp.Region", 1), ("push", "testapp.Region", 3)]
    times = list(PerformanceMetrics.objects.values_list("processing_time", flat=True))
    assert stats["average_processing_time"] == pytest.approx(sum(times) / 4, abs=1e-5)
    pushed = max(PerformanceMetrics.objects.filter(operation_type="push").values_list("processing_time", flat=True))
    push = stats["operations"][1]
    assert push["p99"] == pytest.approx(pushed, rel=0.19)
    assert 0 < push["p50"] <= push["p95"] <= push["p99"]
    assert (push["records"], push["queries"] > 0) == (3, True)
    assert told["current_memory_usage"] > 1
    # What the process did before in other tests is its own.
    assert {each["code"] for each in told["optimization_suggestions"]} <= {"cache_misses", "memory"}


def test_cache_figures_are_those_of_what_was_looked_up(api: Api) -> None:
    api.get("performance/")
    before = api.get("performance/").json()["cache_stats"]
    # The look-up of a token finds what is set as it was known: that is one hit.
    after = api.get("performance/").json()
    assert after["cache_stats"]["cache_hits"] == before["cache_hits"] + 1
    assert after["cache_stats"]["cache_misses"] == before["cache_misses"]
    SyncConfig.set_config("SETTINGS", "DEFAULT_BATCH_SIZE", 77)
    changed = api.get("performance/").json()
    hits, misses = changed["cache_stats"]["cache_hits"], changed["cache_stats"]["cache_misses"]
    assert misses > before["cache_misses"]
    assert changed["performance_stats"]["cache_hit_rate"] == pytest.approx(hits / (hits + misses), abs=1e-5)


@pytest.mark.parametrize("rolled_up", [True, False])
def test_nobody_sees_another_organization_s_figures(api: Api, stranger: Api, rolled_up: bool) -> None:
    work(api, 2)
    if rolled_up:
        roll_up()
    assert operations(stranger) == []
    assert stranger.get("performance/").json()["performance_stats"]["total_operations"] == 0
    work(stranger)
    assert operations(stranger) == [("pull", "testapp.Region", 1), ("push", "testapp.Region", 1)]
    for place in ("acme", "nowhere", "%00"):
        assert stranger.get("performance/?organization=" + place).json()["code"] == "organization_denied"


def test_a_model_without_a_right_has_no_name(api: Api) -> None:
    work(api)
    ModelPermission.objects.filter(model_name="testapp.Region").delete()
    answer = api.get("performance/")
    assert b"testapp.Region" not in answer.content
    assert operations(api) == [("pull", None, 1), ("push", None, 1)]


def test_models_are_called_what_clients_call_them(api: Api) -> None:
    work(api)
    SyncConfig.set_config("MODEL_DISCOVERY", "MODEL_NAMESPACE", "shop")
    assert operations(api)[0] == ("pull", "shop.testapp.Region", 1)


class TestAll:
    def test_staff_may_see_all_together(self, chief: Api, stranger: Api) -> None:
        work(chief)
        work(stranger, 2)
        assert operations(chief)[1] == ("push", "testapp.Region", 1)
        assert operations(chief, "performance/?scope=all")[1] == ("push", "testapp.Region", 3)
        assert operations(chief, "performance/?scope=own") == operations(chief)

    def test_staff_without_an_organization_may_too(self, organization: Organization) -> None:
        get_user_model().objects.create_user("ops", password="pass", is_staff=True)
        api = Api()
        api.log_in("ops")
        assert api.get("performance/?scope=all").status_code == 200
        assert api.get("performance/").json()["code"] == "organization_denied"

    def test_others_may_not(self, api: Api) -> None:
        answer = api.get("performance/?scope=all")
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")

    @pytest.mark.parametrize("scope", ["", "ALL", "x", "%00", "%ff"])
    def test_another_word_is_malformed(self, chief: Api, scope: str) -> None:
        answer = chief.get("performance/?scope=" + scope)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")

    def test_without_a_token_nothing_is_told(self) -> None:
        for address in ("performance/", "performance/?scope=all", "metrics/"):
            assert Api().get(address).status_code == 401


def test_the_statements_of_an_answer_do_not_grow(api: Api) -> None:
    counts = []
    for times in (1, 12):
        work(api, times)
        with measure() as asking:
            api.get("performance/")
        counts.append(asking.queries)
    assert counts[0] == counts[1] <= 8


class TestPrometheus:
    def test_staff_get_counts_that_go_on(self, chief: Api, stranger: Api) -> None:
        work(stranger, 2)
        first = self.read(chief)
        kind = frozenset({("operation", "push"), ("model", "testapp.Region")})
        assert first["sb_sync_operation_seconds_count", kind] == 2
        assert first["sb_sync_records_total", kind] == 2
        roll_up()
        work(stranger, 1)
        second = self.read(chief)
        assert second["sb_sync_operation_seconds_count", kind] == 3
        assert second["sb_sync_operation_seconds_sum", kind] > 0
        counters = [name for name in first if name[0].endswith(("_total", "_count", "_bucket"))]
        assert all(second[name] >= first[name] for name in counters)
        assert second["sb_sync_check", frozenset({("check", "database")})] == 1.0
        assert second["sb_sync_resident_memory_bytes", frozenset()] > 1024 * 1024

    def test_buckets_hold_all_that_is_shorter(self, chief: Api) -> None:
        for seconds in (0.0001, 0.3, 0.7, 1.0, 500.0):
            PerformanceMetrics.objects.create(operation_type="pull", processing_time=seconds)
        roll_up()
        found = self.read(chief)
        kind = {("operation", "pull"), ("model", "")}

        def below(bound: str) -> Any:
            return found["sb_sync_operation_seconds_bucket", frozenset({*kind, ("le", bound)})]

        assert [below(bound) for bound in ("0.0009765625", "0.5", "1.0", "128.0", "+Inf")] == [1, 2, 3, 4, 5]

    def test_only_staff_may_read_it(self, api: Api) -> None:
        answer = api.get("metrics/")
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")

    def test_without_the_package_it_says_what_to_install(self, chief: Api, monkeypatch: Any) -> None:
        monkeypatch.setattr(exposition, "families", None)
        answer = chief.get("metrics/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "sb-sync[prometheus]" in answer.json()["detail"]

    @staticmethod
    def read(api: Api) -> Any:
        from prometheus_client.parser import text_string_to_metric_families

        answer = api.get("metrics/")
        assert answer["Content-Type"].startswith("text/plain")
        families = text_string_to_metric_families(answer.content.decode())
        samples = [sample for each in families for sample in each.samples]
        return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def test_names_that_clients_make_up_are_measured_under_none(api: Api, chief: Api) -> None:
    api.post("push/", {"data": [{"_model": "evil.Made"}]})
    api.post("pull/", {"models": ["evil.Up"]})
    api.post("push/", {"data": [{"_model": "TESTAPP.region", "name": "x"}]})
    assert {model for _, model, _ in operations(chief, "performance/?scope=all")} <= {None, "testapp.Region"}
    assert set(PerformanceMetrics.objects.values_list("model_name", flat=True)) <= {"", "testapp.Region"}
