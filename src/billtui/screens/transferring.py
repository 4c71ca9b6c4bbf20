"""Pushing orders to another account: to whom, what is in the way, one confirmation, and then the codes (TRF)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from billtui.client.errors import ClientError
from billtui.screens.base import BilltuiScreen
from billtui.screens.flows import busy_targets, confirm_and_submit, signed_in_account
from billtui.screens.invoice_actions import delete_invoices
from billtui.screens.modals.dialog import Fact, named
from billtui.screens.modals.recipient import RecipientDialog
from billtui.screens.paying import pay_invoices
from billtui.screens.push_dialog import PushAnswer, PushDialog, blocked_orders
from billtui.screens.renewing import orders_in_full, renew_orders
from billtui.screens.transfer_actions import cancel_transfers, give_codes, outcome_of
from billtui.services import planner
from billtui.services.journal import OperationRow, OperationState
from billtui.services.store import StoreReader
from billtui.services.transfer_preflight import Preflight, push_preflight
from billtui.services.waits import was_left
from billtui.widgets.formats import cents_text, count_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

ABOUT_RECIPIENT: Final = frozenset(
    {
        "recipient-not-found",
        "recipient-is-email",
        "transfer-to-self",
        "too-many-wrong-recipients",
        "currency-mismatch",
        "invalid-input",
    }
)
"""Refusals of a push that are about the pair that was typed (TRF-1): it is asked for again, as it was typed."""


async def transfer_orders(app: Shell, order_ids: Sequence[str]) -> None:
    """Ask to whom, show what it does, and push; then ask for the codes. A single one on its way is opened instead."""
    signed_in_account(app)
    rows = app.session.store.order_rows(order_ids)
    if len(order_ids) == 1 and (row := rows.get(order_ids[0])) is not None and row.transfer_id is not None:
        app.show_transfer(row.transfer_id)
        return
    if not rows:
        app.say("These orders are not there any more; press r to refresh.", "warning")
        return
    await _Push(app, order_ids).run()


class _Push:
    """One push being prepared: the recipient, what goes, and what is done about what is in the way."""

    def __init__(self, app: Shell, order_ids: Sequence[str]) -> None:
        self.app = app
        self.order_ids = list(order_ids)
        self.login = ""
        self.account_id = ""
        self.problem = ""
        """Why the panel took nothing, as it said."""

    async def run(self) -> None:
        """Until it is pushed or given up; whatever the panel refuses, what was typed stays."""
        ask_whom = True
        cursor: str | None = None
        on_blocked = True
        while True:
            if ask_whom:
                if not await self._whom():
                    return
                ask_whom = False
            found = await self._look()
            answer = await self._show(found, cursor, on_blocked)
            if answer is None:
                return
            self.problem, cursor, on_blocked = "", answer.cursor, answer.what != "push"
            if answer.what == "recipient":
                ask_whom = True
            else:
                try:
                    job = await (self._confirm(found) if answer.what == "push" else self._free(answer))
                except ClientError as error:  # nothing was sent; what was typed and chosen stays
                    self.problem = f"{error} Nothing was sent."
                    continue
                if was_left():
                    return
                if job is None or answer.what != "push":
                    continue
                rows = await outcome_of(self.app, job)
                if rows is None:
                    return
                if any(one.state is OperationState.DONE for one in rows):
                    await self._pushed(rows)
                    return
                failed = next((one for one in rows if one.state is not OperationState.CANCELLED), None)
                if failed is None or failed.state not in (OperationState.REFUSED, OperationState.NOT_SENT):
                    return
                self.problem = str(failed.detail or failed.code or "The panel refused it.")
                ask_whom = failed.code in ABOUT_RECIPIENT

    async def _whom(self) -> bool:
        """Ask for the pair; whether there is an answer."""
        account = signed_in_account(self.app)
        what = self._what(len(self.order_ids))
        dialog = RecipientDialog(account, what, login=self.login, account_id=self.account_id, problem=self.problem)
        answer = await self.app.push_screen_wait(dialog)
        if answer is None:
            return False
        self.login, self.account_id, self.problem = answer["login"], answer["account_id"], ""
        return True

    def _what(self, count: int) -> str:
        if count == 1 and (row := self.app.session.store.order_rows(self.order_ids).get(self.order_ids[0])):
            return row.name
        return count_text(count, "order")

    async def _look(self) -> Preflight:
        """What is in the way, and what it does to the month; beside the loop, for any number of orders."""
        store = self.app.session.store
        return await asyncio.to_thread(_preflight, store.path, self.order_ids, self.app.session.now())

    async def _show(self, found: Preflight, cursor: str | None, on_blocked: bool) -> PushAnswer | None:
        store = self.app.session.store
        ways = [one.way for one in found.blockers]
        blocked = blocked_orders(
            found.blockers,
            store.invoice_rows(one.invoice_id for one in ways if one.invoice_id is not None),
            store.transfer_rows(one.transfer_id for one in ways if one.transfer_id is not None),
        )
        return await self.app.push_screen_wait(
            PushDialog(
                found,
                blocked,
                login=self.login,
                account_id=self.account_id,
                problem=self.problem,
                cursor=cursor,
                on_blocked=on_blocked,
            )
        )

    async def _free(self, answer: PushAnswer) -> str | None:
        """Take what is in the way away, and wait for the outcome: the next look needs it. The job's id."""
        app = self.app
        if answer.what == "pay":
            job = await pay_invoices(app, [answer.value], keep_marks=True)
        elif answer.what == "delete":
            job = await delete_invoices(app, [answer.value], at_once=True, renewing=frozenset(self.order_ids))
        elif answer.what == "cancel":
            job = await cancel_transfers(app, [answer.value], keep_marks=True)
        else:
            job = await renew_orders(app, [answer.value])
        if job is not None:
            await outcome_of(app, job)
        return job

    async def _confirm(self, found: Preflight) -> str | None:
        """Name every server, and have the login typed once more; the job's id."""
        app = self.app
        account = signed_in_account(app)
        ids = [row.id for row in found.going]
        orders = await orders_in_full(app, ids)
        plan = planner.push(
            account,
            orders,
            self.login,
            self.account_id,
            now=app.session.now(),
            busy=busy_targets(app),
            profile=app.profile.name,
        )
        pushed = [key for one in plan.operations for key in one.texts("order_ids")]
        named_orders = {one.id.raw: one for one in orders}
        effect = found.effect
        before, after = cents_text(effect.monthly, effect.currency), cents_text(effect.monthly_after, effect.currency)
        return await confirm_and_submit(
            app,
            plan,
            button=f"Push {count_text(len(pushed), 'order')}",
            danger=True,
            facts=[
                Fact("To", f"{named(self.login)} (account ID {named(self.account_id)})", strong=True),
                Fact("Your month", f"{before} → {after}"),
            ],
            rows=[f"{one.name}  {one.plan} in {one.location}" for one in map(named_orders.__getitem__, pushed)],
            note="You confirm with the mail's code, then they accept. X cancels.",
            type_word=self.login,
            type_label="Type the recipient's login once more to push",
            keep_marks=True,
        )

    async def _pushed(self, rows: Sequence[OperationRow]) -> None:
        """Use the marks up, and go on to the sender's confirmation: the mails are there by now (TRF-2)."""
        screen = self.app.screen
        if isinstance(screen, BilltuiScreen):
            screen.unmark()
        made = [key for row in rows if row.state is OperationState.DONE for key in pushed_ids(row)]
        if refused := [row for row in rows if row.state is not OperationState.DONE]:
            why = str(refused[0].detail or refused[0].code or "not sent")
            self.app.say(f"Pushed, but {count_text(len(refused), 'request')} was not: {why}", "warning")
        if made:
            await give_codes(self.app, "confirm", made, {})


def pushed_ids(row: OperationRow) -> list[str]:
    """The transfers that a push began, by its answer."""
    answer = row.answer or {}
    items, ids = answer.get("items"), answer.get("transfer_ids")
    if isinstance(items, list):
        return [str(one["id"]) for one in items if isinstance(one, dict) and "id" in one]
    return [str(one) for one in ids] if isinstance(ids, list) else []


def _preflight(path: Path | None, order_ids: Sequence[str], now: datetime) -> Preflight:
    """In a thread, with a reader of its own."""
    reader = StoreReader(path)
    try:
        return push_preflight(reader.orders(), order_ids, now)
    finally:
        reader.close()
