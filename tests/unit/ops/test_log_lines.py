"""The lines of the log: their form, what cannot begin one, what no traceback gives away."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any, Dict, List

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, connection, transaction

from sb_sync.ops.log_lines import LineFormatter

SECRET = "hunter2hunter2"
FORGED = "2024-01-01 12:00:00 - sb_sync - INFO - forged"


def lines(text: str, *args: Any, **extra: Any) -> List[str]:
    record = logging.makeLogRecord({"name": "sb_sync", "levelname": "INFO", "msg": text, "args": args, **extra})
    return LineFormatter().format(record).split("\n")


def trace_of(error: BaseException) -> str:
    try:
        raise error
    except type(error):
        return "\n".join(lines("failed", exc_info=sys.exc_info()))


def test_a_line_has_the_documented_form() -> None:
    (line,) = lines("PUSH request from user %s in %s: %s", "john", "Acme", '{"data": []}')
    form = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - sb_sync - INFO - PUSH request from user john in Acme: \{\"data\": \[\]\}"
    assert re.fullmatch(form, line)


@pytest.mark.parametrize(
    "end",
    ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\u2028", "\u2029", "\x85", "\x1b[2J", "\x9b2J", "\ud800", "\x00"],
)
def test_nothing_from_outside_begins_a_line_or_steers_a_terminal(end: str) -> None:
    (line,) = lines("user %s", "x" + end + FORGED)
    assert line.splitlines() == [line]
    assert line.isprintable()
    assert line.encode("utf-8")


def test_json_lines_by_setting(settings: Any) -> None:
    settings.SB_SYNC = {"LOG_FORMAT": "json"}
    (line,) = lines("pulled\nmuch\ud800", request_id="r1")
    told: Dict[str, Any] = json.loads(line)
    assert line.isascii()
    assert (told["message"], told["request_id"], told["level"]) == ("pulled\nmuch\ud800", "r1", "INFO")
    assert "exception" not in told


def test_a_traceback_is_kept_below_its_line() -> None:
    told = trace_of(ValueError("x\n" + FORGED)).split("\n")
    assert any(line == "    ValueError: x" for line in told)
    assert any("raise error" in line for line in told)
    assert all(line.startswith("    ") for line in told[1:])


def test_a_traceback_tells_what_it_came_from() -> None:
    try:
        try:
            {}["inner"]
        except KeyError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        told = "\n".join(lines("failed", exc_info=sys.exc_info()))
    assert told.index("KeyError: 'inner'") < told.index("direct cause") < told.index("RuntimeError: outer")


@pytest.mark.django_db
def test_a_database_that_quotes_a_row_is_not_repeated() -> None:
    Group.objects.create(name=SECRET)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Group.objects.create(name=SECRET)
    told = trace_of(caught.value)
    assert "IntegrityError" in told
    assert SECRET not in told


@pytest.mark.django_db
@pytest.mark.only_on("postgresql", "mariadb", reason="SQLite takes any value in any column")
def test_a_database_that_quotes_a_value_is_not_repeated() -> None:
    Group.objects.create(name="one")
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE auth_group SET id = %s", [SECRET])
    told = trace_of(caught.value)
    assert "Error: " in told
    assert SECRET not in told


@pytest.mark.parametrize(
    "message",
    [
        f'duplicate key value violates unique constraint "one"\nDETAIL:  Key (email)=({SECRET}) already exists.',
        f"wrapped\nDETAIL:  Failing row contains (1, {SECRET}\n{SECRET}).\nCONTEXT:  {SECRET}",
        f"syntax error\nLINE 1: SELECT '{SECRET}'\n               ^",
        f"Authorization: Bearer {SECRET}",
        f"refused: bearer {SECRET}",
        f"token eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}",
        f"{{'password': '{SECRET}', 'name': 'x'}}",
        f'{{"apiKey": "{SECRET}"}}',
        f"user_password={SECRET}&name=x",
        f"https://user:{SECRET}@example.com/",
    ],
)
def test_no_message_gives_a_secret_away(message: str) -> None:
    told = trace_of(RuntimeError(message))
    assert "RuntimeError: " in told
    assert SECRET not in told


class Error(Exception):
    """What the errors of each driver derive from."""


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (f"(1062, \"Duplicate entry '{SECRET}' for key 'auth_group.name'\")", "for key 'auth_group.name'"),
        (f"(1062, \"Duplicate entry '{SECRET}'s' for key 'name'\")", "for key 'name'"),
        (f"(1366, \"Incorrect integer value: '{SECRET}' for column 'age' at row 1\")", "for column 'age'"),
        (f"(1064, \"You have an error near '{SECRET}' at line 1\")", "at line 1"),
        (f'invalid input syntax for type integer: "{SECRET}"', "for type integer"),
        ('null value in column "age" violates not-null constraint', 'column "age"'),
    ],
)
def test_the_errors_of_databases_keep_names_and_lose_values(message: str, kept: str) -> None:
    told = trace_of(Error(message))
    assert kept in told
    assert SECRET not in told


def test_an_error_that_cannot_say_what_it_is_stops_nobody() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("nothing")

    assert "Mute: <no text>" in trace_of(Mute())


def test_a_message_of_any_length_is_looked_through_at_once() -> None:
    told = trace_of(RuntimeError("a" * 5_000_000))
    assert len(told) < 5000


def test_what_another_formatter_left_on_the_record_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        raise RuntimeError(f"password={SECRET}")
    except RuntimeError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})
    assert SECRET in logging.Formatter().format(record)
    assert SECRET not in LineFormatter().format(record)
