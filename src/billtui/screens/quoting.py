"""A quote before anything is bought: what is in, what is left out and why, and how to pay it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from billtui.domain.models import Account, Exclusion, Quote, QuoteLine
from billtui.domain.money import Money
from billtui.screens.explaining import line_content
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Dialog, Fact, Facts
from billtui.widgets.choices import Choices
from billtui.widgets.formats import moment_text

UNPAID = "unpaid"
"""The choice to issue the invoice only: what it bills happens when it is paid."""


def purse_of(account: Account, name: str) -> Money:
    """What the purse ``name`` holds (ACC-4: they are never put together)."""
    return account.balances.internal if name == "internal" else account.balances.affiliate


def purse_fact(account: Account, name: str, total: Money) -> Fact:
    """What a purse holds before and after."""
    purse = purse_of(account, name)
    return Fact("From", f"{name} balance: {purse} → {purse - total}")


def payment_choices(account: Account, total: Money, *, unpaid_detail: str, by_itself: str = "") -> list[Choice]:
    """Pay at once from a purse that holds the whole amount (INV-4), or issue the invoice only.

    ``by_itself`` is a panel that pays from the balance at once, asked or not: an unpaid invoice is no choice there
    while the balance suffices.
    """
    choices = []
    for name, purse in account.purses.items():
        if purse >= total:
            choices.append(Choice(name, f"Pay now from the {name} balance", f"{purse} → {purse - total}"))
        else:
            reason = f"Holds {purse}; {total - purse} is missing"
            choices.append(Choice(name, f"Pay now from the {name} balance", refusal=reason))
    if by_itself and account.balances.internal >= total:
        reason = f"{by_itself} takes it from the balance at once, asked or not"
        return [*choices, Choice(UNPAID, "Issue the invoice only", refusal=reason)]
    if by_itself:
        unpaid_detail = f"{by_itself} pays at once what the balance covers; the rest stays to be paid"
    return [*choices, Choice(UNPAID, "Issue the invoice only", unpaid_detail)]


class QuoteDialog(Dialog[str]):
    """Quotes, line by line, with what they leave out; answers how to pay them, or ``None``.

    The total stays in sight whatever the rest needs to scroll.
    """

    DEFAULT_CSS = """
    QuoteDialog #lines { max-height: 8; }
    QuoteDialog.-low #facts, QuoteDialog.-high #facts { dock: top; }
    QuoteDialog.-tiny #facts { dock: top; max-height: 2; }
    QuoteDialog.-low #dialog { padding: 0 2; }
    QuoteDialog.-low .section { margin-top: 0; }
    QuoteDialog.-low #lines { max-height: 3; }
    QuoteDialog.-low #excluded { max-height: 2; }
    QuoteDialog.-high #lines { margin-top: 1; }
    """

    def __init__(
        self,
        quotes: Sequence[Quote],
        account: Account,
        *,
        name_of: Callable[[Exclusion], str],
        title: str = "Quote",
        counted: tuple[str, int] | None = None,
        unpaid_detail: str = "Pay it later by any method; only payment renews (REN-1)",
        nothing: str = "Nothing to renew",
        line: Callable[[QuoteLine], Content] = line_content,
        note: str = "",
        several: str = "an invoice each (BLK-7: at most 1,000 in one)",
        by_itself: str = "",
    ) -> None:
        """``name_of`` names what is left out; ``counted`` is a label and how many are in, else orders by lines.

        ``nothing`` is the choice that stands there, refused, where every line is left out. ``quotes`` has one quote,
        or several where the purchase becomes several requests (BLK-7); ``several`` says why. ``by_itself`` is as in
        :func:`payment_choices`.
        """
        super().__init__()
        self.title_text = title
        self.account = account
        self.lines = [one for quote in quotes for one in quote.lines]
        self.excluded = [one for quote in quotes for one in quote.excluded]
        self.total = Money.total((quote.total for quote in quotes), quotes[0].total.currency)
        self.requests = len(quotes)
        self.expires_at = min(quote.expires_at for quote in quotes)
        self.counted = counted or ("Orders", len(self.lines))
        self.name_of = name_of
        self.unpaid_detail = unpaid_detail
        self.nothing = nothing
        self.line = line
        self.note = note
        self.several = several
        self.by_itself = by_itself

    def compose_body(self) -> Iterable[Widget]:
        """Total, lines, exclusions, and the ways to pay."""
        label, count = self.counted
        facts = [
            Fact("Total", str(self.total), strong=True),
            Fact(label, f"{count} in, {len(self.excluded)} left out"),
            Fact("Holds until", moment_text(self.expires_at)),
        ]
        if self.requests > 1:
            facts.append(Fact("Requests", f"{self.requests}, {self.several}"))
        yield Facts(facts, id="facts")
        with VerticalScroll(classes="rows", id="lines"):
            yield Static(Content("\n").join(map(self.line, self.lines)) or Content("Nothing."))
        if self.excluded:
            yield Static(Content(f"Left out ({len(self.excluded)})"), classes="section")
            with VerticalScroll(classes="rows", id="excluded"):
                yield Static(Content("\n").join(self._excluded()))
        if self.note:
            yield Static(Content(self.note), classes="note")
        yield Static(Content("How to pay"), classes="section")
        yield Choices(*(ChoiceDialog.option(choice) for choice in self._choices()), id="choices")

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
        return [
            Content.assemble((self.name_of(one), "bold"), "  ", (str(one.reason), "$text-warning"))
            for one in self.excluded
        ]

    def _choices(self) -> list[Choice]:
        if not self.lines:
            return [Choice(UNPAID, self.nothing, refusal="Everything chosen is left out; the reasons stand above.")]
        return payment_choices(self.account, self.total, unpaid_detail=self.unpaid_detail, by_itself=self.by_itself)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        event.stop()
        self.dismiss(event.option.id)
