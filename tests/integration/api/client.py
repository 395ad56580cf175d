"""A client over HTTP, as thin as can be; every answer is held against the description of the API."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from django.test import Client

from tests.integration.api.description import check_answer, check_line

PREFIX = "/api/sync/"


class Api:
    """Talk JSON to the API; `token` is sent where there is one."""

    def __init__(self, token: Optional[str] = None, organization: Optional[str] = None) -> None:
        self.browser = Client(raise_request_exception=False)
        self.token = token
        self.organization = organization

    def log_in(self, username: str, password: str = "pass") -> Dict[str, Any]:
        answer = self.post("auth/token/", {"username": username, "password": password})
        assert answer.status_code == 200, answer.content
        self.token = answer.json()["token"]
        return dict(answer.json())

    def post(self, address: str, body: Any, **headers: Any) -> Any:
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.send("post", address, data=data, content_type="application/json", **headers)

    def send(self, method: str, address: str, **options: Any) -> Any:
        if self.token is not None:
            options.setdefault("HTTP_AUTHORIZATION", "Bearer " + self.token)
        if self.organization is not None:
            options.setdefault("HTTP_X_ORGANIZATION", self.organization)
        answer = getattr(self.browser, method)(PREFIX + address, **options)
        check_answer(method, address, answer)
        return answer

    def get(self, address: str, **headers: Any) -> Any:
        return self.send("get", address, **headers)

    def stream(self, body: Any, **headers: Any) -> List[Dict[str, Any]]:
        """Pull as lines and return them all."""
        answer = self.post("pull/", body, HTTP_ACCEPT="application/x-ndjson", **headers)
        assert answer["Content-Type"] == "application/x-ndjson", answer.content
        lines = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
        for line in lines:
            check_line(line)
        return lines
