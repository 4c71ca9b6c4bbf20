"""The one codec: what it lets through is what the standard library reads, and nothing doubtful gets through."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from billtui.client.codec import MAX_DEPTH, BodyReader, UnreadableAnswer, encode_json, parse_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_is_json_is_read(value: Any, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_what_is_sent_is_json(value: dict[str, Any]) -> None:
    assert parse_json(encode_json(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse_json(data)
    except UnreadableAnswer:
        return
    json.loads(data.decode())


@given(st.integers(1, MAX_DEPTH), st.booleans())
def test_the_limit_of_depth_is_exact(depth: int, objects: bool) -> None:
    opening, closing = (b'{"[":', b"}") if objects else (b"[", b"]")
    parse_json(opening * depth + b"1" + closing * depth)
    too_deep = opening * (MAX_DEPTH + 1) + b"1" + closing * (MAX_DEPTH + 1)
    with pytest.raises(UnreadableAnswer, match="deep"):
        parse_json(too_deep)


@given(st.text('[]{},"\\x', max_size=60))
def test_brackets_inside_strings_do_not_count(text: str) -> None:
    assert parse_json(json.dumps([text * 20]).encode()) == [text * 20]


@given(st.binary(max_size=3000), st.lists(st.integers(1, 200), max_size=40))
def test_compressed_bodies_in_any_pieces(data: bytes, cuts: list[int]) -> None:
    for encoding, body in (("gzip", gzip.compress(data)), ("", data)):
        reader = BodyReader(encoding, max_wire=10_000, max_decoded=10_000)
        rest = body
        for cut in cuts:
            reader.feed(rest[:cut])
            rest = rest[cut:]
        reader.feed(rest)
        assert reader.finish() == data


@given(st.binary(min_size=1, max_size=300), st.data())
def test_compressed_bodies_cut_anywhere_are_refused(data: bytes, draw: st.DataObject) -> None:
    body = gzip.compress(data)
    reader = BodyReader("gzip", max_wire=10_000, max_decoded=10_000)
    reader.feed(body[: draw.draw(st.integers(1, len(body) - 1))])
    with pytest.raises(UnreadableAnswer):
        reader.finish()


def test_caps_hold_to_the_byte() -> None:
    reader = BodyReader("gzip", max_wire=1000, max_decoded=100)
    reader.feed(gzip.compress(b"a" * 100))
    assert len(reader.finish()) == 100
    with pytest.raises(UnreadableAnswer, match="too large"):
        BodyReader("gzip", max_wire=1000, max_decoded=99).feed(gzip.compress(b"a" * 100))
    with pytest.raises(UnreadableAnswer, match="too large"):
        BodyReader("", max_wire=99, max_decoded=1000).feed(b"a" * 100)


def test_secrets_are_revealed_only_in_the_body() -> None:
    assert encode_json({"password": SecretStr("s3cret")}) == b'{"password":"s3cret"}'
    with pytest.raises(TypeError):
        encode_json({"x": object()})
