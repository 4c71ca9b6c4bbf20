"""Handing servers over by keys: what tests of transfers share. Mails are the panel's own, asked over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from textual.events import Paste

from billtui.domain.periods import add_months
from tests.support.driving import Driver, Panel, Program, money_of
from tests.support.sandbox import Json, SandboxProcess

SENDER, RECIPIENT = "olena.marsh", "kofi.brandt"
SENDER_ID, RECIPIENT_ID = "204817", "318255"
ADDRESSES = {SENDER: "olena@marsh-hosting.example", RECIPIENT: "kofi.brandt@post.example"}


def mails(sandbox: SandboxProcess, login: str, subject: str = "") -> list[Json]:
    """The mails to an account, oldest first; only those whose subject has these words."""
    status, answer = sandbox.call("GET", f"/sandbox/mail?to={ADDRESSES[login]}")
    assert status == 200, answer
    items: list[Json] = answer["items"]
    return [one for one in items if subject in one["subject"]]


def links(sandbox: SandboxProcess, login: str, subject: str) -> list[str]:
    """The links with codes of these mails."""
    return [str(one["link"]) for one in mails(sandbox, login, subject) if one["link"]]


def code_of(link: str) -> str:
    """The bare code of a link."""
    found = re.search(r"#(?:confirm|accept)=(\S+)", link)
    assert found is not None
    return found[1]


async def paste(driver: Driver, text: str) -> None:
    """Paste into what has the focus, as a terminal with bracketed paste does."""
    event = Paste(text)
    event.set_sender(driver.app)
    driver.app.post_message(event)
    await driver.quiet()


async def type_recipient(driver: Driver, login: str = RECIPIENT, account_id: str = RECIPIENT_ID) -> None:
    """Fill the two fields and go on."""
    await driver.on("RecipientDialog")
    await driver.type(login)
    await driver.press("tab")
    await driver.type(account_id)
    await driver.press("enter")


async def confirm_push(driver: Driver, login: str = RECIPIENT) -> None:
    """Type the login once more, go on to the button, press it."""
    await driver.on("ConfirmPlan")
    screen = driver.app.screen
    await driver.type(login)
    await driver.press("enter", "enter")
    await driver.until(lambda: driver.app.screen is not screen, "the confirmation to close")


async def push(driver: Driver, *order_ids: str) -> None:
    """From the list of orders to the question for codes."""
    await driver.go("3", "OrdersScreen")
    if len(order_ids) == 1:
        await driver.cursor_to(order_ids[0])
    else:
        await driver.mark(*order_ids)
    await driver.press("T")
    await type_recipient(driver)
    await driver.on("PushDialog")
    await driver.press("enter")
    await confirm_push(driver)
    await driver.on("CodesDialog")


async def give(driver: Driver, text: str, count: int = 1) -> None:
    """Paste codes, go on, and confirm the plan; of many its count is typed."""
    await driver.on("CodesDialog")
    await paste(driver, text)
    assert driver.app.focused is not None
    assert driver.app.focused.id == "go", driver.text()
    await driver.press("enter")
    if count > 10:
        await confirm_push(driver, str(count))
    else:
        await driver.confirm()


@asynccontextmanager
async def both(program: Program, size: tuple[int, int]) -> AsyncIterator[tuple[Driver, Driver]]:
    """Two programs, two accounts, one panel."""
    async with (
        program.open(size=size, home="sender") as sender,
        program.open(login=RECIPIENT, size=size, home="recipient") as recipient,
    ):
        yield sender, recipient


def free_orders(panel: Panel, count: int) -> list[Json]:
    """Running VDS of the account that nothing is in the way of and that do not end within days, the cheapest first."""
    soon = datetime.now(UTC) + timedelta(days=5)
    found = [
        one
        for one in panel.orders()
        if one["kind"] == "vds" and one["state"] == "active" and not one["unpaid_invoice_id"] and not one["transfer_id"]
        and instant(one["paid_until"]) > soon
    ]  # fmt: skip
    return sorted(found, key=lambda one: (float(one["monthly_price"]["amount"]), int(one["id"])))[:count]


# --- by other clients, over HTTP


def push_by_api(
    panel: Panel, order_ids: list[str], login: str = RECIPIENT, account_id: str = RECIPIENT_ID
) -> list[str]:
    """Push orders; the ids of the transfers."""
    body = {"order_ids": order_ids, "recipient_login": login, "recipient_account_id": account_id}
    return [str(one["id"]) for one in panel.write("POST", "/transfers", body)["items"]]


def link_of(sandbox: SandboxProcess, login: str, step: str, transfer_id: str) -> str:
    """The link of a transfer's mail for a step."""
    subject = "Order Transfer" if step == "confirm" else "Order Acceptance"
    wanted = f"/transfers/{transfer_id}#{step}="
    return next(one for one in reversed(links(sandbox, login, subject)) if wanted in one)


def step_by_api(panel: Panel, login: str, transfer_id: str, step: str) -> None:
    """Confirm or accept with the code of the mail."""
    code = code_of(link_of(panel.sandbox, login, step, transfer_id))
    panel.write("POST", f"/transfers/{transfer_id}/{step}", {"code": code})


# --- money by the rules' own numbers

LENGTH_OF_USE = ((36, 15), (24, 10), (18, 7), (12, 5), (6, 3), (3, 1))
"""DSC-1: over so many months → per cent, VDS."""


def by_count(vds: int) -> int:
    """DSC-2, VDS: per cent by number of services."""
    return 5 if vds >= 10 else 3 if vds >= 5 else 0


def percent_of(order: Json, vds: int, now: datetime) -> int:
    """DSC-3, DSC-4: both add up; none at an individual price."""
    if order["individual_price"]:
        return 0
    since = instant(order["in_use_since"])
    used = next((off for months, off in LENGTH_OF_USE if now > add_months(since, months)), 0)
    return used + by_count(vds)


def month_of(order: Json, vds: int, now: datetime) -> Decimal:
    """One month of a VDS: rounded once, half up; add-ons without discount (DSC-4, INV-10)."""
    price = money_of(order["monthly_price"]) * (100 - percent_of(order, vds, now)) / 100
    addons = sum((money_of(one["monthly_price"]) for one in order["addons"]), Decimal(0))
    return price.quantize(Decimal("0.01"), ROUND_HALF_UP) + addons


def running_vds(panel: Panel) -> list[Json]:
    """What counts (DSC-5)."""
    return [one for one in panel.orders() if one["kind"] == "vds" and one["state"] in ("active", "suspended")]


def quoted(panel: Panel, order_id: str) -> Decimal:
    """What the panel asks for a month of an order."""
    quote = panel.write("POST", "/quotes", {"kind": "renewal", "order_ids": [order_id], "period": 1})
    return money_of(quote["total"])


def instant(text: str) -> datetime:
    """An instant of the wire."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


async def tab_to(driver: Driver, widget_id: str) -> None:
    """With tab to a part of the dialog."""
    for _ in range(12):
        if driver.app.focused is not None and driver.app.focused.id == widget_id:
            return
        await driver.press("tab")
    raise AssertionError(f"tab does not lead to {widget_id}: {driver.text()}")
