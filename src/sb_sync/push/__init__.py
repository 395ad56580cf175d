"""Push: records of a client become rows, with what became of each told back.

A file per step, in the order of `pipeline`: parse, authorize, identify, then inside one transaction per database
accesses and order (waves of records that do not touch each other), and wave by wave locate, validate, references,
many, uniques, conflicts, write or deletions; at last report. Nothing here knows of HTTP.
"""

from __future__ import annotations

from sb_sync.push.pipeline import run
from sb_sync.push.report import PushAnswer
from sb_sync.push.retries import Retry
from sb_sync.push.route import Route, find_route

__all__ = ["PushAnswer", "Retry", "Route", "find_route", "run"]
