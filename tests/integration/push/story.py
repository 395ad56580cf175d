"""A row that two sides changed."""

from __future__ import annotations

import uuid
from typing import Any, Dict, Optional

from sb_sync.models import SyncConflict
from tests.integration.push.world import World
from tests.testapp.models import Customer, Tag

__all__ = ["Story", "the_conflict"]


class Story:
    """A customer that was pushed, and then changed by somebody else."""

    def __init__(self, world: World) -> None:
        self.world = world
        for slug in ("a", "b", "c"):
            Tag.objects.create(slug=slug, organization=world.acme)
        self.key = str(uuid.uuid4())
        self.began: Dict[str, Any] = {"name": "Old", "age": 1, "email": "", "tags": ["a"]}
        made = world.one(model="testapp.Customer", id=self.key, **self.began)
        self.version = made["_version"]

    def changed_elsewhere(self, **values: Any) -> Dict[str, Any]:
        """Change the row as another client would."""
        result = self.world.one(model="testapp.Customer", id=self.key, **values)
        assert result["status"] == "updated"
        return result

    def push(self, user: Any = None, **record: Any) -> Dict[str, Any]:
        record.setdefault("_version", self.version)
        return self.world.one(user=user, model="testapp.Customer", id=self.key, **record)

    @property
    def row(self) -> Optional[Customer]:
        return Customer.objects.filter(pk=self.key).first()


def the_conflict() -> SyncConflict:
    """Return the only conflict that was kept."""
    return SyncConflict.objects.get()
