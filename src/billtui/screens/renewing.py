"""Renewing orders: a period, a price that explains itself and what it leaves out, how to pay, one confirmation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from billtui.client.errors import InvalidInput, Refused
from billtui.domain.models import Order, RenewalRequest
from billtui.domain.periods import PERIODS
from billtui.domain.rules.facts import order_facts
from billtui.domain.rules.renewal import renewed_until
from billtui.screens.flows import (
    busy_targets,
    confirm_and_submit,
    job_ended,
    payment_refused,
    signed_in_account,
)
from billtui.screens.invoice_actions import delete_invoices
from billtui.screens.left_out import LeftOutOrder, blocking_invoice, left_out_orders
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Fact
from billtui.screens.paying import pay_invoices
from billtui.screens.quoting import UNPAID, purse_fact
from billtui.screens.renewal_dialog import RenewalAnswer, RenewalDialog
from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.services.offers import Offer
from billtui.services.operation_kinds import OperationKind
from billtui.services.panel_ways import payer
from billtui.services.waits import Question, was_left
from billtui.widgets.formats import count_text, date_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

FRESH: Final = 50
"""So many orders are read anew before they are renewed; of more the copy is used, and the price is the panel's own."""
PATIENCE: Final = 30.0
"""Seconds to wait for the outcome of a payment or deletion before the price is taken anew without it."""
CHUNK: Final = 200
"""Orders taken out of the copy between two keys."""


async def renew_orders(app: Shell, order_ids: Sequence[str]) -> str | None:
    """Ask for the period, show the price, free what is blocked where asked to, ask how to pay, confirm, hand over.

    What cannot be renewed is asked about too: the panel says why it is left out, and the way out stands beside it.
    Gives the job's id, or ``None``.
    """
    signed_in_account(app)
    orders = await (_orders_known if app.session.signed_in else orders_in_full)(app, order_ids)
    if not orders:
        app.say("These orders are not there any more; press r to refresh.", "warning")
        return None
    period = await app.push_screen_wait(
        ChoiceDialog(_title(orders), period_choices(orders), note=_period_note(orders), chosen="1")
    )
    if period is None:
        return None
    renewal = _Renewal(app, order_ids, int(period))
    await renewal.run()
    return renewal.job


async def orders_in_full(app: Shell, order_ids: Sequence[str]) -> list[Order]:
    """The orders in full; of many the copy's."""
    if len(order_ids) <= FRESH:
        return await app.session.orders_by_ids(order_ids)
    return await _copied(app, order_ids)


async def _orders_known(app: Shell, order_ids: Sequence[str]) -> list[Order]:
    """The copy's orders, to choose a period for; what it does not hold is asked of the panel.

    What it costs is asked next, and each is read anew before it is bought.
    """
    found = {one.id.raw: one for one in await _copied(app, order_ids)}
    missing = [one for one in order_ids if str(getattr(one, "raw", one)) not in found]
    if missing:
        found |= {one.id.raw: one for one in await app.session.orders_by_ids(missing)}
    return list(found.values())


async def _copied(app: Shell, order_ids: Sequence[str]) -> list[Order]:
    """Out of the copy, a few at a time so that keys are answered meanwhile."""
    found: list[Order] = []
    for start in range(0, len(order_ids), CHUNK):
        found += app.session.store.orders_by_id(order_ids[start : start + CHUNK]).values()
        await asyncio.sleep(0)
    return found


