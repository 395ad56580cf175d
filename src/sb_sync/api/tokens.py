"""Tokens: who asks. What they may do is looked up in the database for each request.

A log-in begins a family. Its access tokens live until they expire or the family ends; its refresh token is good once
and makes the next one. One that comes back a second time was stolen, or its thief was faster: the family ends.
Claims are those of RFC 7519, with `typ`, `fam` (the family) and `pwd` (a fingerprint of the password).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import timezone as clock
from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type

import jwt
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from sb_sync import catalog
from sb_sync.config import setting
from sb_sync.errors import InvalidToken
from sb_sync.models import AllThatIsSet, TokenFamily
from sb_sync.optimizations.prepared import Parameter, Prepared

__all__ = ["ACCESS", "REFRESH", "TokenPair", "end_family", "find_family", "log_in", "rotate"]

ALGORITHM = "HS256"
ACCESS = "access"
REFRESH = "refresh"
REQUIRED_CLAIMS = ["exp", "iat", "jti", "sub", "typ", "fam", "pwd"]
# Decoding costs time that grows with the size; a token of ours is a tenth of this.
MAX_TOKEN_LENGTH = 8192
FINGERPRINT_LENGTH = 24
# The clocks of several servers differ by a little.
LEEWAY = timedelta(seconds=5)
# Of so many tokens it is remembered that their signature is ours.
MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class TokenPair:
    """What a client keeps: `access` for each request, `refresh` for the next pair."""

    access: str
    refresh: str


def log_in(user: Any) -> TokenPair:
    """Begin a family for a user whose password was right."""
    jti = uuid.uuid4().hex
    TokenFamily.objects.filter(user=user, expires_at__lte=timezone.now()).delete()
    family = TokenFamily.objects.create(user=user, refresh_jti=jti, expires_at=_expiry())
    return _make_pair(user, family.id, jti)


def rotate(token: str) -> TokenPair:
    """Return the next pair for a refresh token.

    Raises `InvalidToken`, and ends the family, where the token was used before.
    """
    claims = _decode(token, REFRESH)
    family = _load_family(claims)
    jti = uuid.uuid4().hex
    standing = TokenFamily.objects.filter(id=family.id, refresh_jti=claims["jti"], revoked_at=None)
    # Compare and set in one statement: of two at once only one gets the next pair.
    if not standing.update(refresh_jti=jti, expires_at=_expiry()):
        end_family(family.id, "refresh token used twice")
        raise InvalidToken
    return _make_pair(family.user, family.id, jti)


def find_family(token: str, kind: str = ACCESS) -> TokenFamily:
    """Return the family of a good token, with its user.

    Raises `InvalidToken` where the token, the family, the user or the password no longer hold.
    """
    return _load_family(_decode(token, kind))


def end_family(family_id: uuid.UUID, reason: str) -> None:
    """Let none of a family's tokens serve any more."""
    TokenFamily.objects.filter(id=family_id, revoked_at=None).update(revoked_at=timezone.now(), revoked_reason=reason)


def _make_pair(user: Any, family_id: uuid.UUID, refresh_jti: str) -> TokenPair:
    access = _encode(user, family_id, ACCESS, jti=uuid.uuid4().hex, lifetime=setting("TOKEN_LIFETIME"))
    refresh = _encode(user, family_id, REFRESH, jti=refresh_jti, lifetime=setting("REFRESH_LIFETIME"))
    return TokenPair(access, refresh)


def _encode(user: Any, family_id: uuid.UUID, kind: str, *, jti: str, lifetime: timedelta) -> str:
    now = datetime.now(clock.utc)
    claims = {
        "sub": str(user.pk),
        "typ": kind,
        "jti": jti,
        "iat": now,
        "exp": now + lifetime,
        "fam": family_id.hex,
        "pwd": _fingerprint(user),
    }
    return jwt.encode(claims, settings.SECRET_KEY, algorithm=ALGORITHM)


def _decode(token: str, kind: str) -> Dict[str, Any]:
    """Return the claims of a token of one kind that is ours and not expired."""
    if len(token) > MAX_TOKEN_LENGTH:
        raise InvalidToken
    try:
        claims = _verify(token, settings.SECRET_KEY)
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidToken from error
    if claims["typ"] != kind or int(claims["exp"]) <= (timezone.now() - LEEWAY).timestamp():
        raise InvalidToken
    return dict(claims)


@lru_cache(maxsize=MOST_REMEMBERED)
def _verify(token: str, key: Any) -> Mapping[str, Any]:
    """Return the claims of a token that is ours and not expired; of all that is checked only that can ever change.

    What is refused is not remembered, so that nobody but who logs in takes up room.
    """
    return jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        leeway=LEEWAY,
        options={"require": REQUIRED_CLAIMS, "verify_aud": False},
    )


def _load_family(claims: Mapping[str, Any]) -> TokenFamily:
    """Return the family that claims name, if it and its user still stand: one query, which brings what is set along."""
    family_id = _read_uuid(claims["fam"])
    family, is_set = (None, ()) if family_id is None else _find_standing(family_id)
    if family is None or family.expires_at <= timezone.now() or str(family.user_id) != claims["sub"]:
        raise InvalidToken
    catalog.refresh(AllThatIsSet.take_from(is_set))
    user: Any = family.user
    if not user.is_active or not constant_time_compare(_fingerprint(user), str(claims["pwd"])):
        raise InvalidToken
    return family


def _find_standing(family_id: uuid.UUID) -> Tuple[Optional[TokenFamily], Sequence[Any]]:
    """Return a family that has not ended, with its user, and what else its row tells."""
    using = router.db_for_read(TokenFamily)
    for row in _standing_families.ask(using, id=family_id):
        names, names_of_user = _names(TokenFamily), _names(get_user_model())
        end = len(names) + len(names_of_user)
        family = TokenFamily.from_db(using, names, row[: len(names)])
        family.user = get_user_model().from_db(using, names_of_user, row[len(names) : end])
        return family, row[end:]
    return None, ()


def _query_standing(using: str) -> QuerySet[Any, Any]:
    """Return the query for a family that has not ended."""
    standing = TokenFamily.objects.using(using).filter(
        id=Parameter("id", TokenFamily._meta.get_field("id")), revoked_at=None
    )
    names = [*_names(TokenFamily), *(f"user__{name}" for name in _names(get_user_model()))]
    return AllThatIsSet.bring_along(standing.values_list(*names))


_standing_families = Prepared(_query_standing)


def _names(model: Type[Model]) -> List[str]:
    """Return what a row of a model is made of."""
    return [field.attname for field in model._meta.concrete_fields]


def _fingerprint(user: Any) -> str:
    """Return what changes with the password: Django's own hash for sessions."""
    return str(user.get_session_auth_hash())[:FINGERPRINT_LENGTH]


def _read_uuid(text: Any) -> Optional[uuid.UUID]:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


def _expiry() -> datetime:
    """Return when nothing of a family that is renewed now can serve any more."""
    lifetime: timedelta = max(setting("REFRESH_LIFETIME"), setting("TOKEN_LIFETIME"))
    return timezone.now() + lifetime
