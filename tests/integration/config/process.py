"""Another process with the same database: answers each line of its input with what it goes by.

Run with the name of the database. A line is a token; the answer is what the API says to a pull with it, and which
models there are.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    import django

    django.setup()
    from django.test import Client

    client = Client()
    for line in sys.stdin:
        headers = {"HTTP_AUTHORIZATION": "Bearer " + line.strip()}
        body = json.dumps({"models": ["testapp.Region"]})
        pulled: Any = client.post("/api/sync/pull/", body, content_type="application/json", **headers)
        listed: Any = client.get("/api/sync/models/", **headers)
        told = {
            "status": pulled.status_code,
            "batch_size": pulled.json().get("batch_info", {}).get("batch_size"),
            "labels": sorted(listed.json()["models"]),
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
