"""How the demo is run: what staff set and see while the server works on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any, Dict, List, NamedTuple, Set

from demo.sales.models import Customer, Visit
from demo.settings import FOLDER, ROOT
from demo.story import truth
from demo.story.chapters import ALDER, BEXLEY, in_step
from demo.story.device import Device
from demo.story.stage import Check, Stage
from sb_sync.models import SyncConfiguration, SyncJob

STAFF = "staff"
VISIT = "sales.Visit"
SMALL = 50
# More often than there are workers.
REQUESTS = 8
SHOPS = 40
HEALTH_CHECKS = {"database", "cache", "logging", "feed", "memory"}


class Ran(NamedTuple):
    """What a command printed as JSON, and after how many milliseconds."""

    document: Dict[str, Any]
    milliseconds: float


def set_a_value(stage: Stage) -> None:
    """Set a value by a command, and see it in force in every worker of the running server."""
    anna = stage.devices["anna"]
    before = _batch_sizes(anna)
    path = FOLDER / "small-devices.json"
    path.write_text(json.dumps({"SETTINGS": {"MAX_BATCH_SIZE": SMALL}}), encoding="utf-8")
    ran = _manage("manage_config", "--action", "import", "--file", str(path), "--reason", "small devices")
    row = SyncConfiguration.objects.get(section="SETTINGS", key="MAX_BATCH_SIZE")
    stage.tell(
        STAFF,
        f"manage_config --action import: MAX_BATCH_SIZE is {SMALL}",
        None,
        ran.milliseconds,
        Check("told before and after", [(10_000, SMALL)], _before_and_after(ran)),
        Check("stands in the database", SMALL, row.value),
        Check("and in its history, with the reason", ["small devices"], _reasons(row)),
    )
    sizes = _batch_sizes(anna)
    ran = _manage("manage_config", "--action", "reset", "--section", "SETTINGS", "--force")
    stage.tell(
        "anna",
        f"asks for 1,000 records, {REQUESTS} times, of whichever worker: before, then, and after a reset",
        None,
        ran.milliseconds,
        Check("1,000 before", {1000}, before),
        Check(f"{SMALL} at once, from every worker", {SMALL}, sizes),
        Check("1,000 again", {1000}, _batch_sizes(anna)),
        Check("nothing set any more", 0, SyncConfiguration.objects.count()),
    )


def move_a_model(stage: Stage) -> None:
    """Take a model out of discovery and let it in again, while devices hold rows of it."""
    anna = stage.devices["anna"]
    out = _manage("configure_model_discovery", "--set-exclude-models", VISIT)
    shown = _manage("show_models", "--action", "disabled", "--app-label", "sales")
    reasons = {model["model"]: model["reason"] for model in shown.document["models"]}
    reason = f"excluded by EXCLUDE_MODELS '{VISIT}'"
    stage.tell(
        STAFF,
        f"configure_model_discovery --set-exclude-models {VISIT}",
        None,
        out.milliseconds,
        Check("the model moves out", [{"model": VISIT, "reason": reason}], out.document["moved_out"]),
        Check("show_models says why", reason, reasons.get(VISIT)),
    )
    held = len(anna.rows[VISIT])
    pulled = anna.pull()
    stage.tell(
        "anna",
        "is told to drop its rows",
        pulled.records,
        pulled.milliseconds,
        Check(f"{held:,} visits before", truth.rows_of(Visit, ALDER).count(), held),
        Check("none after", 0, len(anna.rows.get(VISIT, {}))),
    )
    back = _manage("configure_model_discovery", "--reset-to-defaults")
    stage.tell(
        STAFF,
        "configure_model_discovery --reset-to-defaults",
        None,
        back.milliseconds,
        Check("the model moves in", [VISIT], back.document["moved_in"]),
        Check("its changes are captured", [], back.document["uncaptured_tables"]),
    )
    anna.ask_for(VISIT)
    _pull_after_a_gap(stage, "anna", ALDER, begins_again=False)
    _pull_after_a_gap(stage, "amir", ALDER, begins_again=True)
    _pull_after_a_gap(stage, "bea", BEXLEY, begins_again=True)


def push_in_the_background(stage: Stage) -> None:
    """Have a push done later, by a command where no worker of Celery runs."""
    bea = stage.devices["bea"]
    town, before = "Robin Hood's Bay", Customer.objects.count()
    shops = [
        {"_model": "sales.Customer", "_client_id": f"later-{n}", "name": f"Shop {n}", "town": town}
        for n in range(SHOPS)
    ]
    accepted = bea.ask("push/?async=1", {"data": shops})
    job = accepted.body.get("job", "")
    queued = bea.ask(f"jobs/{job}/")
    stage.tell(
        "bea",
        "pushes shops with ?async=1",
        SHOPS,
        accepted.milliseconds,
        Check("202 accepted", (202, "accepted"), (accepted.status, accepted.body.get("status"))),
        Check("the job is queued", ("queued", 0, None), _progress(queued.body)),
        Check("nothing written yet", before, Customer.objects.count()),
    )
    _work_it_off(stage, job, town)


def _work_it_off(stage: Stage, job: str, town: str) -> None:
    """Do a push that waits, ask what became of it, and pull what it made."""
    bea = stage.devices["bea"]
    worked = _manage("sync_jobs", "--action", "work")
    done = bea.ask(f"jobs/{job}/")
    result = done.body.get("result") or {}
    made = Customer.objects.filter(town=town, organization__slug=BEXLEY)
    stage.tell(
        STAFF,
        "sync_jobs --action work, as there is no broker",
        SHOPS,
        worked.milliseconds,
        Check("the job ends", [job], worked.document["ended"]),
        Check("done, 100 %", ("done", 100), _progress(done.body)[:2]),
        Check("its result is that of a push", (SHOPS, 0), (result.get("success_count"), result.get("error_count"))),
        Check(f"{SHOPS} shops in the database", SHOPS, made.count()),
        Check("under the keys that it names", {str(row.pk) for row in made}, _keys(result)),
        Check("done in the database", "done", SyncJob.objects.get(pk=job).state),
    )
    pulled = bea.pull()
    stage.tell(
        "bea",
        "pulls them",
        pulled.records,
        pulled.milliseconds,
        Check(f"{SHOPS} records", SHOPS, pulled.records),
        *in_step(bea, BEXLEY),
    )


def ask_how_it_is(stage: Stage) -> None:
    """Ask for health: a word for everybody, figures for staff."""
    stranger = Device(stage.server.host, stage.server.port, "nobody")
    asked = stranger.ask("health/")
    stranger.close()
    checks = asked.body.get("checks", {})
    stage.tell(
        "-",
        "asks health/ without a token",
        None,
        asked.milliseconds,
        Check("200 healthy", (200, "healthy"), (asked.status, asked.body.get("status"))),
        Check("each check by itself", True, set(checks) >= HEALTH_CHECKS),
        Check("all healthy, and no word more", [{"status": "healthy"}] * len(checks), list(checks.values())),
    )
    office = stage.enter("office", ALDER)
    stage.log_in(office)
    told = office.ask("health/")
    figures = told.body["checks"]["feed"]["figures"]["default"]
    captured = truth.tables_with_triggers()
    stage.tell(
        STAFF,
        "asks with a token, and is told figures",
        None,
        told.milliseconds,
        Check(f"{captured} tables captured", captured, figures["tables"]),
        Check("none missing", {}, figures["not_captured"]),
    )


OPERATING = (set_a_value, move_a_model, push_in_the_background, ask_how_it_is)


def _manage(*arguments: str) -> Ran:
    """Run a command of `manage.py` in a process of its own, as staff do."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(ROOT / "demo" / "manage.py"), *arguments, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{arguments} ended with {done.returncode}: {done.stderr}")
    return Ran(json.loads(done.stdout), (time.perf_counter() - started) * 1000)


