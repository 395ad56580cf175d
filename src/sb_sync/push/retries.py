"""The first answer to an Idempotency-Key: kept with the rows of its push, given again for the same body."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Protocol

from django.db import IntegrityError, router
from django.utils import timezone

from sb_sync import catalog
from sb_sync.access import Scope, fingerprint
from sb_sync.config import setting
from sb_sync.errors import IdempotencyKeyReused
from sb_sync.models import StoredAnswer
from sb_sync.protocol import MODEL
from sb_sync.push.report import PushAnswer
from sb_sync.wire import schema_of

__all__ = ["AnswerKeeper", "Claimed", "Retry", "StoredAnswers", "find_rules", "hide_rows"]

# What is kept: an atomic push that was undone is answered 400, all else that was processed 200 or 202.
KEPT = (200, 202, 400)
MAX_PATH_LENGTH = StoredAnswer._meta.get_field("path").max_length or 0


class Claimed(Exception):
    """Another request with the same key was faster."""


@dataclass(frozen=True)
class Retry:
    """How a request may be known again: by its key and path; `body_digest` tells whether it is the same one."""

    key: str
    path: str
    body_digest: str

    @property
    def name(self) -> str:
        """Return a name for key and path of a length that every database can index, the same in no other case."""
        return hashlib.blake2b(f"{self.path}\x00{self.key}".encode(), digest_size=32).hexdigest()


class AnswerKeeper(Protocol):
    """Who keeps the answer to a push, in the database `using`, so that it is given once and for all."""

    @property
    def using(self) -> str:
        """Return the database, of which a transaction is open while something is claimed or kept."""

    def find(self) -> Optional[PushAnswer]:
        """Return the answer that was given before, or None."""

    def claim(self) -> None:
        """Take the right to answer, or raise `Claimed`."""

    def keep(self, answer: PushAnswer) -> None:
        """Write the answer down, or raise what is to undo the push."""


class StoredAnswers:
    """The answers of one user in one organization, to one key."""

    def __init__(self, scope: Scope, retry: Retry) -> None:
        """Remember who asks; nothing is read yet."""
        self.using: str = router.db_for_write(StoredAnswer)
        self._scope = scope
        self._retry = retry
        self._is_expired = False

    def find(self) -> Optional[PushAnswer]:
        """Return the answer that was given before, or None.

        Raises `IdempotencyKeyReused` where it was one to another body.
        """
        row = self._rows().first()
        self._is_expired = row is not None and row.created_at <= timezone.now() - setting("IDEMPOTENCY_RETENTION")
        if row is None or self._is_expired:
            return None
        if row.body_digest != self._retry.body_digest:
            raise IdempotencyKeyReused
        return PushAnswer(row.status, hide_rows(self._scope, row.answer, row.rules or {}), is_replayed=True)

    def claim(self) -> None:
        """Take the key for this transaction: whoever comes second waits here until it ends.

        Raises `Claimed` where it is taken.
        """
        if self._is_expired:
            self._rows().delete()
        try:
            StoredAnswer._base_manager.using(self.using).create(
                user_id=self._scope.user_id,
                site_id=self._scope.site_id,
                name=self._retry.name,
                body_digest=self._retry.body_digest,
                path=self._retry.path[-MAX_PATH_LENGTH:],
            )
        except IntegrityError as error:
            raise Claimed from error

    def keep(self, answer: PushAnswer) -> None:
        """Write the answer down, in the transaction that claimed the key; one that is not kept gives the key back."""
        if answer.status in KEPT:
            rules = find_rules(self._scope, answer.body)
            self._rows().update(status=answer.status, answer=answer.body, rules=rules)
        else:
            self._rows().delete()

    def _rows(self) -> Any:
        rows = StoredAnswer._base_manager.using(self.using)
        return rows.filter(user_id=self._scope.user_id, site_id=self._scope.site_id, name=self._retry.name)


def find_rules(scope: Scope, body: Mapping[str, Any]) -> Dict[str, Optional[str]]:
    """Return by label a name for the rules under which an answer shows rows of a model."""
    results = body.get("results", ())
    labels = sorted({result[MODEL] for result in results if result.get("server") is not None})
    return {label: _find_rule(scope, label) for label in labels}


def hide_rows(scope: Scope, body: Dict[str, Any], rules: Mapping[str, Any]) -> Dict[str, Any]:
    """Return an answer that was kept without the rows that the user can no longer be sure to see."""
    closed = {label for label, rule in rules.items() if rule is None or _find_rule(scope, label) != rule}
    for result in body["results"] if closed else ():
        if result[MODEL] in closed and "server" in result:
            result["server"] = None
    return body


def _find_rule(scope: Scope, label: str) -> Optional[str]:
    """Return a name for the rows and fields of a model that the user may read, None where it may read none."""
    synced = catalog.find_on_wire(label)
    if synced is None or not scope.may_pull(synced.label):
        return None
    return f"{fingerprint(scope, synced)}.{schema_of(synced).fingerprint}"
