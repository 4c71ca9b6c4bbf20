"""What the copy of an account says: sums for each currency by itself, soonest ends first, one account once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.config.profiles import Profile, make_profile
from billtui.domain.models import Account, Invoice, Order
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.accounts import AccountCopy, AccountRow, Kind, distinct, read_copy, row_key
from billtui.services.accounts.bulk import by_profile
from billtui.services.accounts.copies import MOST_ORDERS, owing_words
from billtui.services.session_settings import SessionSettings
from billtui.services.store import KnownAccount, KnownAccounts, Store, store_path
from tests.support.small_panel import NOW, invoice, iso, money, order


def some_profile(name: str = "work", *, read_only: bool = False) -> Profile:
    """A profile whose panel is never asked."""
    return make_profile(name=name, url="https://panel.example", login="olena", read_only=read_only)


def settings_of(profile: Profile, folder: Path) -> SessionSettings:
    """Its files in the test's folder."""
    return replace(SessionSettings.of(profile), data_dir=folder)


def filled(folder: Path, profile: Profile, account_id: str = "1001") -> Store:
    """An open store of this profile's account; close it in the end."""
    KnownAccounts(folder).put(profile.name, KnownAccount("p", account_id, profile.url, profile.login))
    store = Store(store_path(folder, "p", account_id))
    body = {
        "panel_id": "p",
        "account_id": account_id,
        "login": "olena",
        "email": "o@example.net",
        "balances": {"internal": money("7.00"), "affiliate": money("1.00")},
    }
    store.apply_account(Account.model_validate(body))
    return store


def test_before_the_first_sign_in_nothing_is_known(tmp_path: Path) -> None:
    copy = read_copy(some_profile(), settings_of(some_profile(), tmp_path), NOW)
    assert (copy.known, copy.rows, copy.owing, copy.login) == (False, (), (), "olena")


def test_sums_are_for_each_currency_by_itself(tmp_path: Path) -> None:
    profile = some_profile()
    store = filled(tmp_path, profile)
    dollars = {"amount": "4.00", "currency": "USD"}
    bodies = [
        invoice(1, total=money("10.00")), invoice(2, total=money("2.50"), state="overdue"),
        invoice(3, total=dollars), invoice(4, total=money("99.00"), state="paid"),
    ]  # fmt: skip
    store.apply_invoices([Invoice.model_validate(body) for body in bodies])
    store.complete("1")
    store.close()
    copy = read_copy(profile, settings_of(profile, tmp_path), NOW)
    assert [(one.number, one.total) for one in copy.owing] == [(2, Money("12.50", "EUR")), (1, Money("4.00", "USD"))]
    assert owing_words(copy.owing) == "2 unpaid, 12.50 EUR; 1 unpaid, 4.00 USD"
    assert {row.id for row in copy.rows if row.kind is Kind.INVOICE} == {"i1", "i2", "i3"}
    assert all((row.profile, row.login, row.account_id) == ("work", "olena", "1001") for row in copy.rows)
    sums_only = read_copy(profile, settings_of(profile, tmp_path), NOW, most=0)
    assert (sums_only.owing, sums_only.rows) == (copy.owing, ())


def test_orders_that_end_within_thirty_days_and_why_they_cannot_be_renewed(tmp_path: Path) -> None:
    profile = some_profile()
    store = filled(tmp_path, profile)
    bodies = [
        order(1, paid_until=iso(NOW + timedelta(days=29))),
        order(2, paid_until=iso(NOW + timedelta(days=31))),
        order(3, paid_until=iso(NOW - timedelta(days=2)), state="blocked"),
        order(4, paid_until=iso(NOW + timedelta(days=1)), state="deleted"),
        order(5, paid_until=iso(NOW + timedelta(days=3)), unpaid_invoice_id="i9"),
        order(6, paid_until=iso(NOW + timedelta(days=4)), transfer_id="t1"),
    ]
    store.apply_orders([Order.model_validate(body) for body in bodies])
    store.close()
    copy = read_copy(profile, settings_of(profile, tmp_path), NOW)
    found = {row.id: row.refusal for row in copy.rows}
    assert found == {"3": "", "5": "on an open invoice (BLK-5)", "6": "in a transfer (TRF-6)", "1": ""}
    assert copy.ending == 4


