"""What happens, chapter by chapter; each tells its lines to the stage."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Dict, List

from django.db.models import F

from demo.sales.models import Customer, Order, OrderLine, Product, Visit
from demo.sales.seeding.access import ORGANIZATIONS
from demo.story import truth
from demo.story.batches import SHOP_KEY, foreign_records, offline_batch
from demo.story.device import Device, Pulled
from demo.story.stage import Check, Stage

ALDER, BEXLEY = (slug for slug, _ in ORGANIZATIONS)
HOME = {"anna": ALDER, "amir": ALDER, "bea": BEXLEY}


def first_pull(stage: Stage) -> None:
    """Log in three devices of two organizations and fill them."""
    for username, slug in HOME.items():
        device = stage.enter(username)
        answer = stage.log_in(device)
        slugs = [organization["slug"] for organization in answer.body["organizations"]]
        stage.tell(username, "logs in", None, answer.milliseconds, Check("belongs to " + slug, [slug], slugs))
    for username, slug in HOME.items():
        device = stage.devices[username]
        pulled = device.pull()
        expected = truth.count(slug)
        stage.tell(
            username,
            f"pulls for the first time, {pulled.answers} answers of up to 1,000",
            pulled.records,
            pulled.milliseconds,
            Check(f"{expected:,} rows in the database", expected, pulled.records),
            Check("no tombstones", 0, pulled.tombstones),
            *in_step(device, slug),
        )


def work_offline(stage: Stage) -> None:
    """Push what was made offline, twice, as the first answer was lost."""
    anna = stage.devices["anna"]
    batch = offline_batch(anna)
    before = _counts()
    pushed = anna.push(batch)
    made = {name: count - before[name] for name, count in _counts().items()}
    results = pushed.body["results"]
    stage.tell(
        "anna",
        "pushes what she made offline: shops, orders, lines and visits that name each other by _client_id, lines first",
        len(batch),
        pushed.milliseconds,
        Check("all applied", len(batch), pushed.body["success_count"]),
        Check("success", "success", pushed.body["status"]),
        Check("2 shops, 3 orders, 7 lines, 2 visits made", _MADE, made),
        Check("1 shop changed", "01632 960999", Customer.objects.get(pk=batch[-1]["id"]).phone),
        Check("own organization", ALDER, Customer.objects.get(pk=SHOP_KEY).organization.slug),
    )
    again = anna.push(batch)
    stage.tell(
        "anna",
        "never saw the answer and pushes the same again",
        len(batch),
        again.milliseconds,
        Check("all unchanged", ["unchanged"] * len(batch), [result["status"] for result in again.body["results"]]),
        Check("the same rows", [r["id"] for r in results], [r["id"] for r in again.body["results"]]),
        Check("none twice", {name: before[name] + made[name] for name in before}, _counts()),
    )
    _pull_what_was_made(stage, batch, results)


def _pull_what_was_made(stage: Stage, batch: List[Any], results: List[Any]) -> None:
    """Let her who pushed and a colleague pull it; the names are hers alone."""
    for username in ("anna", "amir"):
        pulled = stage.devices[username].pull()
        named = {record["_client_id"] for record in stage.devices[username].received if "_client_id" in record}
        sent = {record["_client_id"] for record in batch if "_client_id" in record} if username == "anna" else set()
        stage.tell(
            username,
            "pulls what she made" if username == "anna" else "pulls what the colleague made",
            pulled.records,
            pulled.milliseconds,
            Check("these and no others", sorted(str(r["id"]) for r in results), _received_keys(stage, username)),
            Check("her own names come back" if sent else "no names of hers", sent, named),
            *in_step(stage.devices[username], ALDER),
        )


def write_behind_the_api(stage: Stage) -> None:
    """Change rows where no signal is sent, and see them arrive."""
    products = Product.objects.filter(sku__startswith="O")
    raised = products.update(price=F("price") + Decimal("0.50"))
    _everybody_pulls(stage, "queryset.update() on shared products", dict.fromkeys(HOME, raised))
    renamed = truth.run_sql(
        "UPDATE sales_customer SET town = %s WHERE town = %s AND organization_id = "
        "(SELECT site_id FROM sb_sync_organization WHERE slug = %s)",
        ["York St Peter", "York", ALDER],
    )
    _everybody_pulls(stage, "raw SQL on a bare connection", {"anna": renamed, "amir": renamed, "bea": 0})
    visit = Visit.objects.filter(customer__organization__slug=BEXLEY, products=None).order_by("pk")[0]
    visit.products.set(products[:3])
    _everybody_pulls(stage, "visit.products.set(), a many-to-many", {"anna": 0, "amir": 0, "bea": 1})


def change_hands(stage: Stage) -> None:
    """Let a customer go over to the other organization, with all that hangs on it."""
    customer = _customer_with_everything(ALDER)
    moved = 1 + truth.rows_below([customer.pk])
    new_owner = Customer.objects.filter(organization__slug=BEXLEY)[0].organization_id
    Customer.objects.filter(pk=customer.pk).update(organization=new_owner, manager=None)
    for username, slug in HOME.items():
        pulled = stage.devices[username].pull()
        reasons = {tombstone["_reason"] for tombstone in stage.devices[username].tombstones}
        leaves = slug == ALDER
        stage.tell(
            username,
            "loses a customer that changed hands, its orders, lines and visits" if leaves else "gets them",
            pulled.records,
            pulled.milliseconds,
            Check(f"{moved} rows moved", moved, pulled.records),
            Check("out_of_scope" if leaves else "none lost", {"out_of_scope"} if leaves else set(), reasons),
            *in_step(stage.devices[username], slug),
        )


def delete_with_cascade(stage: Stage) -> None:
    """Delete a customer by push; what the cascade took disappears from the colleague's device too."""
    anna = stage.devices["anna"]
    customer = _customer_with_everything(ALDER)
    gone = 1 + truth.rows_below([customer.pk])
    before = sum(_counts().values())
    record = anna.row("sales.Customer", customer.pk)
    deletion = {"_model": "sales.Customer", "id": record["id"], "_deleted": True, "_version": record["_version"]}
    pushed = anna.push([deletion])
    stage.tell(
        "anna",
        "deletes a customer, which takes its orders, lines and visits along",
        1,
        pushed.milliseconds,
        Check("deleted", ["deleted"], [result["status"] for result in pushed.body["results"]]),
        Check(f"{gone} rows gone", gone, before - sum(_counts().values())),
    )
    again = anna.push([deletion])
    stage.tell(
        "anna",
        "deletes it again",
        1,
        again.milliseconds,
        Check("unchanged", ["unchanged"], [result["status"] for result in again.body["results"]]),
    )
    for username in ("amir", "anna"):
        pulled = stage.devices[username].pull()
        reasons = {tombstone["_reason"] for tombstone in stage.devices[username].tombstones}
        stage.tell(
            username,
            "pulls a tombstone for each",
            pulled.records,
            pulled.milliseconds,
            Check(f"{gone} tombstones", gone, pulled.tombstones),
            Check("deleted", {"deleted"}, reasons),
            *in_step(stage.devices[username], ALDER),
        )


