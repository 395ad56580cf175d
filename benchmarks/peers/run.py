"""Install each peer, measure it, and compare it with the limits of the same run."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from statistics import median
from typing import Any, Callable, Dict, Iterator, List, Sequence

from benchmarks.harness import databases
from benchmarks.peers import kinto, morango
from benchmarks.results import Result
from benchmarks.sizes import Plan
from benchmarks.targets import target
from tests.servers.supervisor import ServerUnavailable
from tools.console import Stop, say
from tools.environment import FOLDER, choose_interpreter, make_environment

__all__ = ["run_peers"]

#: Records a second of every round, by the key of the row in the table whose limit they are compared with.
Rates = Dict[str, List[float]]


@dataclass(frozen=True)
class Peer:
    """A package with what it needs, and what measures it: (interpreter, databases, plan) -> rates."""

    name: str
    requirements: Sequence[str]
    run: Callable[..., Rates]


KEYS = ("create", "pull")
PEERS = (
    Peer("Kinto", kinto.REQUIREMENTS, kinto.measure),
    Peer("Morango, without HTTP", morango.REQUIREMENTS, morango.measure),
)


def run_peers(plan: Plan, results: Sequence[Result]) -> List[Dict[str, Any]]:
    """Return what each peer came to, or why it did not run."""
    limits = {result.target.key: result for result in results}
    return [told for peer in PEERS for told in _run(peer, plan, limits)]


def _run(peer: Peer, plan: Plan, limits: Dict[str, Result]) -> Iterator[Dict[str, Any]]:
    say(f"Measuring {peer.name} ...")
    rates: Rates = {}
    remark = ""
    try:
        python = make_environment(
            FOLDER / "peers" / peer.name.split(",")[0].lower(), choose_interpreter(), peer.requirements
        )
        with databases.postgresql() as server:
            rates = peer.run(python, server, plan)
    except (Stop, ServerUnavailable) as error:
        remark = f"not available: {str(error).splitlines()[0]}"
    except Exception as error:  # noqa: BLE001 - a peer's failure is no reason to lose our own results
        say(traceback.format_exc())
        remark = f"failed: {type(error).__name__}"
    for key in KEYS:
        yield _describe(peer.name, limits[key], rates.get(key, []), remark)


def _describe(name: str, limit: Result, rates: List[float], remark: str) -> Dict[str, Any]:
    told = {"name": target(limit.target.key).name, "side": name, "samples_unit": "records/s", "remark": remark}
    if not rates:
        return {**told, "median": None, "ratio": None, "samples": []}
    base = None
    if limit.measured is not None and limit.measured.base is not None:
        base = median(limit.measured.samples[limit.measured.base])
    figure = median(rates)
    return {**told, "median": figure, "ratio": None if base is None else figure / base, "samples": rates}