def _batch_sizes(device: Device) -> Set[int]:
    """Return how many records the server is ready to send at once; each time a new connection meets any worker."""
    found: Set[int] = set()
    for _ in range(REQUESTS):
        device.close()
        found.add(
            device.ask("pull/", {"models": ["sales.Product"], "batch_size": 1000}).body["batch_info"]["batch_size"]
        )
    return found


def _before_and_after(ran: Ran) -> List[Any]:
    return [(change["before"], change["after"]) for change in ran.document["changes"]]


def _reasons(row: SyncConfiguration) -> List[Any]:
    return [entry.history_change_reason for entry in row.history.all()]


def _pull_after_a_gap(stage: Stage, username: str, slug: str, *, begins_again: bool) -> None:
    """Let a device pull a model that was out for a while."""
    device = stage.devices[username]
    device.resets.clear()
    pulled = device.pull()
    count = truth.rows_of(Visit, slug).count()
    stage.tell(
        username,
        "pulls the visits " + ("from the start, as changes may have gone by" if begins_again else "anew"),
        pulled.records,
        pulled.milliseconds,
        Check(f"{count:,} visits", count, pulled.records),
        Check("begins again" if begins_again else "never reset", [VISIT] * begins_again, device.resets),
        *in_step(device, slug),
    )


def _progress(told: Dict[str, Any]) -> Any:
    return told.get("status"), told.get("progress"), told.get("result")


def _keys(result: Dict[str, Any]) -> Set[str]:
    return {str(record.get("id")) for record in result.get("results", [])}
