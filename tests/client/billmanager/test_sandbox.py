"""The driver against the sandbox's ``/billmgr``, over a real port, held against what its own interface says."""

from __future__ import annotations

import pyotp
import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, NotFound, RuleRefused, SignInRefused, TotpRequired
from billtui.client.errors import ClientError, SessionExpired
from billtui.domain.models import (
    AutoRenew,
    InvoiceState,
)
from billtui.domain.money import Money
from tests.client.billmanager.conftest import opened
from tests.client.billmanager.kit import write
from tests.client.billmanager.shop import renewable, truth
from tests.support.sandbox import SandboxProcess

QUIRKS = ("lone-rows", "bare-scalars", "comma-amounts", "no-item-status", "status-codes", "filter-echo", "expiry-words",
          "text-plain")  # fmt: skip


# -- who it is


async def test_who_is_signed_in_and_what_is_there(client: BillingClient, shop: SandboxProcess) -> None:
    account = await client.account.me()
    owner = shop.account()
    assert (account.login, account.account_id, account.role) == (owner["login"], owner["account_id"], "client")
    assert account.panel_id == shop.url and account.payment_methods == ["internal", "card-2", "crypto-3"]
    status, mine = shop.call("GET", "/api/v1/me", token=shop.sign_in())
    assert status == 200 and account.balances.internal == Money.model_validate(mine["balances"]["internal"])
    assert client.unavailable("invoices.combine") and client.unavailable("staff.take")
    assert client.unavailable("invoices.pay") is None
    assert account.panel_name == f"{shop.url.removeprefix('http://')}/billmgr", "it tells no name: host and path"
    assert account.affiliate is None and list(account.purses) == ["internal"], "no second purse is not an empty one"


async def test_a_wrong_password_is_said_in_the_panels_words(shop: SandboxProcess) -> None:
    async with opened(shop) as other:
        with pytest.raises(SignInRefused):
            await other.sessions.sign_in(shop.account("client", 1)["login"], SecretStr("wrong-password"))


async def test_a_second_factor_makes_a_second_session(shop: SandboxProcess) -> None:
    with_code = next(one for one in shop.accounts if "totp_secret" in one)
    async with opened(shop) as other:
        with pytest.raises(TotpRequired):
            await other.sessions.sign_in(with_code["login"], SecretStr(with_code["password"]))
        code = SecretStr(pyotp.TOTP(with_code["totp_secret"]).now())
        await other.sessions.sign_in(with_code["login"], SecretStr(with_code["password"]), code)
        assert (await other.account.me()).login == with_code["login"]
        await other.sessions.sign_out()
        assert other.token is None


async def test_a_session_that_ended_is_renewed_for_reads_and_told_to_writes(shop: SandboxProcess) -> None:
    owner = shop.account()
    async with opened(shop, owner["login"]) as ours:
        await ours.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        good = ours.token
        ours.token = SecretStr("0123456789abcdef0123")
        with pytest.raises(SessionExpired):
            await ours.orders.list(limit=5)
        orders = None

        async def renewed() -> SecretStr | None:
            return good

        ours._credentials.renewer = renewed
        orders = await ours.orders.list(limit=5)
        assert orders.items and ours.token == good
        ours._credentials.renewer = None
        ours.token = SecretStr("0123456789abcdef0123")
        with pytest.raises(ClientError) as caught:
            await ours.orders.rename(orders.items[0].id, "never", write())
        assert caught.value.outcome.value in ("not-sent", "not-executed")


# -- lists


async def test_the_ledger_begins_with_the_newest(client: BillingClient) -> None:
    pages = [await client.balance.ledger(limit=4)]
    pages.append(await client.balance.ledger(limit=4, cursor=pages[0].next_cursor))
    at = [one.at for page in pages for one in page.items]
    assert len(at) == 8 and at == sorted(at, reverse=True)


async def test_who_must_act_is_the_same_in_list_and_thread_and_only_a_person_reads(
    client: BillingClient, shop: SandboxProcess
) -> None:
    held = {one["id"] for one in truth(shop, "/tickets") if one["state"] == "on hold"}  # this wire has no such word
    listed = {one.id.raw: one async for page in client.tickets.pages() for one in page.items}
    assert {str(one.state) for one in listed.values()} == {"open", "answered", "closed"}
    assert client.driver.traits.reading_marks, "reading is a person's: no thread is copied by itself"
    for key, one in listed.items():
        assert one.last_author_role in ("", "support")
        whole = await client.tickets.get(key)
        if key not in held:
            assert whole.state == one.state, one.subject
    again = {one.id.raw: one.state async for page in client.tickets.pages() for one in page.items}
    assert all(again[key] == one.state for key, one in listed.items() if key not in held), "read is not answered"


