"""What happened, as frozen values, and the signals that carry them.

Pipelines announce; observers (`ops`) keep logs, journals and metrics. A signal's receivers get the event as `event`.
They run after the data is committed. Those of a push run inside a transaction that was opened for them; those of a pull
add what they would insert to its `statements`, which the pipeline sends together with its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from django.dispatch import Signal

from sb_sync.protocol import RequestInfo

__all__ = [
    "ModelPulled",
    "ModelPushed",
    "PullFinished",
    "PushFinished",
    "RequestRefused",
    "Statement",
    "pull_finished",
    "push_finished",
    "request_refused",
]


@dataclass(frozen=True)
class Statement:
    """One INSERT into the default database, with its values."""

    sql: str
    parameters: Tuple[Any, ...] = ()


@dataclass(frozen=True)
class ModelPushed:
    """What a push did to one model, in records."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Return how many records were applied."""
        return self.created + self.updated + self.deleted + self.unchanged


@dataclass(frozen=True)
class PushFinished:
    """A push was processed; `seconds` is the time it took, `memory` the growth in MiB, `queries` its statements.

    `conflicts` counts records whose row had changed since their client saw it, settled or not; `failures` tells of the
    first records that were not applied, as JSON.
    """

    user_id: str
    username: str
    site_id: int
    organization: str
    request: RequestInfo
    request_data: Mapping[str, Any]
    models: Mapping[str, ModelPushed]
    status: str
    seconds: float
    queries: int
    memory: float
    error: str = ""
    conflicts: int = 0
    failures: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class ModelPulled:
    """What a pull gave of one model; `last_sync` is the time that the client may send next, None inside a pass."""

    count: int
    last_sync: Optional[datetime]
    fingerprint: str


@dataclass(frozen=True)
class PullFinished:
    """A pull was answered, or a stream ended; `errors` are codes by label, `error` why a stream broke off."""

    user_id: str
    username: str
    site_id: int
    organization: str
    request: RequestInfo
    request_data: Mapping[str, Any]
    models: Mapping[str, ModelPulled]
    status: str
    seconds: float
    queries: int
    memory: float
    batch_size: int
    errors: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    statements: List[Statement] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class RequestRefused:
    """A request was refused as a whole; `username` is empty where nobody knows who sent it."""

    username: str
    request: RequestInfo
    method: str
    path: str
    status: int
    code: str


#: Sent with `event: PushFinished`.
push_finished = Signal()
#: Sent with `event: PullFinished`.
pull_finished = Signal()
#: Sent with `event: RequestRefused`.
request_refused = Signal()
