"""What is typed about a new API key (ACC-5): expiry and networks, and what to type instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.rules.access import expiry_refusal, networks_refusal
from billtui.services.api_key_text import MOST_DAYS, parse_expiry, parse_networks

NOW = datetime(2026, 11, 25, 18, 30, 5, 123, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "expires"),
    [
        ("90", datetime(2027, 2, 23, 18, 30, 5, tzinfo=UTC)),
        (" 1d ", datetime(2026, 11, 26, 18, 30, 5, tzinfo=UTC)),
        ("2026-11-25", datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)),
        ("2027-03-01", datetime(2027, 3, 1, 23, 59, 59, tzinfo=UTC)),
        ("never", None),
        ("Never", None),
    ],
)
def test_expiries(typed: str, expires: datetime | None) -> None:
    assert parse_expiry(typed, NOW) == expires


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Type a number of days"),
        ("soon", "Type a number of days"),
        ("٣", "Type a number of days"),
        ("-3", "Type a number of days"),
        ("0", f"Type 1 to {MOST_DAYS} days"),
        ("99999999999", f"Type 1 to {MOST_DAYS} days"),
        ("2026-11-24", "That day is over"),
        ("2026-02-30", "Type a number of days"),
        ("2999-01-01", "more than ten years away"),
    ],
)
def test_slips_of_an_expiry(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_expiry(typed, NOW)


@given(st.integers(1, MOST_DAYS))
def test_every_number_of_days_is_one_that_the_panel_takes(days: int) -> None:
    found = parse_expiry(str(days), NOW)
    assert found is not None
    assert expiry_refusal(found, NOW) is None
    assert found - NOW <= timedelta(days=days)


@pytest.mark.parametrize(
    ("typed", "networks"),
    [
        ("", ()),
        (" , ", ()),
        ("192.0.2.7", ("192.0.2.7/32",)),
        ("192.0.2.0/24, 2001:DB8::/32;192.0.2.0/24", ("192.0.2.0/24", "2001:db8::/32")),
    ],
)
def test_networks(typed: str, networks: tuple[str, ...]) -> None:
    assert parse_networks(typed) == networks
    assert networks_refusal(networks) is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("192.0.2.0/24 here", "“here” is no network"),
        ("192.0.2.7/24", "the network of that length is 192.0.2.0/24"),
        ("192.0.2.7/24", "the single address would be 192.0.2.7"),
        ("300.1.1.1", "type an address such as"),
    ],
)
def test_slips_of_a_network(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_networks(typed)
