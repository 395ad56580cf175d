"""Bodies: from bytes to JSON, under limits."""

from __future__ import annotations

import io
import json
import random
import time
from typing import Any, Dict, Optional

import pytest
from django.core.handlers.wsgi import WSGIRequest

from sb_sync.api.body import read_form, read_object
from sb_sync.errors import MalformedRequest, TooLarge, UnsupportedMediaType


def make_request(
    body: bytes, *, kind: str = "application/json", length: Optional[str] = None, **environ: Any
) -> WSGIRequest:
    given: Dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)) if length is None else length,
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    return WSGIRequest(given)


class Endless(io.RawIOBase):
    """A stream that never ends, and counts what was taken."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        self.taken += size
        return b" " * size


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_is_read(kind: str) -> None:
    assert read_object(make_request(b'{"a": "\xc3\xa9"}', kind=kind)) == {"a": "é"}


@pytest.mark.parametrize("kind", ["", "text/plain", "text/json", "application/xml", "multipart/form-data; boundary=x"])
def test_other_kinds_are_refused(kind: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read_object(make_request(b"{}", kind=kind))


def test_a_body_that_is_compressed_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        read_object(make_request(b"{}", HTTP_CONTENT_ENCODING="br"))
    assert read_object(make_request(b"{}", HTTP_CONTENT_ENCODING="identity")) == {}


def test_another_charset_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        read_object(make_request(b"{}", kind="application/json; charset=utf-16"))


def test_a_mark_of_byte_order_is_overlooked() -> None:
    assert read_object(make_request(b"\xef\xbb\xbf{}")) == {}


@pytest.mark.parametrize("length", ["1025", "9" * 5000], ids=["near", "absurd"])
def test_an_announced_length_over_the_limit_is_refused_unread(length: str, settings: Any) -> None:
    settings.SB_SYNC = {"MAX_BODY_BYTES": 1024}
    stream = Endless()
    with pytest.raises(TooLarge):
        read_object(make_request(b"", length=length, **{"wsgi.input": stream}))
    assert stream.taken == 0


@pytest.mark.parametrize("length", ["-1", "many", "1_0", "²"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    with pytest.raises(MalformedRequest):
        read_object(make_request(b"{}", length=length))


def test_a_body_shorter_than_announced_broke_off() -> None:
    with pytest.raises(MalformedRequest, match="broke off"):
        read_object(make_request(b"{}", length="3"))


def test_more_than_announced_is_not_read() -> None:
    assert read_object(make_request(b'{}{"more": 1}', length="2")) == {}


def test_a_body_in_chunks_is_read_where_the_server_marks_its_end() -> None:
    assert read_object(make_request(b'{"a": 1}', length="", **{"wsgi.input_terminated": True})) == {"a": 1}


def test_a_body_in_chunks_ends_at_the_limit(settings: Any) -> None:
    settings.SB_SYNC = {"MAX_BODY_BYTES": 100_000}
    stream = Endless()
    with pytest.raises(TooLarge):
        read_object(make_request(b"", length="", **{"wsgi.input": stream, "wsgi.input_terminated": True}))
    assert stream.taken < 200_000


def test_a_body_that_middleware_read_is_there_still() -> None:
    request = make_request(b'{"a": 1}')
    assert request.body
    assert read_object(request) == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"[]",
        b'"text"',
        b"1",
        b"null",
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": "\xff"}',
        b'{"a": "\n"}',
        b'{"a": 1}{"b": 2}',
        "{}".encode("utf-16"),
        b"\x00",
        b'{"a": ' + b"1" * 5000 + b"}",
    ],
)
def test_what_is_no_object_of_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read_object(make_request(body))


def nest(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize("depth", [1, 31, 32])
def test_nesting_up_to_the_limit_is_read(depth: int) -> None:
    assert read_object(make_request(nest(depth)))


@pytest.mark.parametrize(
    "body",
    [
        nest(33),
        b'{"a": ' + b"[" * 10_000_000,
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'[{"a":' * 17 + b"1" + b"}]" * 17,
        # Closing brackets in text, and quotes in text, hide nothing.
        b'{"]}": ' + b'["]",' * 40 + b"1" + b"]" * 40 + b"}",
        b'{"\\"": ' + b'["\\"]",' * 40 + b"1" + b"]" * 40 + b"}",
        b'{"\\\\": ' + b'["\\\\",' * 40 + b"1" + b"]" * 40 + b"}",
        b'{"a": "' + b"[]" * 40 + b'", "b": ' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)
def test_deeper_nesting_is_refused(body: bytes) -> None:
    with pytest.raises(TooLarge):
        read_object(make_request(body))


@pytest.mark.parametrize("text", ["[" * 100, "]" * 100, '"' * 101, '\\"[' * 50, "\\" * 51 + "[" * 50, "{}" * 90])
def test_brackets_in_text_are_no_nesting(text: str) -> None:
    assert read_object(make_request(json.dumps({text: [text, {"b": text}]}).encode())) == {text: [text, {"b": text}]}


def depth_of(value: Any) -> int:
    if isinstance(value, (dict, list)):
        return 1 + max((depth_of(item) for item in (value.values() if isinstance(value, dict) else value)), default=0)
    return 0


def test_random_nesting_is_judged_as_it_is(settings: Any) -> None:
    settings.SB_SYNC = {"MAX_JSON_DEPTH": 5}
    dice = random.Random(7)

    def grow(depth: int) -> Any:
        kind = dice.choice(["text", "list", "object"]) if depth else "text"
        if kind == "text":
            return "".join(dice.choice('[]{}"\\a,é') for _ in range(dice.randrange(6)))
        items = [grow(depth - 1) for _ in range(dice.randrange(4))]
        return items if kind == "list" else {f'{number}["': item for number, item in enumerate(items)}

    for _ in range(500):
        value = {"x": grow(7)}
        request = make_request(json.dumps(value).encode())
        if depth_of(value) <= 5:
            assert read_object(request) == value
        else:
            with pytest.raises(TooLarge):
                read_object(request)


@pytest.mark.parametrize(
    "body",
    [b"[" * 16_000_000, b"[]" * 8_000_000, b"[}" * 8_000_000, b"]" * 16_000_000, b'"[' * 1_000_000, b"\\" * 9_999_999],
)
def test_hostile_bodies_cost_little(body: bytes) -> None:
    before = time.process_time()
    with pytest.raises((TooLarge, MalformedRequest)):
        read_object(make_request(body))
    assert time.process_time() - before < 5


@pytest.mark.parametrize("setting", [1_000_000])
def test_a_limit_beyond_what_python_reads_is_no_failure(setting: int, settings: Any) -> None:
    settings.SB_SYNC = {"MAX_JSON_DEPTH": setting}
    with pytest.raises(TooLarge):
        read_object(make_request(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"))


def test_forms_are_read() -> None:
    form = make_request(b"username=anna&password=a%26b+c&x=%C3%A9", kind="application/x-www-form-urlencoded")
    assert read_form(form) == {"username": "anna", "password": "a&b c", "x": "é"}


def test_a_form_in_parts_is_read() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nanna\r\n--x--\r\n'
    assert read_form(make_request(body, kind="multipart/form-data; boundary=x")) == {"username": "anna"}


def test_a_form_is_small() -> None:
    with pytest.raises(TooLarge):
        read_form(make_request(b"a=" + b"x" * 70_000, kind="application/x-www-form-urlencoded"))


@pytest.mark.parametrize("body", [b"a=%FF", b"&".join(b"a=1" for _ in range(100)), b"a=\xff"])
def test_a_form_that_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        read_form(make_request(body, kind="application/x-www-form-urlencoded"))


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=é"])
def test_a_form_in_parts_that_cannot_be_read_is_malformed(kind: str) -> None:
    with pytest.raises(MalformedRequest):
        read_form(make_request(b"x", kind=kind))
