"""The project's own hooks around a push."""

from __future__ import annotations

import copy
import uuid
from typing import Any, Dict, List

import pytest
from django.db import connection, transaction

from sb_sync import RecordError
from sb_sync.models import SyncLog
from tests.integration.push.declaring import declared
from tests.integration.push.world import World
from tests.testapp.models import Customer, Region, Tag


class TestBefore:
    def test_it_sees_wire_values_and_changes_them_in_place(self, world: World) -> None:
        seen: List[Dict[str, Any]] = []

        def before_push(self: Any, record: Dict[str, Any], scope: Any) -> None:
            seen.append(copy.deepcopy(record))
            assert scope.site_id == world.acme.pk
            record["name"] = record["name"].strip()

        region = Region.objects.create(site_id=world.acme.pk, name="R")
        key = str(uuid.uuid4())
        with declared(Customer, before_push=before_push):
            result = world.one(
                model="TESTAPP.customer", _client_id="c", _version=None, id=key, name="  A ", region=region.pk
            )
        assert result["status"] == "created"
        assert seen == [{"id": key, "name": "  A ", "region_id": region.pk}]
        assert Customer.objects.get().name == "A"

    def test_it_may_return_others(self, world: World) -> None:
        def before_push(self: Any, record: Dict[str, Any], scope: Any) -> Dict[str, Any]:
            # What clients of an older version call it.
            return {"name": record.pop("title"), "age": 5}

        with declared(Customer, before_push=before_push):
            assert world.one(model="testapp.Customer", title="A")["status"] == "created"
        assert Customer.objects.values_list("name", "age").get() == ("A", 5)

    def test_it_sees_deletions_as_such(self, world: World) -> None:
        seen: List[Dict[str, Any]] = []
        made = world.one(model="testapp.Region", name="R")
        with declared(Region, before_push=lambda self, record, scope: seen.append(record)):
            assert world.one(model="testapp.Region", id=made["id"], _deleted=True)["status"] == "deleted"
        assert seen == [{"id": made["id"], "_deleted": True}]

    def test_it_may_refuse_a_record(self, world: World) -> None:
        def before_push(self: Any, record: Dict[str, Any], scope: Any) -> None:
            if record["name"] == "late":
                raise RecordError("too_late", "It is too late.", field="name")
            if record["name"] == "never":
                raise RecordError("never", "Never.")

        with declared(Region, before_push=before_push):
            results = world.results(*[{"_model": "testapp.Region", "name": name} for name in ("R", "late", "never")])
        assert [result.get("code", result["status"]) for result in results] == ["created", "too_late", "never"]
        assert results[1]["errors"] == {"name": ["It is too late."]}
        assert results[2]["errors"] == {"__all__": ["Never."]}

    def test_what_it_gives_is_validated_like_any_record(self, world: World) -> None:
        answers: List[Dict[str, Any]] = [
            {"name": 5.5, "age": "x"},
            {"name": "A", "colour": 1},
            {"name": "A", "region": 10**6},
            {"name": "A", "organization": world.rival.pk},
            {"name": "A", "_odd": 1},
            {"name": "A", "tags": [None]},
        ]
        codes = ["invalid", "unknown_field", "not_found", "permission_denied", "unknown_field", "invalid"]
        left = list(answers)
        with declared(Customer, before_push=lambda self, record, scope: left.pop(0)):
            results = world.results(*[{"_model": "testapp.Customer", "name": "A"} for _ in answers])
        assert [result.get("code") for result in results] == codes
        assert not Customer.objects.exists()

    def test_it_reaches_no_other_row(self, world: World) -> None:
        foreign = Customer.objects.create(organization=world.rival, name="F")
        own = Customer.objects.create(organization=world.acme, name="O")
        other = Customer.objects.create(organization=world.acme, name="X")

        def before_push(self: Any, record: Dict[str, Any], scope: Any) -> Dict[str, Any]:
            target = foreign.pk if record["name"] == "1" else other.pk
            return {
                "id": str(target), "_client_id": "z", "_deleted": True, "_model": "testapp.Region",
                "_version": "x", "name": "taken",
            }  # fmt: skip

        with declared(Customer, before_push=before_push):
            results = world.results(
                *[{"_model": "testapp.Customer", "id": str(own.pk), "name": name} for name in ("1", "2")]
            )
        assert [result["status"] for result in results] == ["updated", "unchanged"]
        names = {row.pk: row.name for row in Customer.objects.all()}
        assert names == {foreign.pk: "F", own.pk: "taken", other.pk: "X"}

    def test_what_it_raises_is_one_records_failure(self, world: World, caplog: Any) -> None:
        def before_push(self: Any, record: Dict[str, Any], scope: Any) -> Any:
            if record["name"] == "type":
                return ["name"]
            Tag.objects.create(slug=record["name"], organization_id=scope.site_id)
            if record["name"] == "bad":
                Tag.objects.create(slug="bad", organization_id=scope.site_id)
            return None

        names = ["good", "bad", "type", "fine"]
        with declared(Region, before_push=before_push):
            results = world.results(*[{"_model": "testapp.Region", "name": name} for name in names])
        codes = [result.get("code", result["status"]) for result in results]
        assert codes == ["created", "internal", "internal", "created"]
        assert sorted(Tag.objects.values_list("pk", flat=True)) == ["fine", "good"]
        assert "IntegrityError" in caplog.text

    def test_what_it_wrote_goes_with_an_atomic_push(self, world: World) -> None:
        def before_push(self: Any, record: Dict[str, Any], scope: Any) -> None:
            Tag.objects.create(slug=record["name"], organization_id=scope.site_id)
            transaction.on_commit(lambda: Tag.objects.create(slug="after", organization_id=scope.site_id))

        records = [{"_model": "testapp.Region", "name": "R"}, {"_model": "testapp.Region", "name": "x" * 50}]
        with declared(Region, before_push=before_push):
            assert world.push(*records, atomic=True).status == 400
        assert not Tag.objects.exists()

    def test_references_that_it_gives_are_put_in_order(self, world: World) -> None:
        def before_push(self: Any, record: Dict[str, Any], scope: Any) -> None:
            record["region_id"] = {"_client_id": "r"}

        with declared(Customer, before_push=before_push):
            results = world.results(
                {"_model": "testapp.Customer", "name": "C"},
                {"_model": "testapp.Region", "_client_id": "r", "name": "R"},
            )
        assert [result["status"] for result in results] == ["created", "created"]
        assert Customer.objects.get().region == Region.objects.get()

    def test_the_log_tells_what_was_sent(self, world: World) -> None:
        def before_push(self: Any, record: Dict[str, Any], scope: Any) -> None:
            record["document"]["deep"] = "changed"

        from tests.testapp.models import Specimen

        with declared(Specimen, before_push=before_push):
            world.one(model="testapp.Specimen", document={"deep": "sent"})
        assert SyncLog.objects.get().request_data["data"][0]["document"] == {"deep": "sent"}
        assert Specimen.objects.get().document == {"deep": "changed"}

    def test_who_may_not_push_does_not_reach_it(self, world: World) -> None:
        called: List[Any] = []
        with declared(Region, before_push=lambda self, record, scope: called.append(record)):
            result = world.one(model="testapp.Region", user=world.clerk, id=1, _deleted=True)
        assert result["code"] == "permission_denied"
        assert not called