@pytest.mark.parametrize("quirks", [(), ("renamed-list",), QUIRKS])
async def test_services_are_those_of_the_panel(
    client: BillingClient, shop: SandboxProcess, quirks: tuple[str, ...]
) -> None:
    shop.call("POST", "/sandbox/billmgr", {"quirks": list(quirks)})
    found = {one.id.raw.rpartition(":")[2]: one async for one in client.orders.iterate(limit=25)}
    shown = {one["id"]: one for one in truth(shop, "/orders") if one["state"] != "cancelled"}
    assert found.keys() == shown.keys()
    states = {"blocked": "suspended"}
    for key, one in shown.items():
        assert found[key].name.raw == one["name"] and found[key].address == one["address"]
        if one["state"] == "blocked" and "no-item-status" not in quirks:
            assert found[key].state in ("blocked", "suspended")
        else:
            assert str(found[key].state) == states.get(one["state"], one["state"])
        end = found[key].paid_until
        assert (end.date().isoformat() if end else None) == (one["paid_until"] or "")[:10] or one["state"] == "pending"
    first = next(iter(found.values()))
    assert (await client.orders.get(first.id)).name == first.name
    shop.call("POST", "/sandbox/billmgr", {"quirks": []})


async def test_what_is_owed_is_the_same_in_russian(client: BillingClient, shop: SandboxProcess) -> None:
    """Periods come in words: a price for three months is no price for one, and auto-renewal that is on is not off."""
    async with opened(shop, shop.account()["login"], lang="ru") as russian:
        russian.token = client.token
        found = {one.id: one async for one in russian.orders.iterate()}
        async for one in client.orders.iterate():
            same = found.pop(one.id)
            assert (same.monthly_price, same.auto_renew, same.state) == (one.monthly_price, one.auto_renew, one.state)
            assert same.power == one.power or "Остановлен" in str(same.power)
        assert found == {}


@pytest.mark.parametrize("quirks", [(), QUIRKS])
async def test_invoices_are_those_of_the_panel(
    client: BillingClient, shop: SandboxProcess, quirks: tuple[str, ...]
) -> None:
    shop.call("POST", "/sandbox/billmgr", {"quirks": list(quirks)})
    found = {one.id.raw: one async for one in client.invoices.iterate(limit=40)}
    for one in truth(shop, "/invoices"):
        mine = found.pop(one["id"])
        assert mine.total == Money.model_validate(one["total"]), one["id"]
        assert mine.issued_at.date().isoformat() == one["issued_at"][:10]
        assert (mine.state == InvoiceState.PAID) == (one["state"] == "paid")
        assert mine.is_open == (one["state"] in ("unpaid", "overdue", "promised")) or str(mine.state).startswith("pay")
    assert found == {}
    shop.call("POST", "/sandbox/billmgr", {"quirks": []})


async def test_a_filter_set_elsewhere_hides_nothing(client: BillingClient, shop: SandboxProcess) -> None:
    everything = [one.id.raw async for one in client.invoices.iterate(limit=100)]
    for quirks in ([], ["filter-echo"]):
        shop.call("POST", "/sandbox/billmgr", {"quirks": []})
        form = {"func": "payment.filter", "out": "json", "sok": "ok", "status": "3", "number": "7"}
        assert client.token is not None
        body = "&".join(f"{name}={value}" for name, value in form.items()) + f"&auth={client.token.get_secret_value()}"
        status, _, _ = shop.raw("GET", f"/billmgr?{body}")
        assert status == 200
        shop.call("POST", "/sandbox/billmgr", {"quirks": quirks})
        assert [one.id.raw async for one in client.invoices.iterate(limit=100)] == everything
    shop.call("POST", "/sandbox/billmgr", {"quirks": []})


# -- services


async def test_names_auto_renewal_and_power(client: BillingClient) -> None:
    (order,) = await renewable(client, 1)
    assert (await client.orders.rename(order.id, "renamed-01", write())).name == "renamed-01"
    auto = await client.orders.set_auto_renew(order.id, AutoRenew(on=True, months=3), write())
    assert auto.auto_renew == AutoRenew(on=True, months=3)
    assert not (await client.orders.set_auto_renew(order.id, AutoRenew(), write())).auto_renew.on
    assert (await client.orders.act(order.id, "stop", write())).power == "stopped"
    assert (await client.orders.act(order.id, "start", write())).power != "stopped"
    with pytest.raises(RuleRefused, match="own pages"):
        await client.orders.act(order.id, "reinstall", write(), confirm_name="renamed-01")
    with pytest.raises(NotFound):
        await client.orders.get("vds:999999")
