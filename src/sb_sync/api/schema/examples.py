"""One small story in examples: a shop and a visit, pushed from a device and pulled by another."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping

__all__ = ["EXAMPLES", "make_example_of_lines"]

KEY = "5e0c34a2-7b0e-4b6f-9f0e-3f7a4f0d9a11"
JOB = "0b9f6c1e-52d4-4c0b-8f57-6d0a9d1c7a20"
VERSION = "9c41d.3f0a1b7c55d24e6a9b80"
NEXT_VERSION = "9c41d.b7d2e40c1f6a4c02a911"
CURSOR = "AQe5c0.rT4x"
METADATA: Mapping[str, Any] = {
    "crm.Customer": {
        "count": 1,
        "last_sync": "2026-07-01T10:30:00Z",
        "user_last_sync": None,
        "cursor": CURSOR,
        "has_more": False,
    }
}

#: By the name of the shape.
EXAMPLES: Mapping[str, Dict[str, Any]] = {
    "Credentials": {"username": "anna", "password": "a good password"},
    "Refresh": {"refresh": "eyJhbGciOi"},
    "TokenPair": {"token": "eyJhbGciOi", "refresh": "eyJhbGciOi"},
    "Session": {
        "token": "eyJhbGciOi",
        "refresh": "eyJhbGciOi",
        "user": {"id": 7, "username": "anna", "email": "anna@example.com"},
        "organizations": [{"id": 2, "name": "Acme Corporation", "slug": "acme", "group": "Administrators"}],
    },
    "PushRequest": {
        "data": [
            {"_model": "crm.Customer", "id": KEY, "_version": VERSION, "phone": "01632 960123"},
            {"_model": "crm.Visit", "_client_id": "visit-1", "customer_id": KEY, "day": "2026-07-01"},
            {"_model": "crm.Visit", "id": 12, "_deleted": True},
        ],
        "atomic": False,
    },
    "PushAnswer": {
        "status": "partial",
        "success_count": 2,
        "error_count": 1,
        "conflict_count": 0,
        "processed_models": {
            "crm.Customer": {"created": 0, "updated": 1, "deleted": 0, "unchanged": 0},
            "crm.Visit": {"created": 1, "updated": 0, "deleted": 0, "unchanged": 0},
        },
        "processing_time": 0.012,
        "results": [
            {"index": 0, "_model": "crm.Customer", "id": KEY, "status": "updated", "_version": NEXT_VERSION},
            {
                "index": 1,
                "_model": "crm.Visit",
                "id": 13,
                "status": "created",
                "_version": VERSION,
                "_client_id": "visit-1",
            },
            {"index": 2, "_model": "crm.Visit", "status": "error", "code": "permission_denied", "errors": {}},
        ],
    },
    "Accepted": {"status": "accepted", "job": JOB, "url": f"/api/sync/jobs/{JOB}/"},
    "Job": {"status": "running", "progress": 40, "result": None},
    "PullRequest": {"models": {"crm.Customer": None, "crm.Visit": CURSOR}, "batch_size": 500},
    "PullAnswer": {
        "data": [
            {"_model": "crm.Customer", "id": KEY, "name": "Quay Bakery", "organization": 2, "_version": VERSION},
            {"_model": "crm.Visit", "id": 12, "_deleted": True, "_reason": "deleted", "_version": VERSION},
        ],
        "metadata": {**METADATA, "crm.Visit": METADATA["crm.Customer"]},
        "batch_info": {"batch_size": 500, "total_records": 2, "has_more": False},
    },
    "Health": {
        "status": "degraded",
        "timestamp": "2026-07-01T10:30:00Z",
        "checks": {
            "database": {"status": "healthy"},
            "cache": {"status": "healthy"},
            "logging": {"status": "healthy"},
            "feed": {"status": "degraded"},
            "memory": {"status": "healthy"},
        },
    },
    "Performance": {
        "performance_stats": {
            "total_operations": 1280,
            "average_processing_time": 0.031,
            "cache_hit_rate": 0.98,
            "since": "2026-06-24T10:00:00Z",
            "is_whole": True,
            "operations": [
                {
                    "operation": "pull",
                    "model": "crm.Customer",
                    "total_operations": 1280,
                    "average_processing_time": 0.031,
                    "p50": 0.024,
                    "p95": 0.088,
                    "p99": 0.31,
                    "records": 40960,
                    "queries": 8960,
                }
            ],
        },
        "current_memory_usage": 92.4,
        "cache_stats": {"cache_hits": 980, "cache_misses": 20},
        "optimization_suggestions": [
            {
                "code": "slow",
                "detail": "One pull of crm.Customer in twenty takes more than 2.4 s. Smaller batches answer sooner.",
                "figure": "p95 of pull of crm.Customer, seconds",
                "value": 2.4,
                "limit": 2.0,
            }
        ],
    },
    "Models": {
        "models": {
            "crm.Customer": {
                "can_push": True,
                "can_pull": True,
                "can_delete": False,
                "shared": False,
                "conflict": "reject",
                "primary_key": {"name": "id", "kind": "client"},
                "organization": "organization",
                "fields": [
                    {
                        "name": "name",
                        "type": "string",
                        "required": True,
                        "null": False,
                        "read_only": False,
                        "max_length": 100,
                        "choices": None,
                        "references": None,
                    }
                ],
            }
        }
    },
}


def make_example_of_lines() -> str:
    """Return the answer to the example of a pull as a stream of lines."""
    answer = EXAMPLES["PullAnswer"]
    cursors = {label: told["cursor"] for label, told in answer["metadata"].items()}
    info = {**answer["batch_info"], "batch_size": None}
    lines = [*answer["data"], {"_mark": cursors}, {"_metadata": answer["metadata"], "batch_info": info}]
    return "".join(json.dumps(line) + "\n" for line in lines)
