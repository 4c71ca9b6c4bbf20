"""The session ends in mid-work: it is asked for again, reads go on, no write is repeated, nothing typed is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr
from textual.widgets import Input

from billtui import shell_news
from billtui.config.secret_sources import Credential
from billtui.config.settings import Settings
from billtui.services.journal import OperationState
from tests.support.driving import PASSWORD, Driver, Panel, Pocket, Program


async def signed_in(driver: Driver) -> None:
    """By hand, so that no password is at hand for signing in again unseen."""
    await driver.on("SignInScreen")
    await driver.type(PASSWORD)
    await driver.press("enter")
    await driver.ready()


async def again(driver: Driver, words: str = "expired", password: str = PASSWORD) -> None:
    """The form is on top and says why; sign in."""
    await driver.on("SignInScreen")
    await driver.sees(words)
    await driver.type(password)
    await driver.press("enter")
    await driver.ready()


def end_sessions(panel: Panel) -> None:
    """As from the account's list of sessions, in another program; then something happens that the feed tells."""
    for one in panel.get("/sessions")["items"]:
        if not one["current"]:
            panel.sandbox.call("DELETE", f"/api/v1/sessions/{one['id']}", token=panel.token)
    panel.write("PATCH", "/orders/2", {"name": "renamed-elsewhere"})


def api_key(panel: Panel) -> tuple[str, str]:
    """A new API key: its id and the key itself."""
    body = {"label": "test", "read_only": False, "networks": [], "current_password": PASSWORD}
    status, answer = panel.sandbox.call("POST", "/api/v1/me/api-keys", body, token=panel.token)
    assert status == 201, answer
    return str(answer["key"]["id"]), str(answer["secret"])


def as_key(secret: str) -> Pocket:
    """The key as what the profile keeps."""
    return Pocket(Credential("token", SecretStr(secret), "test"))


async def to_typed_total(driver: Driver, bill: str) -> None:
    """A payment whose total is typed, with the total typed."""
    await driver.go("2", "InvoicesScreen")
    await driver.cursor_to(bill)
    await driver.press("p")
    await driver.on("ChoiceDialog")
    await driver.choose("internal")
    await driver.on("ConfirmPlan")
    await driver.until(lambda: driver.app.screen.query(Input), "the field of the total")
    driver.app.screen.query(Input).first().focus()
    await driver.type("5.55")


def payments(panel: Panel, bill: str) -> int:
    """How often an invoice was paid, by the ledger."""
    return len([line for line in panel.ledger() if line["invoice_id"] == bill])


async def test_during_a_dialog_what_was_typed_stays_and_is_paid_once(program: Program) -> None:
    """The feed finds the session ended while a total is typed: form, sign-in, the dialog as it was, one payment."""
    panel = program.panel()
    careful = Settings(confirm_limit=Decimal(1))
    bill = program.bill("10")
    async with program.open(credentials=Pocket(), ready=False, settings=careful) as driver:
        await signed_in(driver)
        await to_typed_total(driver, bill)
        end_sessions(panel)
        await again(driver)
        await driver.on("ConfirmPlan")
        assert driver.app.screen.query(Input).first().value == "5.55"
        assert payments(panel, bill) == 0
        await driver.press("enter")
        if type(driver.app.screen).__name__ == "ConfirmPlan":
            await driver.press("enter")
        await driver.finished()
        assert payments(panel, bill) == 1
        await driver.until(
            lambda: driver.app.session.store.order_rows(["2"])["2"].name == "renamed-elsewhere",
            "what the feed could not tell then to be read now",
        )


async def test_confirmed_while_signed_out_asks_first_and_then_goes_on(program: Program) -> None:
    """``esc`` in the form leads back to the dialog; confirming there asks again, and nothing is lost on the way."""
    panel = program.panel()
    bill = program.bill("10")
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await signed_in(driver)
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(bill)
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        end_sessions(panel)
        await driver.on("SignInScreen")
        await driver.press("escape")
        await driver.confirm()
        await driver.on("SignInScreen")
        await driver.sees("Nothing was sent yet")
        await driver.press("escape")
        await driver.on("ConfirmPlan")
        assert driver.jobs() == []
        await driver.confirm()
        await again(driver, "Nothing was sent yet")
        await driver.finished()
        assert payments(panel, bill) == 1


async def test_during_a_refresh_reads_go_on_after_it(program: Program) -> None:
    """``r`` meets the end: rows stay, the form comes, and what was asked for is there after it."""
    panel = program.panel()
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await signed_in(driver)
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2")
        program.sandbox.faults({"kind": "expire-session", "times": 1, "method": "GET"})
        await driver.press("r")
        await driver.on("SignInScreen")
        panel = program.panel()
        panel.write("PATCH", "/orders/1", {"name": "after-the-end"})
        await again(driver)
        await driver.on("OrdersScreen")
        await driver.until(
            lambda: driver.app.session.store.order_rows(["1"])["1"].name == "after-the-end", "the change"
        )
        assert driver.list_screen.table.marked_ids == {"1", "2"}
        await driver.sees("live")


async def test_a_screen_that_was_reading_reads_again(program: Program) -> None:
    """The ledger is the panel's alone: after the sign-in it is there without another key."""
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await signed_in(driver)
        program.sandbox.faults({"kind": "expire-session", "times": 1, "method": "GET", "path": "/balance/ledger"})
        await driver.press("5")
        await again(driver)
        await driver.on("BalanceScreen")
        await driver.until(lambda: driver.app.screen.query_one("#table").row_count, "the ledger")  # type: ignore[attr-defined]  # a RecordTable


