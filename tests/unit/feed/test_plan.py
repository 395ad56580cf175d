"""Which tables are captured, and which a model is read from."""

from __future__ import annotations

from sb_sync.feed.plan import make_plan


def test_every_table_between_a_row_and_its_organization_is_captured() -> None:
    captures = make_plan("default").captures
    lines = captures["testapp_orderline"]
    assert [hop.to_table for hop in lines.path.hops] == ["testapp_order", "testapp_customer"]
    assert lines.path.column == "organization_id"


def test_a_table_knows_what_finds_its_organization_through_it() -> None:
    (route,) = make_plan("default").captures["testapp_customer"].routes
    assert route.anchor == "id"
    assert sorted(below.table for below in route.descendants) == [
        "testapp_badge",
        "testapp_customer_tags",
        "testapp_order",
        "testapp_orderline",
    ]


def test_a_list_of_many_is_logged_by_the_row_that_owns_it() -> None:
    plan = make_plan("default")
    assert plan.captures["testapp_customer_tags"].key == "customer_id"
    assert plan.reads["testapp.Customer"].tables == ("testapp_customer", "testapp_customer_tags")


def test_a_child_by_inheritance_is_read_from_its_parents_table_too() -> None:
    reads = make_plan("default").reads["testapp.Restaurant"]
    assert (reads.own, reads.tables) == ("testapp_restaurant", ("testapp_restaurant", "testapp_place"))


def test_resets_of_every_table_on_the_path_concern_a_model() -> None:
    guards = make_plan("default").reads["testapp.OrderLine"].guards
    assert set(guards) == {"testapp_orderline", "testapp_order", "testapp_customer"}


def test_a_shared_table_has_no_path() -> None:
    capture = make_plan("default").captures["testapp_product"]
    assert (capture.path.hops, capture.path.column) == ((), None)


def test_tables_of_models_that_are_not_synchronised_are_left_alone() -> None:
    captures = make_plan("default").captures
    assert "testapp_contract" not in captures
    assert "auth_user" not in captures
