"""The shapes of push and pull."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from sb_sync.api.schema.responses import refer
from sb_sync.api.schema.words import COUNT, KEY_VALUE, TEXT, TIME, TRUTH, array, optional, shape
from sb_sync.config import setting
from sb_sync.models import SyncJob
from sb_sync.protocol import (
    ACCEPTED,
    CLIENT_WINS,
    CONFLICT,
    CREATED,
    ERROR,
    MAX_CLIENT_ID_LENGTH,
    MERGED,
    NOT_ENABLED,
    PARTIAL,
    PERMISSION_DENIED,
    REASON_DELETED,
    REASON_OUT_OF_SCOPE,
    RECORD_CODES,
    REMOVED,
    RESOLVED,
    SERVER_WINS,
    SUCCESS,
    UNAVAILABLE,
    UNCHANGED,
    UNKNOWN_MODEL,
    UPDATED,
)

__all__ = ["make_pull_shapes", "make_push_shapes"]

CLIENT_NAME = {"type": "string", "minLength": 1, "maxLength": MAX_CLIENT_ID_LENGTH}
PLACE: Mapping[str, Any] = {
    "organization": {
        "type": ["string", "integer", "null"],
        "description": "Slug or id of the organization, where the header does not name it.",
    }
}
#: Records hold fields besides the envelope.
OPEN: Mapping[str, Any] = {"additionalProperties": True}


def make_push_shapes() -> Dict[str, Any]:
    """Return the shapes of a push."""
    return {
        "PushRequest": shape(
            {"data": array(refer("PushRecord"), maxItems=setting("MAX_PUSH_RECORDS"))},
            optional={"atomic": {"type": "boolean", "default": False, "description": "All records or none."}, **PLACE},
        ),
        "PushRecord": _make_push_record(),
        "ClientReference": shape(
            {"_client_id": CLIENT_NAME}, description="What a foreign key may hold in place of a key of the server's."
        ),
        "PushAnswer": shape(
            {
                "status": {"enum": [SUCCESS, PARTIAL, ERROR]},
                "success_count": COUNT,
                "error_count": COUNT,
                "conflict_count": COUNT,
                "processed_models": {"type": "object", "additionalProperties": refer("Counts")},
                "processing_time": {"type": "number", "description": "Seconds."},
                "results": array(refer("Result")),
            },
            optional={
                "code": {"const": PERMISSION_DENIED},
                "unprocessed_count": {
                    **COUNT,
                    "description": "Of a background push that ended early: records that nothing was done about.",
                },
            },
        ),
        "Accepted": shape(
            {
                "status": {"const": ACCEPTED},
                "job": {"type": "string", "format": "uuid"},
                "url": {"type": "string", "format": "uri-reference", "description": "Where to ask for the job."},
            }
        ),
        "Job": _make_job(),
        "Counts": shape(dict.fromkeys((CREATED, UPDATED, REMOVED, UNCHANGED), COUNT)),
        "Result": _make_result(),
    }


def _make_job() -> Dict[str, Any]:
    return shape(
        {
            "status": {"enum": list(SyncJob.State.values)},
            "progress": {"type": "integer", "minimum": 0, "maximum": 100, "description": "In per cent."},
            "result": {**optional(refer("PushAnswer")), "description": "The push's answer, once the job has ended."},
        },
        optional={
            "code": {**TEXT, "description": "Why the job failed as a whole, for programs."},
            "detail": {**TEXT, "description": "The same for people; may change."},
        },
    )


def _make_push_record() -> Dict[str, Any]:
    return shape(
        {"_model": {"type": "string", "description": "The label, in any case."}},
        optional={
            "id": {
                "anyOf": [{"type": ["integer", "string", "null"]}, refer("ClientReference")],
                "description": "The primary key, whatever its field is called.",
            },
            "_client_id": {**CLIENT_NAME, "description": "The device's own name for a new row."},
            "_version": {**TEXT, "description": "The version that the change began from."},
            "_base": {"type": "object", "description": "The values that the change began from."},
            "_deleted": {**TRUTH, "description": "True: delete the row."},
        },
        description="Keys that begin with `_` are the envelope, all others are fields.",
        **OPEN,
    )


def _make_result() -> Dict[str, Any]:
    codes = ", ".join(f"`{code}`" for code in sorted(RECORD_CODES))
    return shape(
        {
            "index": COUNT,
            "_model": optional(TEXT),
            "status": {"enum": [CREATED, UPDATED, REMOVED, UNCHANGED, CONFLICT, ERROR]},
        },
        optional={
            "id": KEY_VALUE,
            "_version": TEXT,
            "_client_id": TEXT,
            "code": {**TEXT, "description": f"Why a record was refused: {codes}, or the project's own word."},
            "errors": {
                "type": "object",
                "additionalProperties": array(TEXT),
                "description": "Sentences by field; `__all__` where none is at fault alone.",
            },
            "conflict": {
                "enum": [CLIENT_WINS, SERVER_WINS, MERGED, RESOLVED],
                "description": "How a conflict was settled.",
            },
            "server": {**optional(refer("Record")), "description": "The row as it stands; null where it is gone."},
            "fields": array(TEXT, "The fields that both sides changed."),
            "ignored": array(TEXT, "Fields that were sent and are not the client's to write."),
        },
    )


def make_pull_shapes() -> Dict[str, Any]:
    """Return the shapes of a pull."""
    return {
        "PullRequest": _make_pull_request(),
        "PullAnswer": shape(
            {
                "data": array({"anyOf": [refer("Tombstone"), refer("Record")]}),
                "metadata": {"type": "object", "additionalProperties": refer("Metadata")},
                "batch_info": refer("BatchInfo"),
            },
            optional={"errors": array(refer("RefusedModel"), "Models that are not served.")},
        ),
        "Record": shape({"_model": TEXT, "id": KEY_VALUE, "_version": TEXT}, optional={"_client_id": TEXT}, **OPEN),
        "Tombstone": shape(
            {
                "_model": TEXT,
                "id": KEY_VALUE,
                "_deleted": {"const": True},
                "_reason": {"enum": [REASON_DELETED, REASON_OUT_OF_SCOPE]},
                "_version": TEXT,
            }
        ),
        "Metadata": _make_metadata(),
        "BatchInfo": shape(
            {
                "batch_size": {**optional({"type": "integer"}), "description": "Null for a stream without bounds."},
                "total_records": COUNT,
                "has_more": {**TRUTH, "description": "Ask again with all cursors."},
            }
        ),
        "RefusedModel": shape(
            {
                "_model": TEXT,
                "code": {"enum": [UNKNOWN_MODEL, NOT_ENABLED, PERMISSION_DENIED, UNAVAILABLE]},
                "detail": TEXT,
            }
        ),
        **_make_lines(),
    }


def _make_pull_request() -> Dict[str, Any]:
    most, usual = setting("MAX_BATCH_SIZE"), setting("DEFAULT_BATCH_SIZE")
    known = {"type": ["string", "null"], "description": "Null for everything, a cursor, or a time."}
    return shape(
        {},
        optional={
            "models": {
                "anyOf": [{"type": "object", "additionalProperties": known}, array(TEXT), {"type": "null"}],
                "description": "Left out: all that the user may pull.",
            },
            "batch_size": {
                **optional({"type": "integer", "minimum": 1}),
                "description": f"Most records of the answer: {usual} where it is left out, never more than {most}."
                " A stream is bounded only where it is given.",
            },
            **PLACE,
        },
    )


def _make_metadata() -> Dict[str, Any]:
    return shape(
        {
            "count": COUNT,
            "last_sync": {**optional(TIME), "description": "The time to send next, for clients that keep times."},
            "user_last_sync": {**optional(TIME), "description": "When this user pulled the model before."},
            "cursor": {**TEXT, "description": "What to send next."},
            "has_more": TRUTH,
        },
        optional={"reset": {"const": True, "description": "All that the client held of the model is void."}},
    )


def _make_lines() -> Dict[str, Any]:
    cursors = {"type": "object", "additionalProperties": TEXT}
    end = shape(
        {"_metadata": {"type": "object", "additionalProperties": refer("Metadata")}, "batch_info": refer("BatchInfo")},
        optional={"errors": array(refer("RefusedModel"))},
    )
    names = ("Tombstone", "Record", "StreamReset", "StreamMark", "StreamEnd", "StreamError")
    return {
        "StreamLine": {"anyOf": [refer(name) for name in names]},
        "StreamReset": shape({"_reset": array(TEXT, "Models that begin again here: drop their rows.")}),
        "StreamMark": shape({"_mark": {**cursors, "description": "The cursors to go on from after these lines."}}),
        "StreamEnd": {**end, "description": "The last line of a stream that was not cut."},
        "StreamError": shape({"_error": refer("Error")}, description="The last line of a stream that failed."),
    }