class _Renewal:
    """One renewal being priced: its code, its price, and what is done about those left out."""

    def __init__(self, app: Shell, order_ids: Sequence[str], period: int) -> None:
        self.app = app
        self.order_ids = order_ids
        self.period = period
        self.code = ""
        """The code that the price holds with."""
        self.job: str | None = None
        """The job that renews, once it is confirmed."""
        self.deleted: list[str] = []
        """Numbers of the invoices that were deleted to free orders."""

    async def run(self) -> None:
        """Until the price is accepted or refused. What was deleted on the way, and then not renewed, is said."""
        confirmed = False
        try:
            confirmed = await self._steps()
        finally:
            if self.deleted and not confirmed:
                which = (
                    f"Invoice {self.deleted[0]} was" if len(self.deleted) == 1 else f"{len(self.deleted)} invoices were"
                )
                words = f"Not renewed. {which} deleted for it, and nothing bills those orders now: R renews them."
                self.app.say(words, "warning")

    async def _steps(self) -> bool:
        """Every step about a blocking invoice or a code prices anew. Whether the renewal was confirmed."""
        offer = await self._price(self.code)
        shown, problem = self.code, ""
        cursor: str | None = None
        on_left_out = False
        while True:
            dialog = RenewalDialog(
                offer,
                signed_in_account(self.app),
                self._left_out(offer),
                names=self._names(offer),
                code=shown,
                problem=problem,
                cursor=cursor,
                on_left_out=on_left_out,
                by_itself=payer(self.app.session.traits, OperationKind.RENEW),
                no_code=self.app.session.unavailable("orders.renew-promo") or "",
            )
            answer = await self.app.push_screen_wait(dialog)
            if answer is None:
                return False
            if answer.what == "method":
                if shown == self.code:
                    return await self._confirm(offer, answer.value)
                shown, problem = self.code, ""
                continue
            on_left_out, cursor, problem = answer.what in ("pay", "delete"), answer.cursor, ""
            if answer.what == "promo":
                shown = answer.value
                try:
                    offer = await self._price(answer.value)
                except (Refused, InvalidInput) as error:
                    problem = _why_no_code(error)
                else:
                    self.code = answer.value
            else:
                await self._free(answer)
                if was_left():  # nothing comes up by itself where nobody waits
                    return False
                offer = await self._price(self.code)

    async def _price(self, code: str) -> Offer[RenewalRequest]:
        return await self.app.session.offer_renewal(self.order_ids, self.period, code or None)

    def _names(self, offer: Offer[RenewalRequest]) -> dict[str, str]:
        rows = self.app.session.store.order_rows(str(line.order_id) for line in offer.lines)
        return {key: row.name for key, row in rows.items()}

    def _left_out(self, offer: Offer[RenewalRequest]) -> list[LeftOutOrder]:
        store = self.app.session.store
        excluded = offer.excluded
        rows = store.order_rows(str(one.order_id) for one in excluded if one.order_id is not None)
        bills = (blocking_invoice(one, rows.get(str(one.order_id))) for one in excluded)
        return left_out_orders(excluded, rows, store.invoice_rows(one for one in bills if one is not None))

    async def _free(self, answer: RenewalAnswer) -> None:
        """Pay or delete the invoice that is in the way, and wait for the outcome: the new price needs it."""
        if answer.what == "pay":
            job = await pay_invoices(self.app, [answer.value], keep_marks=True)
        else:
            job = await delete_invoices(self.app, [answer.value], at_once=True, renewing=frozenset(self.order_ids))
        if job is None:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await job_ended(self.app, job, Question("Waiting for that invoice"))
        except TimeoutError:
            self.app.say("Its outcome is not known yet: 4 shows the job. The price is taken anew as it is.", "warning")
        if answer.what == "delete":
            rows = self.app.session.journal.operations(job, (OperationState.DONE,))
            self.deleted += [str((row.answer or {}).get("number", answer.value)) for row in rows]
        await self.app.session.refresh()

    async def _confirm(self, offer: Offer[RenewalRequest], method: str) -> bool:
        """Whether it was confirmed."""
        account = signed_in_account(self.app)
        orders = await orders_in_full(self.app, self.order_ids)
        then_pay = None if method == UNPAID else method
        plan = planner.renew_many(
            account,
            offer.quotes,
            offer.requests,
            orders,
            then_pay,
            now=self.app.session.now(),
            busy=busy_targets(self.app),
            profile=self.app.profile.name,
            together=self.app.session.traits.renews_together,
            in_turn=self.app.session.traits.one_basket,
        )
        if await payment_refused(self.app, plan):
            return False
        renewed = sum(len(one.targets) for one in plan.operations)
        facts = [Fact("Period", count_text(self.period, "month")), Fact("Orders", str(renewed))]
        if self.code:
            facts.append(Fact("Code", self.code))
        if then_pay:
            facts.append(purse_fact(account, then_pay, plan.total))
            button, note = f"Renew and pay {plan.total}", ""
        else:
            button = "Issue the invoice" if len(plan.operations) == 1 else "Issue the invoices"
            note = "Only payment renews: the ends stay as they are until the invoice is paid."
        self.job = await confirm_and_submit(self.app, plan, button=button, facts=facts, note=note)
        return self.job is not None


def _why_no_code(error: Refused | InvalidInput) -> str:
    """The condition that failed, in the panel's words (DSC-6)."""
    fields = getattr(error, "fields", None) or {}
    return str(next(iter(fields.values()), error))


def _title(orders: Sequence[Order]) -> str:
    return f"Renew {orders[0].name}" if len(orders) == 1 else f"Renew {len(orders)} orders"


def _period_note(orders: Sequence[Order]) -> str:
    blocked = sum(1 for one in orders if one.unpaid_invoice_id is not None)
    if not blocked:
        return "For how long?"
    are = "1 of them is" if blocked == 1 else f"{blocked} of them are"
    return f"For how long? {are} on an open invoice: the ways out stand beside the price."


def period_choices(orders: Sequence[Order]) -> list[Choice]:
    """The periods with the end they lead to (REN-3): months are shown as dates, not as days."""
    choices = []
    for months in PERIODS:
        ends = [renewed_until(order_facts(one), months) for one in orders if one.paid_until is not None]
        days = dict.fromkeys(map(date_text, (min(ends), max(ends)))) if ends else ()  # one where both are on a day
        detail = f"paid until {' … '.join(days)}" if days else ""
        choices.append(Choice(str(months), count_text(months, "month"), detail))
    return choices