def meet_a_conflict(stage: Stage) -> None:
    """Let two devices change the same row; the second is told, and nothing of the first is lost."""
    anna, amir = stage.devices["anna"], stage.devices["amir"]
    key = min(anna.rows["sales.Customer"])
    change = {"_model": "sales.Customer", "id": key, "_version": anna.row("sales.Customer", key)["_version"]}
    first = anna.push([{**change, "note": "Prefers mornings."}])
    second = amir.push([{**change, "note": "Prefers evenings."}])
    result = second.body["results"][0]
    stage.tell(
        "amir",
        "changes a note that anna changed since he pulled it",
        1,
        first.milliseconds + second.milliseconds,
        Check("conflict", "conflict", result["status"]),
        Check("told her note", "Prefers mornings.", (result.get("server") or {}).get("note")),
        Check("hers stands", "Prefers mornings.", Customer.objects.get(pk=key).note),
    )


def refuse_foreign_rows(stage: Stage) -> None:
    """Name rows of the other organization in every place that takes a key."""
    anna, bea = stage.devices["anna"], stage.devices["bea"]
    bea.pull()
    records = foreign_records(anna, bea)
    before, counts = truth.contents(BEXLEY), _counts()
    pushed = anna.push([record for _, record in records])
    statuses = [result["status"] for result in pushed.body["results"]]
    stage.tell(
        "anna",
        "pushes records that name rows of bexley: " + ", ".join(what for what, _ in records),
        len(records),
        pushed.milliseconds,
        Check("refused", ["error"] * (len(records) - 1) + ["unchanged"], statuses),
        Check("bexley as before", True, before == truth.contents(BEXLEY)),
        Check("nothing written", counts, _counts()),
    )
    pulled = bea.pull()
    stage.tell("bea", "sees nothing of it", pulled.records, pulled.milliseconds, Check("0 records", 0, pulled.records))


def obey_the_group(stage: Stage) -> None:
    """Let an analyst read, and refuse her writing."""
    alice = stage.enter("alice")
    stage.log_in(alice)
    pulled = alice.pull()
    stage.tell(
        "alice",
        "pulls as an analyst, who may only read",
        pulled.records,
        pulled.milliseconds,
        Check("all rows", truth.count(ALDER), pulled.records),
        *in_step(alice, ALDER),
    )
    key = min(alice.rows["sales.Customer"])
    answer = alice.ask("push/", {"data": [{"_model": "sales.Customer", "id": key, "name": "Mine"}]})
    stage.tell(
        "alice",
        "pushes a change",
        1,
        answer.milliseconds,
        Check("403 permission_denied", (403, "permission_denied"), (answer.status, answer.body.get("code"))),
        Check("not written", False, Customer.objects.filter(name="Mine").exists()),
    )


