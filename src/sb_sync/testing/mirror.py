"""The smallest client of a feed: it keeps the rows of one organization by nothing but the feed's word."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from django.db import transaction

from sb_sync import catalog, feed
from sb_sync.catalog import SyncedModel

__all__ = ["Mirror", "stored_rows"]

Rows = Dict[str, Tuple[Any, ...]]


class Mirror:
    """Rows of some models, as one organization may see them, by label and key.

    `page` bounds the keys of each question, so that a pass spans many readings; `resets` names the models that had
    to begin again; `tombstones` the keys that went, with whether the row itself is gone.
    """

    def __init__(self, site_id: int, *models: type, using: str = "default", page: int = 1000) -> None:
        """Read everything once."""
        self.site_id = site_id
        self.using = using
        self.page = page
        labels = [model._meta.label for model in models] if models else list(catalog.synced_models())  # type: ignore[attr-defined]
        self.models: List[SyncedModel] = [catalog.synced_models()[label] for label in labels]
        self.rows: Dict[str, Rows] = {}
        self.resets: List[str] = []
        self.tombstones: List[Tuple[str, str, bool]] = []
        self.base: Optional[feed.Checkpoint] = None
        self.pull()

    def pull(self) -> None:
        """Bring the rows up to date: one pass to a snapshot, read in as many readings as it has pages."""
        with feed.reading(self.using) as reading:
            captured = reading.captured(self.models)
            assert captured == {synced.label for synced in self.models}, "a capture is missing"
            known = reading.checkpoints([self.base.id] if self.base else [])
            base = known.get(self.base.id) if self.base else None
            if base is None or self.base is None or base.nonce != self.base.nonce:
                self.resets += [synced.label for synced in self.models] if self.base else []
                base = None
            snapshot = reading.snapshot
            if base is None:
                for synced in self.models:
                    self.rows[synced.label] = stored_rows(synced, self.site_id, self.using)
        with transaction.atomic(using=self.using):
            target = feed.write_checkpoint(self.using, snapshot)
        if base is not None:
            for synced in self.models:
                self._read(synced, base, target)
        self.base = target

    def check(self) -> None:
        """Compare what is held with the tables."""
        for synced in self.models:
            assert self.rows[synced.label] == stored_rows(synced, self.site_id, self.using), synced.label

    def _read(self, synced: SyncedModel, base: feed.Checkpoint, target: feed.Checkpoint) -> None:
        """Read one model's pass, page by page, each in a reading of its own."""
        position: Optional[feed.Position] = None
        while True:
            with feed.reading(self.using) as reading:
                page = reading.read_changes(synced, self.site_id, base, target, position, self.page)
                if page.reset:
                    self.resets.append(synced.label)
                    self.rows[synced.label] = stored_rows(synced, self.site_id, self.using)
                    return
                self._apply(synced, page.changes)
            position = page.position
            if position is None:
                return

    def _apply(self, synced: SyncedModel, changes: Iterable[feed.ChangedKey]) -> None:
        own = {change.key: change.own for change in changes}
        assert len(own) <= self.page
        present = stored_rows(synced, self.site_id, self.using, keys=list(own))
        held = self.rows[synced.label]
        held.update(present)
        for key in own:
            if key not in present and held.pop(key, None) is not None:
                is_gone = not synced.model._base_manager.using(self.using).filter(pk=key).exists()
                self.tombstones.append((synced.label, key, is_gone))


def stored_rows(synced: SyncedModel, site_id: int, using: str = "default", *, keys: Optional[List[str]] = None) -> Rows:
    """Return an organization's rows of a model as they stand in the tables, many-to-many lists included."""
    scope: Mapping[str, Any] = {} if synced.tenant is None else {synced.tenant.lookup: site_id}
    queryset = synced.model._base_manager.using(using).filter(**scope)
    if keys is not None:
        queryset = queryset.filter(pk__in=keys)
    names = [field.attname for field in synced.model._meta.concrete_fields]
    rows = {str(row[0]): row[1:] for row in queryset.values_list("pk", *names)}
    for field in synced.model._meta.many_to_many:
        lists: Dict[str, List[str]] = {}
        for owner, member in queryset.exclude(**{field.name: None}).values_list("pk", field.name):
            lists.setdefault(str(owner), []).append(str(member))
        rows = {key: (*row, tuple(sorted(lists.get(key, [])))) for key, row in rows.items()}
    return rows
