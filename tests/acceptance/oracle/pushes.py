"""Pushes of an offline client, made from what it holds, and what must be true after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Set

from sb_sync import catalog
from tests.acceptance.oracle.client import OfflineClient
from tests.acceptance.oracle.edits import TEXTS
from tests.acceptance.oracle.image import LABELS, Image, Row, encode, encode_row, model_of, take_image, wire_fields
from tests.acceptance.oracle.truth import View, find_view
from tests.acceptance.oracle.world import World

Record = Dict[str, Any]

#: Foreign keys that a push may set, by label: (name, model named, may be null).
REFERENCES = {
    "testapp.Customer": [("region", "testapp.Region", True)],
    "testapp.Order": [("customer", "testapp.Customer", False)],
    "testapp.OrderLine": [("order", "testapp.Order", False), ("product", "testapp.Product", False)],
    "testapp.Visit": [("customer", "testapp.Customer", True), ("previous", "testapp.Visit", True)],
}
LISTS = {"testapp.Customer": [("tags", "testapp.Tag")], "testapp.Visit": [("products", "testapp.Product")]}
#: Models of which a client makes rows.
CREATED = ("testapp.Customer", "testapp.Order", "testapp.OrderLine", "testapp.Visit", "testapp.Region", "testapp.Place")


@dataclass(frozen=True)
class Sent:
    """One record of a push, with the record that the client held before it."""

    record: Record
    held: Optional[Record]


def push(world: World, client: OfflineClient) -> None:
    """Push what a client changed offline, and check what became of it; now and then the answer is lost."""
    sent = _make_batch(world, client)
    if not sent:
        return
    view, before = find_view(client.user, client.organization), take_image()
    body: Record = {"data": [each.record for each in sent], "atomic": world.chance.random() < 0.2}
    key = {"HTTP_IDEMPOTENCY_KEY": world.next_uuid().hex}
    answer = client.post("push/", body, **key)
    after = take_image()
    world.tell("push by", client.name, body, "->", answer.status_code, answer.json().get("results", answer.json()))
    if world.chance.random() < 0.3:
        _send_again(client, body, key, answer, after)
    if view is None:
        assert answer.status_code == 403, answer.json()
        assert after == before, "a stranger wrote"
        return
    _check_strangers(view, before, after)
    if answer.status_code == 400:
        assert body["atomic"], answer.json()
        assert after == before, "an atomic push that failed left something"
        return
    results = {result["index"]: result for result in answer.json()["results"]}
    has_deletions = any("_deleted" in each.record for each in sent)
    for index, each in enumerate(sent):
        if not has_deletions and each.held is not None:
            _check_version(view, each, results[index], before)
        _check_values(view, each, results[index], after, is_alone=len(sent) == 1)


def _send_again(client: OfflineClient, body: Record, key: Dict[str, str], answer: Any, after: Image) -> None:
    """Send the same under the same key: the same answer and nothing written, unless nothing was kept of the first."""
    again = client.post("push/", body, **key)
    if answer.status_code in (200, 400):
        told = f"a repeated push was answered {again.status_code} {again.json()}"
        assert (again.status_code, again.json()) == (answer.status_code, answer.json()), told
        assert take_image() == after, "a repeated push wrote again"


def _make_batch(world: World, client: OfflineClient) -> List[Sent]:
    """Return some records of rows that differ."""
    sent: List[Sent] = []
    taken: Set[Any] = set()
    names: Dict[str, str] = {}
    for _ in range(world.chance.choice([1, 1, 1, 2, 4])):
        label = world.chance.choice([each for each in LABELS if each != "testapp.Badge"])
        held = world.chance.choice([None, *sorted(client.rows.get(label, {}).values(), key=lambda row: str(row["id"]))])
        if held is None and label in CREATED:
            sent.append(Sent(_make_creation(world, client, label, names), None))
        elif held is not None and (label, held["id"]) not in taken:
            taken.add((label, held["id"]))
            if world.chance.random() < 0.2:
                _change_meanwhile(world, label, held["id"])
            sent.append(Sent(_make_change(world, client, label, held, names), held))
    world.chance.shuffle(sent)
    return sent


def _change_meanwhile(world: World, label: str, key: Any) -> None:
    """Let somebody else change the row that a client is about to push."""
    if label in TEXTS:
        word = world.word()
        world.tell("meanwhile", label, key, word)
        model_of(label)._base_manager.filter(pk=key).update(**{TEXTS[label]: word})


def _make_creation(world: World, client: OfflineClient, label: str, names: Dict[str, str]) -> Record:
    """Return a record of a new row; later ones may name it."""
    record: Record = {"_model": label, "_client_id": world.next_name()}
    if label == "testapp.Customer" and world.chance.random() < 0.5:
        record["id"] = str(world.next_uuid())
    if label in TEXTS:
        record[TEXTS[label]] = world.word()
    for name, target, may_be_null in REFERENCES.get(label, []):
        reference = _refer(world, client, target, names)
        if reference is not None or may_be_null:
            record[name] = reference
    for name, target in LISTS.get(label, []):
        record[name] = [key for key in (_refer(world, client, target, names),) if key is not None]
    names[label] = record["_client_id"]
    return record


def _make_change(world: World, client: OfflineClient, label: str, held: Record, names: Dict[str, str]) -> Record:
    """Return a record that changes or deletes a row."""
    chance = world.chance
    record: Record = {"_model": label, "id": held["id"]}
    if chance.random() < 0.6:
        record["_version"] = held["_version"]
    kind = chance.random()
    if kind < 0.15:
        return {**record, "_deleted": True}
    if kind < 0.25:
        return {**held, **record}
    if label in TEXTS:
        record[TEXTS[label]] = world.word()
    if kind < 0.5:
        for name, target, _ in REFERENCES.get(label, []):
            record[name] = _refer(world, client, target, names)
        for name, target in LISTS.get(label, []):
            record[name] = [key for key in (_refer(world, client, target, names),) if key is not None]
    if label == "testapp.OrderLine":
        record["quantity"] = chance.randint(1, 5)
    return record


def _refer(world: World, client: OfflineClient, label: str, names: Dict[str, str]) -> Any:
    """Return a reference: to a new row of the push, one that the client holds, or any, also a stranger's."""
    shape = world.chance.random()
    if shape < 0.4 and label in names:
        return {"_client_id": names[label]}
    if shape < 0.85 and client.rows.get(label):
        return world.chance.choice(sorted(client.rows[label], key=str))
    row = world.pick(label)
    return None if row is None else encode(row.pk)