def serve_two_organizations(stage: Stage) -> None:
    """Let one user work in both organizations, one at a time."""
    clara = stage.enter("clara")
    stage.log_in(clara)
    answer = clara.ask("pull/", {})
    stage.tell(
        "clara",
        "belongs to both organizations and names none",
        None,
        answer.milliseconds,
        Check("400 organization_required", (400, "organization_required"), (answer.status, answer.body.get("code"))),
    )
    clara.close()
    for slug in (ALDER, BEXLEY):
        device = stage.enter("clara", slug, name="clara at " + slug)
        stage.log_in(device)
        pulled = device.pull()
        stage.tell(
            "clara",
            f"pulls with X-Organization: {slug}",
            pulled.records,
            pulled.milliseconds,
            Check(f"{truth.count(slug):,} rows of {slug}", truth.count(slug), pulled.records),
            *in_step(device, slug),
        )


def pull_while_others_write(stage: Stage) -> None:
    """Fill a device in small pages while the rows change between them."""
    boris = stage.enter("boris")
    stage.log_in(boris)
    towns = iter(range(10_000))
    customers = list(Customer.objects.filter(organization__slug=BEXLEY).values_list("pk", flat=True))

    def write() -> None:
        turn = next(towns)
        chosen = customers[turn * 7 % len(customers)]
        Customer.objects.filter(pk=chosen).update(note=f"Changed between page {turn} and the next.")
        if turn < 10:
            OrderLine.objects.filter(order__customer__organization__slug=BEXLEY).order_by("pk")[turn].delete()

    pulled = boris.pull(batch_size=250, between=write)
    stage.tell(
        "boris",
        "pulls 250 at a time while rows change and vanish between the pages",
        pulled.records,
        pulled.milliseconds,
        Check(f"{pulled.answers} answers", True, pulled.answers > 10),
        *in_step(boris, BEXLEY),
    )


def end_in_step(stage: Stage) -> None:
    """Let every device pull once more, and compare each value of each row with the database."""
    for name, device in stage.devices.items():
        if not device.cursors:
            continue
        pulled = device.pull()
        slug = device.organization or HOME.get(name) or (BEXLEY if name == "boris" else ALDER)
        stage.tell(
            device.username,
            f"pulls once more and holds {device.count():,} rows of {slug}",
            pulled.records,
            pulled.milliseconds,
            Check(f"{truth.count(slug):,} rows", truth.count(slug), device.count()),
            *in_step(device, slug),
            Check("never reset", [], device.resets),
        )
    _compare_with_new_device(stage)


def _compare_with_new_device(stage: Stage) -> None:
    """Check that a device with a history holds what a new one gets, versions included."""
    fresh = stage.enter("amir", name="amir's new phone")
    stage.log_in(fresh)
    pulled = fresh.pull()
    stage.tell(
        "amir",
        "takes a new phone",
        pulled.records,
        pulled.milliseconds,
        Check("the same, record by record", True, fresh.rows == stage.devices["amir"].rows),
    )


CHAPTERS = (
    first_pull,
    work_offline,
    write_behind_the_api,
    change_hands,
    delete_with_cascade,
    meet_a_conflict,
    refuse_foreign_rows,
    obey_the_group,
    serve_two_organizations,
    pull_while_others_write,
    end_in_step,
)
_MADE = {"Product": 0, "Customer": 2, "Order": 3, "OrderLine": 7, "Visit": 2}


def in_step(device: Device, slug: str) -> List[Check]:
    """Return the check that a device holds exactly the rows of its organization."""
    return [Check("in step", [], truth.differences(device, slug)[:5])]


def _everybody_pulls(stage: Stage, what: str, expected: Dict[str, int]) -> None:
    """Let the three devices pull, and check how many records each gets."""
    for username, slug in HOME.items():
        device = stage.devices[username]
        pulled: Pulled = device.pull()
        stage.tell(
            username,
            "pulls after " + what,
            pulled.records,
            pulled.milliseconds,
            Check(f"{expected[username]} changed", expected[username], pulled.records),
            *in_step(device, slug),
        )


def _received_keys(stage: Stage, username: str) -> List[str]:
    """Return the keys of the last pull of a device."""
    return sorted(str(record["id"]) for record in stage.devices[username].received)


def _customer_with_everything(slug: str) -> Customer:
    """Return a customer that has orders with lines, and visits."""
    return (
        Customer.objects.filter(organization__slug=slug, orders__lines__isnull=False, visits__previous__isnull=False)
        .order_by("pk")
        .distinct()[0]
    )


def _counts() -> Dict[str, int]:
    """Return how many rows each table holds."""
    tables: List[Any] = [Product, Customer, Order, OrderLine, Visit]
    return {model.__name__: model.objects.count() for model in tables}
