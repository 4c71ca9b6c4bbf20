"""Numbers and hosts as strangers write them."""

from __future__ import annotations

import pytest

from billtui.domain.hosts import is_loopback
from billtui.domain.numbers import is_number


@pytest.mark.parametrize("text", ["", " 1", "1 ", "+1", "-1", "1_0", "1.0", "１２", "²", "٣", "1\n", "9" * 19])
def test_what_int_would_take_or_choke_on_is_no_number(text: str) -> None:
    assert not is_number(text)


def test_as_many_digits_as_are_asked_for() -> None:
    assert is_number("0") and is_number("007") and is_number("9" * 18) and is_number("999", 3)
    assert not is_number("1000", 3)


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:192.0.2.1", False)]
    + [(host, False) for host in ("localhost.example", "192.0.2.1", "127.1", "2130706433", "0.0.0.0", "", "[::1]")],
)
def test_only_what_cannot_be_elsewhere_is_this_machine(host: str, own: bool) -> None:
    assert is_loopback(host) is own
