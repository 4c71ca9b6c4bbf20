"""Handing servers over by keys: what tests of transfers share. Mails are the panel's own, asked over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.events import Paste

from tests.support.driving import Driver, Panel, Program
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


async def give(driver: Driver, text: str) -> None:
    """Paste codes, go on, and confirm the plan."""
    await driver.on("CodesDialog")
    await paste(driver, text)
    assert driver.app.focused is not None
    assert driver.app.focused.id == "go", driver.text()
    await driver.press("enter")
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
    """Running VDS of the account that nothing is in the way of, the cheapest first."""
    found = [
        one
        for one in panel.orders()
        if one["kind"] == "vds" and one["state"] == "active" and not one["unpaid_invoice_id"] and not one["transfer_id"]
    ]
    return sorted(found, key=lambda one: (float(one["monthly_price"]["amount"]), int(one["id"])))[:count]
