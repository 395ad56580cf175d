"""The records that devices push in the story."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from demo.story.device import Device, Record

# A key that the device chose; the other shop gets its key from the server.
SHOP_KEY = "7d3c2f0e-5a41-4b7e-9c86-0f1e2d3c4b5a"


def offline_batch(device: Device) -> List[Record]:
    """Return what was made and changed offline, children before their parents; the change comes last."""
    products = [row["id"] for row in device.rows["sales.Product"].values()][:7]
    old_shop = device.rows["sales.Customer"][max(device.rows["sales.Customer"])]
    lines = [
        _make("OrderLine", f"line-{number}", order_id={"_client_id": order}, product_id=product, quantity=number,
              price="12.50")
        for number, (order, product) in enumerate(
            zip(["order-1", "order-1", "order-1", "order-2", "order-2", "order-3", "order-3"], products), start=1
        )
    ]  # fmt: skip
    orders = [
        _make("Order", "order-1", customer_id=SHOP_KEY, number="N-1", placed_on="2026-07-01"),
        _make("Order", "order-2", customer_id={"_client_id": "shop-2"}, number="N-1", placed_on="2026-07-01"),
        _make("Order", "order-3", customer_id=old_shop["id"], number="N-2", placed_on="2026-07-02"),
    ]
    visits = [
        _make("Visit", "visit-2", customer_id=SHOP_KEY, previous_id={"_client_id": "visit-1"},
              starts_at="2026-07-02T09:30:00Z", products=products[:2]),
        _make("Visit", "visit-1", customer_id=SHOP_KEY, starts_at="2026-07-01T14:00:00Z", note="First call."),
    ]  # fmt: skip
    shops: List[Record] = [
        {**_make("Customer", "shop-1", name="The Lighthouse Café", town="Whitby"), "id": SHOP_KEY},
        _make("Customer", "shop-2", name="Quay Bakery", town="Whitby", credit_limit="500.00"),
    ]
    change = {
        "_model": "sales.Customer",
        "id": old_shop["id"],
        "_version": old_shop["_version"],
        "phone": "01632 960999",
    }
    return [*lines, *orders, *visits, *shops, change]


def foreign_records(own: Device, foreign: Device) -> List[Tuple[str, Record]]:
    """Return records that name rows of another organization, each with what it tries; a deletion comes last."""
    customer = next(iter(foreign.rows["sales.Customer"].values()))
    order = next(iter(foreign.rows["sales.Order"].values()))
    visit = next(iter(foreign.rows["sales.Visit"].values()))
    own_customer = min(own.rows["sales.Customer"])
    taken = {name: value for name, value in customer.items() if name not in ("_version", "organization", "updated_at")}
    new_order = {"number": "X-1", "placed_on": "2026-07-03"}
    return [
        ("its customer", {**taken, "manager_id": None, "note": "Taken over."}),
        ("its order", {"_model": "sales.Order", "id": order["id"], "remark": "Taken over."}),
        ("an order for its customer", _make("Order", "x-1", customer_id=customer["id"], **new_order)),
        (
            "a visit after its visit",
            _make("Visit", "x-2", customer_id=own_customer, previous_id=visit["id"], starts_at="2026-07-03T08:00:00Z"),
        ),
        (
            "a customer put into it",
            _make("Customer", "x-3", name="Mole", town="Hull", organization=customer["organization"]),
        ),
        ("a deletion of its customer", {"_model": "sales.Customer", "id": customer["id"], "_deleted": True}),
    ]


def _make(model: str, client_id: str, **fields: Any) -> Dict[str, Any]:
    """Return a record of a row that the device made."""
    return {"_model": "sales." + model, "_client_id": client_id, **fields}
