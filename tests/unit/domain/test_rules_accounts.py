"""ACC: identity, passwords, purses, the lock after failed sign-ins; and the list of codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from billtui.domain import rules
from billtui.domain.money import Money
from billtui.domain.rules import accounts
from tests.unit.domain.made_facts import HOUR, NOW, eur, purses, refused

MINUTE = HOUR / 60
SECOND = MINUTE / 60


def test_acc_1_identity() -> None:
    """ACC-1: a numeric ID, a login that is not the e-mail."""
    assert accounts.account_id_refusal("1042") is None and accounts.login_refusal("olena.marsh") is None
    for wrong in ("", "10a", "-1", "１０４２"):
        refused(accounts.account_id_refusal(wrong), "account-id-not-numeric", "ACC-1")
    refused(accounts.login_refusal("olena@example.org"), "login-is-email", "ACC-1")


def test_acc_2_passwords() -> None:
    """ACC-2: each condition at its border; no refusal ever repeats a password."""
    assert accounts.password_refusal("old-password-1", "0123456789", "0123456789", "olena", "o@example.org") is None
    cases = [
        (("abcdefghij", "abcdefghik"), "password-repeat"),
        (("123456789", "123456789"), "password-too-short"),
        (("old-password-1", "old-password-1"), "password-unchanged"),
        (("my-OLENA-secret", "my-OLENA-secret"), "password-contains-login"),
        (("x-o.Marsh@example.org", "x-o.Marsh@example.org"), "password-contains-email"),
    ]
    for (new, repeated), code in cases:
        refusal = accounts.password_refusal("old-password-1", new, repeated, "olena", "o.marsh@example.org")
        assert new not in refused(refusal, code, "ACC-2").reason
    assert accounts.password_refusal("old-password-1", "0123456789", "0123456789", "", "") is None


def test_acc_4_two_and_one_do_not_pay_three() -> None:
    """ACC-4."""
    refusal = refused(
        accounts.purse_refusal("internal", eur("3.00"), purses("2.00", "1.00")), "insufficient-funds", "ACC-4"
    )
    assert refusal.related == {"purse": "internal", "held": "2.00", "missing": "1.00"}
    refused(accounts.purse_refusal("affiliate", eur("3.00"), purses("2.00", "1.00")), "insufficient-funds", "ACC-4")
    assert accounts.purse_refusal("internal", eur("2.00"), purses("2.00", "1.00")) is None
    refused(
        accounts.purse_refusal("internal", Money("1", "USD"), purses("2.00", "1.00")), "currency-mismatch", "INV-10"
    )
    with pytest.raises(KeyError):
        accounts.purse_refusal("card", eur("1.00"), purses("2.00", "1.00"))


def test_acc_4_money_moves_one_way() -> None:
    """ACC-4: affiliate to internal, not back, never more than is there."""
    held = purses("2.00", "1.00")
    assert accounts.move_refusal(eur("1.00"), held) is None
    refused(accounts.move_refusal(eur("1.00"), held, "internal", "affiliate"), "move-one-way", "ACC-4")
    refused(accounts.move_refusal(eur("1.01"), held), "insufficient-funds", "ACC-4")
    for amount in ("0.00", "-1.00"):
        refused(accounts.move_refusal(eur(amount), held), "amount-not-positive", "ACC-4")
    refused(accounts.move_refusal(Money("1", "USD"), held), "currency-mismatch", "INV-10")


def test_inv_13_top_up_by_external_methods_only() -> None:
    """INV-13, INV-3."""
    assert accounts.top_up_refusal(eur("0.01"), "card", "EUR") is None
    for method in ("internal", "affiliate", "promise"):
        refused(accounts.top_up_refusal(eur("5.00"), method, "EUR"), "top-up-external-only", "INV-13")
    refused(accounts.top_up_refusal(eur("5.00"), "shells", "EUR"), "unknown-method", "INV-3")
    refused(accounts.top_up_refusal(eur("0.00"), "card", "EUR"), "amount-not-positive", "INV-13")
    refused(accounts.top_up_refusal(Money("5", "USD"), "card", "EUR"), "currency-mismatch", "INV-10")


def test_acc_6_five_failures_lock_for_fifteen_minutes() -> None:
    """ACC-6: the fifth locks, to the second; the answer carries the end of the wait."""
    four = [NOW + at * MINUTE for at in range(4)]
    assert accounts.locked_until(four, NOW + 5 * MINUTE) is None
    fifth = NOW + 4 * MINUTE
    locked = [*four, fifth]
    assert accounts.locked_until(locked, fifth) == fifth + 15 * MINUTE
    refusal = refused(accounts.lockout_refusal(reversed(locked), fifth + MINUTE), "locked-out", "ACC-6")
    assert refusal.available_from == fifth + 15 * MINUTE
    assert accounts.locked_until(locked, fifth + 15 * MINUTE - SECOND) is not None
    assert accounts.lockout_refusal(locked, fifth + 15 * MINUTE) is None


def test_acc_6_slow_failures_do_not_lock() -> None:
    """ACC-6: only five within 15 minutes do."""
    slow = [NOW + at * 4 * MINUTE for at in range(20)]
    assert accounts.locked_until(slow, NOW + 77 * MINUTE) is None
    edge = [NOW, *[NOW + 15 * MINUTE] * 4]
    assert accounts.locked_until(edge, NOW + 15 * MINUTE) == NOW + 30 * MINUTE


def test_acc_6_tries_while_locked_neither_count_nor_prolong() -> None:
    """ACC-6: nor does a failure of the future, after the clock was read."""
    burst = [NOW] * 5
    more = [NOW + at * MINUTE for at in range(1, 15)]
    assert accounts.locked_until([*burst, *more], NOW + 14 * MINUTE) == NOW + 15 * MINUTE
    assert accounts.locked_until([*burst, *more, NOW + 16 * MINUTE], NOW + 16 * MINUTE) is None
    assert accounts.locked_until([NOW + MINUTE] * 5, NOW) is None


def test_the_table_of_codes_is_complete() -> None:
    """Every code that a rule can answer with stands in the package's table with its rule, and no other."""
    assert rules.__doc__ is not None
    listed = dict(re.findall(r"^([a-z-]+) +([A-Z]{3}-\d+(?:, [A-Z]{3}-\d+)*) ", rules.__doc__, re.MULTILINE))
    used: set[str] = set()
    for file in Path(str(rules.__file__)).parent.glob("*.py"):
        used |= set(re.findall(r'Refusal\(\s*"([a-z-]+)"', file.read_text(encoding="utf-8")))
    assert used == set(listed)
