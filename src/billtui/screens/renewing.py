"""Renewing orders: a period, a quote that explains itself, how to pay, and one confirmation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from billtui.domain.models import Account, Order, Quote, RenewalRequest
from billtui.domain.periods import PERIODS, add_months
from billtui.domain.safetext import SafeText
from billtui.screens.explaining import line_content
from billtui.screens.flows import busy_targets, confirm_and_submit, signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Dialog, Fact, Facts
from billtui.services import planner
from billtui.widgets.formats import count_text, date_text, moment_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

UNPAID = "unpaid"
"""The choice to issue the invoice only: only payment renews (REN-1)."""


async def renew_orders(app: Shell, order_ids: Sequence[str]) -> None:
    """Ask for the period, show the quote, ask how to pay, confirm, and hand the plan over."""
    account = signed_in_account(app)
    orders = await app.session.orders_by_ids(order_ids)
    if not orders:
        app.say("These orders are not there any more; press r to refresh.", "warning")
        return
    period = await app.push_screen_wait(ChoiceDialog(_title(orders), period_choices(orders), note="For how long?"))
    if period is None:
        return
    request = RenewalRequest(order_ids=[order.id for order in orders], period=int(period))
    quote = await app.session.quote_renewal([order.id.raw for order in orders], request.period)
    method = await app.push_screen_wait(QuoteDialog(quote, account, orders))
    if method is None:
        return
    then_pay = None if method == UNPAID else method
    plan = planner.renew(
        account,
        quote,
        request,
        orders,
        then_pay,
        busy=busy_targets(app),
        profile=app.profile.name,
    )
    facts = [Fact("Period", count_text(request.period, "month"))]
    if then_pay:
        purse = account.balances.internal if then_pay == "internal" else account.balances.affiliate
        facts.append(Fact("From", f"{then_pay} balance: {purse} → {purse - quote.total}"))
        button, note = f"Renew and pay {quote.total}", ""
    else:
        button, note = "Issue the invoice", "Only payment renews: the ends stay as they are until the invoice is paid."
    await confirm_and_submit(app, plan, button=button, facts=facts, note=note)


def _title(orders: Sequence[Order]) -> str:
    return f"Renew {orders[0].name}" if len(orders) == 1 else f"Renew {len(orders)} orders"


def period_choices(orders: Sequence[Order]) -> list[Choice]:
    """The periods with the end they lead to (REN-3): months are shown as dates, not as days."""
    choices = []
    for months in PERIODS:
        ends = [add_months(one.paid_until, months, one.billing_day) for one in orders if one.paid_until is not None]
        if not ends:
            detail = ""
        elif min(ends) == max(ends):
            detail = f"paid until {date_text(ends[0])}"
        else:
            detail = f"paid until {date_text(min(ends))} … {date_text(max(ends))}"
        choices.append(Choice(str(months), count_text(months, "month"), detail))
    return choices


class QuoteDialog(Dialog[str]):
    """A quote, line by line, with what it leaves out; answers how to pay it, or ``None``."""

    title_text = "Quote"
    DEFAULT_CSS = "QuoteDialog #lines { max-height: 8; }"

    def __init__(self, quote: Quote, account: Account, orders: Sequence[Order]) -> None:
        """``orders`` give the names of what is excluded."""
        super().__init__()
        self.quote = quote
        self.account = account
        self.names = {order.id: order.name for order in orders}

    def compose_body(self) -> Iterable[Widget]:
        """Total, lines, exclusions, and the ways to pay."""
        quote = self.quote
        yield Facts(
            [
                Fact("Total", str(quote.total), strong=True),
                Fact("Orders", f"{len(quote.lines)} in, {len(quote.excluded)} left out"),
                Fact("Holds until", moment_text(quote.expires_at)),
            ]
        )
        with VerticalScroll(classes="rows", id="lines"):
            yield Static(Content("\n").join(line_content(line) for line in quote.lines) or Content("Nothing."))
        if quote.excluded:
            yield Static(Content(f"Left out ({len(quote.excluded)})"), classes="section")
            with VerticalScroll(classes="rows", id="excluded"):
                yield Static(Content("\n").join(self._excluded()))
        yield Static(Content("How to pay"), classes="section")
        yield OptionList(*(ChoiceDialog.option(choice) for choice in self._choices()), id="choices")

    def compose_buttons(self) -> Iterable[Widget]:
        """Choosing is ``enter`` in the list."""
        yield Static(Content.styled("enter chooses · tab reads the lines · esc leaves everything as it is", "$muted"))

    def on_mount(self) -> None:
        """Rest on the first way that works."""
        options = self.query_one("#choices", OptionList)
        free = [choice.id for choice in self._choices() if not choice.refusal]
        if free:
            options.highlighted = options.get_option_index(free[0])
        options.focus()

    def _excluded(self) -> list[Content]:
        lines = []
        for one in self.quote.excluded:
            name = self.names.get(one.order_id or SafeText(""), one.order_id or SafeText("?"))
            lines.append(Content.assemble((str(name), "bold"), "  ", (str(one.reason), "$text-warning")))
        return lines

    def _choices(self) -> list[Choice]:
        total = self.quote.total
        if not self.quote.lines:
            return [
                Choice(UNPAID, "Nothing to renew", refusal="Every chosen order is left out; the reasons stand above.")
            ]
        choices = []
        for name, purse in (
            ("internal", self.account.balances.internal),
            ("affiliate", self.account.balances.affiliate),
        ):
            if purse >= total:
                choices.append(Choice(name, f"Pay now from the {name} balance", f"{purse} → {purse - total}"))
            else:
                reason = f"Holds {purse}; {total - purse} is missing"
                choices.append(Choice(name, f"Pay now from the {name} balance", refusal=reason))
        detail = "Pay it later by any method; only payment renews (REN-1)"
        return [*choices, Choice(UNPAID, "Issue the invoice only", detail)]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        event.stop()
        self.dismiss(event.option.id)
