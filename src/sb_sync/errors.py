"""Every error that a client can meet: code, HTTP status and what to do about it.

A failure of one record is data (an outcome with one of the record codes); a failure of a whole request is one of
the exceptions below. Nothing here knows Django.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence


class SyncError(Exception):
    """The request could not be processed."""

    code = "error"
    status = 400

    def __init__(self, detail: Optional[str] = None, **extra: Any) -> None:
        """Take the sentence for the client and further keys of the answer."""
        self.detail = detail or (self.__doc__ or "").splitlines()[0]
        self.extra: Dict[str, Any] = extra
        super().__init__(self.detail)


class MalformedRequest(SyncError):
    """The body is not what this address expects."""

    code = "malformed"


class InvalidCursor(SyncError):
    """A value of `models` is neither null, nor a time, nor a cursor that this server made."""

    code = "invalid_cursor"


class InvalidIdempotencyKey(SyncError):
    """An Idempotency-Key has 1 to 255 visible ASCII characters."""

    code = "invalid_idempotency_key"


class OrganizationRequired(SyncError):
    """Name the organization: this user belongs to several."""

    code = "organization_required"

    def __init__(self, slugs: Sequence[str]) -> None:
        """Take the slugs of the organizations to choose from."""
        super().__init__(None, organizations=list(slugs))


class NotAuthenticated(SyncError):
    """A valid token is needed."""

    code = "not_authenticated"
    status = 401


class InvalidCredentials(SyncError):
    """User name and password do not match an active user."""

    code = "invalid_credentials"
    status = 401


class InvalidToken(SyncError):
    """The token is not valid (any more): log in again."""

    code = "invalid_token"
    status = 401


class AccessDenied(SyncError):
    """This is not allowed."""

    code = "permission_denied"
    status = 403


class NothingServed(AccessDenied):
    """None of these models can be pulled."""

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        """Take an entry for each model: its label, a code and a sentence."""
        super().__init__(None, errors=list(errors))


class OrganizationDenied(AccessDenied):
    """There is no such organization for this user."""

    code = "organization_denied"


class NotFound(SyncError):
    """There is nothing at this address."""

    code = "not_found"
    status = 404


class WrongMethod(SyncError):
    """This address does not know the method."""

    code = "method_not_allowed"
    status = 405


class IdempotencyConflict(SyncError):
    """A request with this Idempotency-Key is still under way: try again."""

    code = "idempotency_conflict"
    status = 409


class TooLarge(SyncError):
    """The body is larger than this server accepts."""

    code = "too_large"
    status = 413


class UnsupportedMediaType(SyncError):
    """The body is of a kind that this address does not read."""

    code = "unsupported_media_type"
    status = 415


class IdempotencyKeyReused(SyncError):
    """This Idempotency-Key was used for another body: take a new one for each request."""

    code = "idempotency_key_reused"
    status = 422


class Throttled(SyncError):
    """Too many attempts: wait and try again."""

    code = "throttled"
    status = 429


class Unavailable(SyncError):
    """The database is away: try again later."""

    code = "unavailable"
    status = 503


class RecordError(Exception):
    """One record is refused; the others of its push go on.

    Raised by the steps of a push and by a project's own hooks. `code` is one of `protocol.RECORD_CODES`, or a
    project's own word; `field` names the field at fault, as it stands on the wire.
    """

    def __init__(self, code: str, message: str, field: Optional[str] = None) -> None:
        """Take the code, the sentence for the user and the field at fault."""
        self.code = code
        self.message = message
        self.field = field
        super().__init__(message)
