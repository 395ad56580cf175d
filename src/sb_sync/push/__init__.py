"""Push: records of a client become rows, with what became of each told back.

A file per step, in the order of `pipeline`: parse, authorize, identify (hooks: what the project changes first), then
inside `transactions` accesses and order (waves of records that do not touch each other), and wave by wave policies
(conflicts, sides), locate, validate, references, many, uniques, write or deletions; at last ledger, report, retries.
`faults`: what fails for a whole model has the push begin again without its records.
settlement: what staff do about a conflict later. Nothing here knows of HTTP.
"""

from __future__ import annotations

from sb_sync.push.pipeline import run
from sb_sync.push.report import PushAnswer
from sb_sync.push.retries import Retry
from sb_sync.push.route import Route, find_route
from sb_sync.push.settlement import NotSettled, settle_conflict

__all__ = ["NotSettled", "PushAnswer", "Retry", "Route", "find_route", "run", "settle_conflict"]