async def test_in_a_running_job_the_rest_waits_and_nothing_is_paid_twice(program: Program) -> None:
    """The job pauses with its keys, and goes on by itself after the sign-in."""
    panel = program.panel()
    bills = [program.bill(order) for order in ("10", "12", "13")]
    large = Settings(confirm_limit=Decimal(1000))
    async with program.open(credentials=Pocket(), ready=False, settings=large) as driver:
        await signed_in(driver)
        await driver.go("2", "InvoicesScreen")
        await driver.mark(*bills)
        program.sandbox.faults({"kind": "slow-body", "times": 1, "ms": 1, "path": "/invoices/*/payments"})
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        program.sandbox.faults({"kind": "expire-session", "times": 1, "path": "/api/v1/invoices/*/payments"})
        await driver.confirm()
        await driver.on("SignInScreen")
        before = [payments(panel, bill) for bill in bills] if program.sandbox.fault_strikes() == [0] else None
        assert before is None, "the session ended at a payment"
        await again(driver)
        job = await driver.finished()
        assert job.counts == {"done": 3}
        panel = program.panel()
        assert [payments(panel, bill) for bill in bills] == [1, 1, 1]
        states = [row.state for row in driver.app.session.journal.operations(job.id)]
        assert states == [OperationState.DONE] * 3


async def test_acc_5_a_revoked_key_in_mid_work(program: Program) -> None:
    """ACC-5: said in its own words; signing in with the password goes on."""
    panel = program.panel()
    key_id, secret = api_key(panel)
    async with program.open(credentials=as_key(secret)) as driver:
        await driver.go("3", "OrdersScreen")
        body = {"current_password": PASSWORD}
        status, _ = program.sandbox.call("POST", f"/api/v1/me/api-keys/{key_id}/revoke", body, token=panel.token)
        assert status in (200, 204)
        panel.write("PATCH", "/orders/1", {"name": "by-another"})
        await again(driver, "unknown or was revoked")
        await driver.until(lambda: driver.app.session.store.order_rows(["1"])["1"].name == "by-another", "the change")
        assert secret not in "".join(driver.said)


async def test_acc_5_api_access_switched_off_in_mid_work(program: Program) -> None:
    """ACC-5: not a line that is down: the panel's reason, and the way on."""
    panel = program.panel()
    _, secret = api_key(panel)
    async with program.open(credentials=as_key(secret)) as driver:
        body = {"on": False, "current_password": PASSWORD}
        status, _ = program.sandbox.call("POST", "/api/v1/me/api-access", body, token=panel.token)
        assert status == 200
        panel.write("PATCH", "/orders/1", {"name": "by-another"})
        await driver.on("SignInScreen")
        await again(driver, "API access is disabled")
    async with program.open(credentials=as_key(secret), ready=False, home="anew") as driver:
        await driver.on("SignInScreen")
        await driver.sees("API access is disabled")


async def test_acc_2_the_password_changed_elsewhere(program: Program) -> None:
    """ACC-2: this session is out within one call, also where a password was at hand: the old one is tried once."""
    panel = program.panel()
    new = "another-good-one-1"
    async with program.open() as driver:
        body: dict[str, Any] = {"current_password": PASSWORD, "new_password": new}
        status, _ = program.sandbox.call("POST", "/api/v1/me/password", body, token=panel.token)
        assert status == 204
        panel.write("PATCH", "/orders/1", {"name": "by-another"})
        await driver.on("SignInScreen")
        await driver.sees("ended elsewhere, as by a new")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.sees("Login or password is wrong")
        await again(driver, "as by a new", new)
        await driver.until(lambda: driver.app.session.store.order_rows(["1"])["1"].name == "by-another", "the change")


@pytest.mark.parametrize("declined", [False, True])
async def test_renaming_while_signed_out_asks_first(program: Program, declined: bool) -> None:
    """The name that was typed is sent after the sign-in, or not at all."""
    panel = program.panel()
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await signed_in(driver)
        await driver.go("3", "OrdersScreen")
        await driver.cursor_to("1")
        await driver.press("E")
        await driver.on("Prompt")
        await driver.press("end", "ctrl+u")
        await driver.type("typed-before")
        end_sessions(panel)
        await driver.on("SignInScreen")
        await driver.press("escape")
        await driver.on("Prompt")
        await driver.press("enter")
        await driver.on("SignInScreen")
        if declined:
            await driver.press("escape")
            await driver.on("OrdersScreen")
            assert driver.jobs() == []
            return
        await again(driver, "Nothing was sent yet")
        await driver.finished()
        assert panel.order("1")["name"] == "typed-before"


@pytest.mark.parametrize(("seconds", "said"), [(300.0, True), (0.0, False)])
async def test_what_was_typed_before_the_form_came_is_said_to_have_gone_elsewhere(
    program: Program, monkeypatch: pytest.MonkeyPatch, seconds: float, said: bool
) -> None:
    monkeypatch.setattr(shell_news, "LATELY", seconds)
    panel = program.panel()
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await signed_in(driver)
        await driver.go("3", "OrdersScreen")
        await driver.press("j")
        end_sessions(panel)
        await driver.on("SignInScreen")
        await driver.sees("expired")
        assert ("went to what is behind this" in driver.prose()) == said