def _check_strangers(view: View, before: Image, after: Image) -> None:
    """Rows that the user could not see stand as they were; lists may lose keys of rows that are gone."""
    for label in LABELS:
        gone = {name: set(before[name]) - set(after[name]) for name in LABELS}
        for key, row in before[label].items():
            if view.shows(before, label, row):
                continue
            assert key in after[label], f"a row out of scope is gone: {label} {key}"
            expected = dict(row)
            for field in model_of(label)._meta.many_to_many:
                expected[field.name] = row[field.name] - gone[field.related_model._meta.label]
            assert after[label][key] == expected, f"a row out of scope was written: {label} {key}"
        for key in set(after[label]) - set(before[label]):
            assert view.may_push(label), f"a row was made without the right: {label} {key}"


def _check_version(view: View, sent: Sent, result: Record, before: Image) -> None:
    """A changed row is a conflict, and nothing else is."""
    record, held = sent.record, sent.held
    assert held is not None
    label = record["_model"]
    synced = catalog.find(label)
    assert synced is not None
    if "_version" not in record or not view.may_push(label):
        return
    row = _find(before, label, record["id"])
    if row is None or not view.shows(before, label, row):
        if _is_plain(record):
            assert result["status"] == "conflict", result
        return
    stored = encode_row(label, row)
    if all(stored[name] == held.get(name) for name in stored):
        assert result["status"] != "conflict", f"no conflict, but told as one: {record} {result} {stored} {held}"
    elif _is_plain(record):
        is_equal = all(stored[name] == value for name, value in record.items() if name in stored)
        assert result["status"] == ("unchanged" if is_equal else "conflict"), f"{record} {result} {stored} {held}"


def _is_plain(record: Record) -> bool:
    """Tell whether a record changes values that are valid whatever else stands there."""
    label = record["_model"]
    references = {name for name, _, _ in REFERENCES.get(label, [])} | {name for name, _ in LISTS.get(label, [])}
    return not references & set(record) and "organization" not in record and "organization_id" not in record


def _check_values(view: View, sent: Sent, result: Record, after: Image, *, is_alone: bool) -> None:
    """What was told as written stands there; of a record alone, in the user's scope."""
    record = sent.record
    label = record["_model"]
    if result["status"] not in ("created", "updated", "unchanged") or "_deleted" in record:
        return
    row = _find(after, label, result["id"])
    if row is None:
        assert not is_alone, f"told as written, and not there: {result}"
        return
    if is_alone:
        assert view.shows(after, label, row), f"written out of the user's own sight: {record} {result}"
    stored = encode_row(label, row)
    ignored = set(result.get("ignored", ()))
    for field in wire_fields(label):
        name = field.name if field.name in record else getattr(field, "attname", field.name)
        if name in record and name not in ignored and not field.is_relation:
            assert stored[getattr(field, "attname", field.name)] == record[name], f"{record} {result} {stored}"


def _find(image: Image, label: str, key: Any) -> Optional[Row]:
    """Return a row by its key on the wire."""
    return next((row for pk, row in image[label].items() if encode(pk) == key), None)
