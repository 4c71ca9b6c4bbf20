"""API keys, recovery codes, roles, notification settings (ACC-3, ACC-5, ACC-7, ACC-8)."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.policy import Policy
from billtui.domain.rules import access, notifications
from billtui.domain.rules.access import RecoveryCode
from tests.unit.domain.made_facts import NOW, refused

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def test_acc_3_a_code_is_good_until_it_is_used_voided_or_old() -> None:
    """ACC-3: each with its own reason; 24 hours to the microsecond."""
    good = RecoveryCode(NOW + MOMENT)
    assert access.recovery_refusal(good, NOW) is None
    refused(access.recovery_refusal(None, NOW), "recovery-code-unknown", "ACC-3")
    refused(access.recovery_refusal(RecoveryCode(NOW), NOW), "recovery-code-expired", "ACC-3")
    refused(access.recovery_refusal(RecoveryCode(NOW + DAY, voided_at=NOW - DAY), NOW), "recovery-code-voided", "ACC-3")
    used = RecoveryCode(NOW - DAY, used_at=NOW - 2 * DAY, voided_at=NOW - DAY)
    refused(access.recovery_refusal(used, NOW), "recovery-code-used", "ACC-3")


def test_acc_5_labels_ends_and_numbers_of_keys() -> None:
    """ACC-5: each at its border."""
    for label in ("x", " x ", "x" * 100):
        assert access.label_refusal(label) is None
    for label in ("", " \t", "x" * 101):
        refused(access.label_refusal(label), "api-key-label", "ACC-5")
    assert access.expiry_refusal(None, NOW) is None
    assert access.expiry_refusal(NOW + MOMENT, NOW) is None
    refused(access.expiry_refusal(NOW, NOW), "api-key-expiry", "ACC-5")
    assert access.keys_refusal(2, Policy(api_keys_most=3)) is None
    refused(access.keys_refusal(3, Policy(api_keys_most=3)), "too-many-api-keys", "ACC-5")


@pytest.mark.parametrize("text", ["10.0.0.0/8", " 10.0.0.0/8 ", "203.0.113.7", "::/0", "2001:db8::1", "2001:db8::/32"])
def test_acc_5_networks_that_are(text: str) -> None:
    """ACC-5."""
    assert access.networks_refusal([text]) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10.0.0.1/24", "write 10.0.0.0/24"),
        ("2001:db8::1/32", "write 2001:db8::/32"),
        ("", "203.0.113.0/24"),
        ("10.0.0.0/33", "203.0.113.0/24"),
        ("example.org", "203.0.113.0/24"),
        ("fe80::1%eth0", "203.0.113.0/24"),
        ("10.0.0", "203.0.113.0/24"),
    ],
)
def test_acc_5_networks_that_are_not(text: str, said: str) -> None:
    """ACC-5: the refusal says what is meant."""
    refusal = refused(access.networks_refusal(["10.0.0.0/8", text]), "not-a-network", "ACC-5")
    assert said in refusal.reason


def test_acc_5_so_many_networks() -> None:
    """ACC-5."""
    assert access.networks_refusal(["::1"] * 50) is None
    refused(access.networks_refusal(["::1"] * 51), "not-a-network", "ACC-5")


ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(address=ADDRESSES, bits=st.integers(0, 32), other=ADDRESSES)
def test_acc_5_an_address_is_let_in_exactly_by_its_networks(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    bits: int,
    other: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """ACC-5: held against whole numbers; an IPv4 address that came over IPv6 is the same address."""
    network = ipaddress.ip_network((address, bits), strict=False)
    width = address.max_prefixlen - bits
    inside = address.version == other.version and int(address) >> width == int(other) >> width
    mapped = isinstance(other, ipaddress.IPv6Address) and other.ipv4_mapped is not None
    if not mapped:
        assert access.address_allowed(str(other), [str(network)]) is inside
    assert access.address_allowed(str(address), ["192.0.2.1", str(network)]) or address.version == 6
    if address.version == 4:
        assert access.address_allowed(f"::ffff:{address}", [str(network)])
    assert access.address_allowed(str(other), [])


@given(st.text(max_size=40))
def test_acc_5_any_text_is_a_network_or_a_clear_no(text: str) -> None:
    """ACC-5."""
    if access.network_refusal(text) is None:
        access.network_of(text)
    assert access.address_allowed(text, ["192.0.2.0/24"]) in (True, False)


def test_acc_7_roles() -> None:
    """ACC-7: who reads everything buys nothing."""
    for role in ("support", "admin"):
        assert access.reading_refusal(role) is None
        refused(access.business_refusal(role), "forbidden", "ACC-7")
    assert access.business_refusal("client") is None
    refused(access.reading_refusal("client"), "forbidden", "ACC-7")
    for unknown in ("", "root"):
        refused(access.reading_refusal(unknown), "forbidden", "ACC-7")
        refused(access.business_refusal(unknown), "forbidden", "ACC-7")


def test_acc_8_what_is_told_where() -> None:
    """ACC-8: e-mail at first, Telegram when asked for; one warning stays on; what has no setting goes by e-mail."""
    assert len(notifications.EVENTS) == 5
    for event in notifications.EVENTS:
        off = {event: {"email": False, "telegram": True}}
        fixed = event == "order-soon-deleted"
        assert notifications.is_told(event, "email", {}) and not notifications.is_told(event, "telegram", {})
        assert notifications.is_told(event, "email", off) is fixed
        assert notifications.is_told(event, "telegram", off)
        if fixed:
            refused(notifications.setting_refusal(event, "email", False), "notification-fixed", "ACC-8")
        else:
            assert notifications.setting_refusal(event, "email", False) is None
        assert notifications.setting_refusal(event, "email", True) is None
        assert notifications.setting_refusal(event, "telegram", False) is None
    always = {"password-changed": {"email": False, "telegram": True}}
    assert notifications.is_told("password-changed", "email", always)
    assert not notifications.is_told("password-changed", "telegram", always)
    refused(notifications.setting_refusal("password-changed", "email", False), "unknown-notification", "ACC-8")
    refused(notifications.setting_refusal("order-blocked", "pigeon", True), "unknown-notification", "ACC-8")


def test_acc_6_a_second_factor_is_begun_confirmed_and_turned_off_in_this_order() -> None:
    """ACC-6."""
    allowed = {
        (action, on, begun)
        for action in ("begin", "confirm", "new-codes", "off")
        for on in (False, True)
        for begun in (False, True)
        if access.second_factor_refusal(action, on=on, begun=begun) is None
    }
    assert allowed == {
        ("begin", False, False),
        ("begin", False, True),  # anew: the earlier secret is worth nothing
        ("confirm", False, True),
        *((action, True, begun) for action in ("new-codes", "off") for begun in (False, True)),
    }
    refused(access.second_factor_refusal("begin", on=True, begun=False), "totp-on", "ACC-6")
    refused(access.second_factor_refusal("confirm", on=True, begun=False), "totp-on", "ACC-6")
    refused(access.second_factor_refusal("confirm", on=False, begun=False), "totp-not-begun", "ACC-6")
    refused(access.second_factor_refusal("off", on=False, begun=True), "totp-off", "ACC-6")
