"""All that stands in the tables, the rows of either organization, and what a client learns of a record."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from sb_sync import catalog
from tests.acceptance.world import World

Record = Dict[str, Any]
#: What stands in every table, by label and key.
Image = Dict[str, Dict[Any, Record]]


def look() -> Image:
    """Return every row of every synchronised model with all its columns and lists."""
    image: Image = {}
    for label, synced in catalog.synced_models().items():
        lists = [field.name for field in synced.model._meta.many_to_many]
        image[label] = {row["pk"]: row for row in synced.model._base_manager.values("pk", *_columns(synced.model))}
        for name in lists:
            for pk, key in synced.model._base_manager.values_list("pk", name):
                image[label][pk].setdefault(name, set()).add(key)
    return image


def _columns(model: Any) -> List[str]:
    return [field.attname for field in model._meta.concrete_fields]


def south_of(model: Any, world: World) -> Any:
    """Return the first row of a model that is the other organization's."""
    tenant = catalog.synced_models()[model._meta.label].tenant
    assert tenant is not None
    return model.objects.filter(**{tenant.lookup: world.south.pk}).order_by("pk").first()


def north_of(model: Any, world: World) -> Any:
    """Return the first row of a model that is the attacker's own organization's."""
    tenant = catalog.synced_models()[model._meta.label].tenant
    assert tenant is not None
    return model.objects.filter(**{tenant.lookup: world.north.pk}).order_by("pk").first()


def told(result: Record) -> Tuple[Any, ...]:
    """Return all that a client learns of a record, but the key it sent itself."""
    return result["status"], result.get("code"), result.get("errors"), result.get("server", "none")
