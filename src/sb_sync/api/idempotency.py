"""The header Idempotency-Key: how a request that was sent before is known again."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, Mapping, Optional

from rest_framework.request import Request

from sb_sync.errors import InvalidIdempotencyKey
from sb_sync.push import PushAnswer, Retry

__all__ = ["read_retry", "replay_headers"]

HEADER = "HTTP_IDEMPOTENCY_KEY"
KEY = re.compile(r"[\x21-\x7e]{1,255}")


def read_retry(request: Request, body: Mapping[str, Any]) -> Optional[Retry]:
    """Return how a request may be known again, None where it has no key.

    The body counts as what it says: other spaces, another order of keys or another compression make no other body.
    """
    key = request.META.get(HEADER)
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise InvalidIdempotencyKey
    text = json.dumps([request.META.get("QUERY_STRING", ""), body], sort_keys=True, separators=(",", ":"))
    digest = hashlib.blake2b(text.encode(), digest_size=32).hexdigest()
    return Retry(key=key, path=request.path, body_digest=digest)


def replay_headers(answer: PushAnswer) -> Dict[str, str]:
    """Return the header that tells an answer given before."""
    return {"Idempotency-Replayed": "true"} if answer.is_replayed else {}