class TestAfter:
    def test_it_is_told_once_per_model_after_the_commit(self, world: World) -> None:
        told: List[Any] = []

        def after_push(self: Any, results: List[Dict[str, Any]], scope: Any) -> None:
            assert not connection.in_atomic_block
            told.append((scope.username, [result["status"] for result in results], Region.objects.count()))
            results[0]["status"] = "spoilt"

        with declared(Region, after_push=after_push):
            results = world.results(
                {"_model": "testapp.Region", "name": "A"},
                {"_model": "testapp.Tag", "id": "t"},
                {"_model": "testapp.region"},
                {"_model": "testapp.Region", "name": "B"},
            )
            assert world.push({"_model": "testapp.Tag", "id": "u"}).status == 200
        assert told == [("ann", ["created", "error", "created"], 2)]
        assert results[0]["status"] == "created"

    def test_an_undone_push_does_not_reach_it(self, world: World) -> None:
        told: List[Any] = []
        with declared(Region, after_push=lambda self, results, scope: told.append(results)):
            assert world.push({"_model": "testapp.Region"}, atomic=True).status == 400
        assert not told

    @pytest.mark.parametrize("error", [ValueError("no"), RecordError("x", "y"), KeyError("z")])
    def test_what_it_raises_changes_nothing(self, world: World, caplog: Any, error: Exception) -> None:
        def after_push(self: Any, results: List[Dict[str, Any]], scope: Any) -> None:
            raise error

        with declared(Region, after_push=after_push):
            assert world.one(model="testapp.Region", name="A")["status"] == "created"
        assert "after_push failed" in caplog.text
