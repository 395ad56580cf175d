"""Background pushes: accepted at once, carried out by workers, chunk by chunk or as one transaction.

acceptance: what is sent is stored · names, order, parting: which records go together, in which order · leases: who
works on a job · attempts: the work itself · keepers: what is applied and what is told of it stand in one transaction ·
endings: the answer, whatever the end · owners: what users are told, and how they cancel. Nothing here knows of Celery.
"""

from __future__ import annotations

from sb_sync.push.jobs.acceptance import accept
from sb_sync.push.jobs.attempts import Attempt, work
from sb_sync.push.jobs.leases import find_due, make_due
from sb_sync.push.jobs.owners import cancel, find_organization, stop, tell

__all__ = ["Attempt", "accept", "cancel", "find_due", "find_organization", "make_due", "stop", "tell", "work"]
