"""The number of organizations, each with its own rows in the same tables."""

from __future__ import annotations

from typing import Any, Dict, Iterator

from benchmarks.growth.flat import Work, compare_worlds, ways_of
from benchmarks.harness.world import CAPTURED, World
from benchmarks.measurements.lab import Lab
from benchmarks.measurements.large_tables import Follower
from benchmarks.measurements.pulls import fill
from benchmarks.results import Result

__all__ = ["measure"]

ORGANIZATIONS = 500


def measure(lab: Lab) -> Iterator[Result]:
    """Yield costs with many organizations against one, whose rows are as many in both."""
    own, all_rows = lab.sizes.small_table, max(lab.sizes.growth_rows, 2 * lab.sizes.small_table)
    with lab.template.world("one") as one, lab.template.world("many") as many:
        many.django.ask("make_organizations", count=ORGANIZATIONS - 1)
        _fill_others(many, own, all_rows)
        fill(one, own, CAPTURED)
        yield from compare_worlds(
            lab,
            ("1 organization", _ways(lab, one, seed=40_000)),
            (f"{ORGANIZATIONS} organizations", _ways(lab, many, seed=50_000)),
            f"{ORGANIZATIONS} organizations against 1",
        )


def _ways(lab: Lab, world: World, seed: int) -> Dict[str, Work]:
    follower = Follower(world, lab.sizes.changes)
    delta: Any = {"delta pull": follower.pull_delta}
    return {**delta, **ways_of(world, seed)}


def _fill_others(world: World, own: int, all_rows: int) -> None:
    """Write rows into every organization in turn, and as many as wanted into our own."""
    fill(world, all_rows, CAPTURED)
    world.database.execute(
        f"UPDATE {CAPTURED} SET organization_id = others.site_id FROM"
        " (SELECT site_id, row_number() OVER (ORDER BY site_id) - 1 AS place, count(*) OVER () AS count"
        " FROM sb_sync_organization WHERE site_id <> %s) others,"
        f" (SELECT id, row_number() OVER (ORDER BY id) AS number FROM {CAPTURED}) rows"
        f" WHERE rows.id = {CAPTURED}.id AND rows.number > %s AND rows.number %% others.count = others.place",
        (world.organization, own),
    )
    world.settle(CAPTURED)
