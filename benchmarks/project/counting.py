"""Count the statements of a request from outside the package that runs them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Callable

from django.db import connection

__all__ = ["HEADER", "count_statements"]

HEADER = "X-Statements"


def count_statements(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Say in a header of the answer how many statements it took."""

    def answer(request: Any) -> Any:
        count = 0

        def execute(run: Any, *arguments: Any) -> Any:
            nonlocal count
            count += 1
            return run(*arguments)

        with ExitStack() as stack:
            stack.enter_context(connection.execute_wrapper(execute))
            response = get_response(request)
        response[HEADER] = str(count)
        return response

    return answer