def test_of_a_large_fleet_the_soonest_ends_are_listed_and_the_rest_is_counted(tmp_path: Path) -> None:
    profile = some_profile()
    store = filled(tmp_path, profile)
    store.apply_orders(
        Order.model_validate(order(number, paid_until=iso(NOW + timedelta(minutes=number))))
        for number in range(MOST_ORDERS + 7)
    )
    store.close()
    copy = read_copy(profile, settings_of(profile, tmp_path), NOW)
    assert (len(copy.rows), copy.ending, copy.not_listed) == (MOST_ORDERS, MOST_ORDERS + 7, 7)
    assert max(int(row.id) for row in copy.rows) == MOST_ORDERS - 1


def test_a_copy_of_another_address_or_login_is_not_shown(tmp_path: Path) -> None:
    filled(tmp_path, some_profile()).close()
    for changed in ({"url": "https://other.example"}, {"login": "kofi"}):
        profile = some_profile().model_copy(update=changed)
        assert not read_copy(profile, settings_of(profile, tmp_path), NOW).known


def test_what_support_sees_is_nobodys_own_bill(tmp_path: Path) -> None:
    profile = some_profile()
    store = filled(tmp_path, profile)
    account = store.account()
    assert account is not None
    store.apply_account(account.model_copy(update={"role": SafeText("support"), "version": 1}))
    store.apply_invoices([Invoice.model_validate(invoice(1))])
    store.close()
    copy = read_copy(profile, settings_of(profile, tmp_path), NOW)
    assert (copy.known, copy.is_staff, copy.rows, copy.owing) == (True, True, (), ())


def copies(*which: tuple[str, str, bool]) -> list[AccountCopy]:
    """Copies by profile, account and whether it is read-only; no account: not known."""
    return [
        AccountCopy(some_profile(name, read_only=read_only), panel_id="p", account_id=account, known=bool(account))
        for name, account, read_only in which
    ]


@pytest.mark.parametrize(
    ("first", "which", "shown", "same"),
    [
        ("", (("a", "1", False), ("b", "1", False)), ["a"], {"b": "a"}),
        ("b", (("a", "1", False), ("b", "1", False)), ["b"], {"a": "b"}),
        ("", (("a", "1", True), ("b", "1", False)), ["b"], {"a": "b"}),
        ("a", (("a", "1", True), ("b", "1", False)), ["a"], {"b": "a"}),
        ("", (("a", "", False), ("b", "", False)), ["a", "b"], {}),
        ("", (("a", "1", False), ("b", "2", False)), ["a", "b"], {}),
    ],
)
def test_one_account_stands_once(
    first: str, which: tuple[tuple[str, str, bool], ...], shown: list[str], same: dict[str, str]
) -> None:
    found, others = distinct(copies(*which), first)
    assert ([one.profile.name for one in found], others) == (shown, same)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["", "1", "2", "3"]), st.booleans()),
        unique_by=lambda one: one[0],
    ),
    st.sampled_from("abcdefgh"),
)
def test_every_profile_stands_or_is_stood_for(which: list[tuple[str, str, bool]], first: str) -> None:
    whole = copies(*which)
    found, same = distinct(whole, first)
    shown = [one.profile.name for one in found]
    assert sorted([*shown, *same]) == sorted(one.profile.name for one in whole)
    assert set(same.values()) <= set(shown)
    identities = [one.identity for one in found if one.known]
    assert len(identities) == len(set(identities))


def test_chosen_lines_are_taken_apart_by_profile(tmp_path: Path) -> None:
    rows: list[AccountRow] = []
    for name in ("work", "lab"):
        profile = some_profile(name)
        store = filled(tmp_path, profile, f"id-{name}")
        store.apply_invoices([Invoice.model_validate(invoice(1)), Invoice.model_validate(invoice(2))])
        store.close()
        rows += read_copy(profile, settings_of(profile, tmp_path), NOW).rows
    assert len({row.key for row in rows}) == 4, "the same ids on two accounts are two things"
    assert by_profile(rows, Kind.INVOICE) == {"work": ["i1", "i2"], "lab": ["i1", "i2"]}
    assert by_profile(rows, Kind.ORDER) == {}
    assert row_key("work", Kind.INVOICE, "i1") in {row.key for row in rows}
