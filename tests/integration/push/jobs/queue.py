"""Short ways to accept, work on and ask for background pushes."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Dict, List

from django.utils import timezone

from sb_sync.access import resolve_scope
from sb_sync.models import SyncJob
from sb_sync.protocol import RequestInfo
from sb_sync.push import jobs
from tests.integration.push.world import World


def regions(count: int, first: int = 0) -> List[Dict[str, Any]]:
    """Return records that make regions, told apart by their names, and by nothing that would spare them twice."""
    return [{"_model": "testapp.Region", "name": f"R{number}"} for number in range(first, first + count)]


class Queue:
    """The jobs of a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def accept(self, *records: Any, user: Any = None, atomic: bool = False) -> uuid.UUID:
        scope = resolve_scope(user or self.world.user, None)
        request = RequestInfo(request_id=uuid.uuid4().hex)
        body = {"data": list(records), "atomic": atomic}
        answer = jobs.accept(scope, body, request=request, address_of=lambda job: f"/jobs/{job}/")
        return uuid.UUID(answer.body["job"])

    def tell(self, job: uuid.UUID, user: Any = None) -> Dict[str, Any]:
        return jobs.tell(resolve_scope(user or self.world.user, None), job)

    def cancel(self, job: uuid.UUID) -> Dict[str, Any]:
        return jobs.cancel(resolve_scope(self.world.user, None), job)

    def do(self, *records: Any, user: Any = None, atomic: bool = False) -> Dict[str, Any]:
        """Accept records, work on them and return what is told in the end."""
        job = self.accept(*records, user=user, atomic=atomic)
        assert jobs.work(job) is jobs.Attempt.ENDED
        return self.tell(job, user)

    def let_lease_run_out(self) -> None:
        """Let the time pass in which a worker that lives would have given a sign."""
        SyncJob.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))
