"""Entity tags and the versions in If-Match."""

from __future__ import annotations

import pytest

from billtui.sandbox.http.etag import entity_tag, expected_version, tags_of
from billtui.sandbox.http.problems import ApiProblem


def test_a_tag_follows_the_body_and_carries_the_version() -> None:
    assert entity_tag(b"one") != entity_tag(b"two")
    assert entity_tag(b"one", 7) == '"7-' + entity_tag(b"one")[1:]


@pytest.mark.parametrize(
    ("header", "tags"),
    [('"a", W/"b"', ["a", "b"]), ("*", ["*"]), ("a,b", ["a", "b"]), ('"a,b"', ["a,b"]), ("", []), ('""', [""])],
)
def test_tags_of_a_header(header: str, tags: list[str]) -> None:
    assert tags_of(header) == tags


@pytest.mark.parametrize(
    ("header", "version"),
    [(None, None), ("*", None), ("7", 7), ('"7"', 7), ('W/"7"', 7), ('"7-0a1b"', 7), ("0", 0)],
)
def test_expected_version(header: str | None, version: int | None) -> None:
    assert expected_version(header) == version


@pytest.mark.parametrize("header", ["", "seven", '"7", "8"', "-1", "\u0667", "9" * 40, '"-7"'])
def test_a_wrong_if_match_is_said(header: str) -> None:
    with pytest.raises(ApiProblem) as caught:
        expected_version(header)
    assert caught.value.status == 422
    assert "If-Match" in caught.value.fields
