"""Kinto as a WSGI application, on the PostgreSQL of BENCH_DATABASE_URL; `python -m` makes its tables.

Runs in Kinto's own environment: imports nothing of ours.
"""

from __future__ import annotations

import os
from urllib.parse import parse_qs, urlsplit

from kinto import main

PARTS = urlsplit(os.environ["BENCH_DATABASE_URL"])
# SQLAlchemy finds the socket's folder in the query as libpq does, but wants a host of none.
DATABASE = "postgresql+psycopg2://{}@/{}?host={}".format(
    PARTS.username, PARTS.path.lstrip("/"), parse_qs(PARTS.query)["host"][0]
)
SETTINGS = {
    "kinto.storage_backend": "kinto.core.storage.postgresql",
    "kinto.storage_url": DATABASE,
    "kinto.permission_backend": "kinto.core.permission.postgresql",
    "kinto.permission_url": DATABASE,
    "kinto.cache_backend": "kinto.core.cache.memory",
    "kinto.userid_hmac_secret": "measured",
    "kinto.batch_max_requests": "1000",
    "kinto.paginate_by": "5000",
    "kinto.bucket_create_principals": "system.Authenticated",
    "multiauth.policies": "basicauth",
    "multiauth.policy.basicauth.use": "kinto.core.authentication.BasicAuthAuthenticationPolicy",
}

application = main({}, **SETTINGS)

if __name__ == "__main__":
    application.registry.storage.initialize_schema()
    application.registry.permission.initialize_schema()
