"""What if: the chosen orders end or go to somebody else, new ones come; nothing is sent from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.computed import ComputedScreen
from billtui.screens.list_screen import View
from billtui.screens.modals.choice import MessageDialog
from billtui.screens.modals.dialog import named
from billtui.screens.modals.form import Field, FormDialog, FormProblem
from billtui.services.loyalty_words import UNKNOWN
from billtui.services.session_settings import Catalogue
from billtui.services.what_if import Changed, NewServers, Supposed, Tier, WhatIf, new_servers, what_if
from billtui.widgets.formats import cents_text, count_text, date_text
from billtui.widgets.record_table import Column, Toned

WHAT_IF_VIEWS = (
    View("all", "What if", lambda row, now: True),
    View("changed", "Changed", lambda row, now: bool(row.difference) or row.next_cost != row.next_cost_after),
)
END, TRANSFER, STAY = "end", "transfer", "stay"


@dataclass(frozen=True)
class WhatIfInputs:
    """What a person supposes."""

    becomes: str = END
    """Of the chosen orders: ``end`` unrenewed, ``transfer``, or ``stay``."""
    added: tuple[str, ...] = ()
    """``vds-nano:nl:3``"""


def signed(cents: int, currency: str = "") -> str:
    """An amount with its sign."""
    return f"{'+' if cents >= 0 else '−'}{cents_text(abs(cents), currency)}"


def tier_words(tier: Tier) -> str:
    """``vds 10 → 9, 5 % → 3 % from 2026-12-03``."""
    text = f"{tier.kind} {tier.count} → {tier.count_after}, {tier.percent} % → {tier.percent_after} %"
    when = [f"{percent} % {'at once' if at is None else f'from {date_text(at)}'}" for at, percent in tier.changes]
    return f"{text} ({', '.join(when)})" if when else text


def what_if_columns() -> list[Column[Changed]]:
    """Who stays, what changes for it."""

    def discount(row: Changed) -> Toned | str:
        if row.percent == row.percent_after:
            return f"{row.percent} %"
        return Toned(f"{row.percent} → {row.percent_after} %", "warning" if row.difference > 0 else "good")

    def difference(row: Changed) -> Toned | str:
        if not row.difference:
            return ""
        return Toned(signed(row.difference), "warning" if row.difference > 0 else "good")

    return [
        Column(key="name", title="Stays", cell=lambda r: r.row.name, min_width=12, max_width=30, flex=2, priority=10, sort_key=lambda r: r.row.name, search=lambda r: r.row.name),
        Column(key="discount", title="Discount", cell=discount, width=11, priority=8, sort_key=lambda r: float(r.percent_after)),
        Column(key="monthly", title="A month", cell=lambda r: cents_text(r.monthly), width=9, align="right", priority=6, sort_key=lambda r: r.monthly),
        Column(key="after", title="Then", cell=lambda r: cents_text(r.monthly_after), width=9, align="right", priority=7, sort_key=lambda r: r.monthly_after),
        Column(key="difference", title="More", cell=difference, width=8, align="right", priority=9, sort_key=lambda r: r.difference),
        Column(key="next", title="Next renewal", cell=lambda r: f"{date_text(r.next_at)} {r.next_months} mo", width=16, priority=4, sort_key=lambda r: r.next_at.timestamp()),
        Column(key="next_cost", title="Costs then", cell=lambda r: cents_text(r.next_cost_after), width=10, align="right", priority=5, sort_key=lambda r: r.next_cost_after),
    ]  # fmt: skip


class WhatIfScreen(ComputedScreen[Changed, WhatIf]):
    """The orders that stay, before and after."""

    SCOPES = (Scope.WHAT_IF, Scope.LIST)
    LIST_NAME = "what-if"
    NOUN = "order"
    VIEWS = WHAT_IF_VIEWS
    EMPTY = "No running order stays. i changes what is supposed, esc goes back."
    SORT = ("difference", True)

    def __init__(self, order_ids: Sequence[str]) -> None:
        """What if these orders end."""
        super().__init__()
        self.order_ids = tuple(order_ids)
        self.inputs = WhatIfInputs()

    def on_mount(self) -> None:
        """Work it out at once."""
        super().on_mount()
        self.guarded(self.compute())

    async def prepare(self) -> Callable[[Callable[[], bool]], tuple[WhatIf, Sequence[Changed]]]:
        """Read the orders, and the catalogue where new servers are supposed."""
        inputs, ids = self.inputs, frozenset(self.order_ids)
        added: list[NewServers] = []
        if inputs.added:
            plans = (await self.session.catalogue()).plans
            added = [new_servers(text, plans) for text in inputs.added]
        supposed = Supposed(
            self.session.store.orders(),
            self.session.now(),
            lapsing=ids if inputs.becomes == END else frozenset(),
            transferred=ids if inputs.becomes == TRANSFER else frozenset(),
            added=added,
            policy=self.session.policy,
        )

        def work(_stopped: Callable[[], bool]) -> tuple[WhatIf, Sequence[Changed]]:
            found = what_if(supposed)
            return found, found.staying

        return work

    # --- what is shown

    def columns(self) -> Sequence[Column[Changed]]:
        """Before and after."""
        return what_if_columns()

    def row_id(self, row: Changed) -> str:
        """The order's id."""
        return row.row.id

    def headline(self, answer: WhatIf) -> str:
        """What is supposed."""
        parts = []
        if self.order_ids and self.inputs.becomes != STAY:
            one = len(self.order_ids) == 1
            verb = ("ends" if one else "end") if self.inputs.becomes == END else "transferred"
            parts.append(f"{count_text(len(self.order_ids), 'order')} {verb}")
        if answer.not_running:
            parts.append(f"{len(answer.not_running)} of them not running")
        if self.inputs.added:
            parts.append(f"{' '.join(self.inputs.added)} come")
        return f"{', '.join(parts) or 'everything stays'}; nothing is sent"

    def summary(self, rows: Sequence[Changed], marked: Sequence[Changed]) -> Content:
        """A month before and after, and what of it is the tier."""
        found = self.answer
        if found is None:
            return Content("")
        month = f"{cents_text(found.monthly)} → {cents_text(found.monthly_after, found.currency)}"
        if not self.session.traits.loyalty:
            return Content.assemble((" a month ", "$muted"), (month, "bold"), ("  at list prices", "$muted"))
        return Content.assemble(
            (" a month ", "$muted"),
            (month, "bold"),
            (
                f"  by the tier {signed(found.staying_difference)}",
                "$text-warning" if found.staying_difference > 0 else "$muted",
            ),
            (f"  {'; '.join(tier_words(tier) for tier in found.tiers if tier.count != tier.count_after)}", "$muted"),
        )

    def detail(self, row: Changed) -> Content:
        """What changes for it."""
        return self._why(row)

    def _why(self, row: Changed) -> Content:
        currency, known = row.row.currency, self.session.traits.loyalty

        def off(percent: object) -> str:
            return f" (−{percent} %)" if known else ""

        lines = [
            f"A month costs {cents_text(row.monthly, currency)} today{off(row.percent)}, "
            f"then {cents_text(row.monthly_after, currency)}{off(row.percent_after)}.",
            f"Its next renewal, {count_text(row.next_months, 'month')} on {date_text(row.next_at)}: "
            f"{cents_text(row.next_cost, currency)}, then {cents_text(row.next_cost_after, currency)}.",
        ]
        if row.row.individual_price:
            lines.append("It has an individual price: the number of services changes nothing for it (DSC-4).")
        elif row.next_cost_after == row.next_cost and row.difference:
            lines.append("Its next renewal comes before the tier falls (DSC-2): what ends still counts until then.")
        return Content("\n\n").join([Content.styled(named(row.row.name), "bold"), *map(Content, lines)])

    def command_words(self) -> list[str]:
        """The same question on the command line."""
        words = ["optimize", "what-if"]
        words += ["--transfer"] if self.inputs.becomes == TRANSFER else []
        for one in self.inputs.added:
            words += ["--add", one]
        return words

    def command_ids(self) -> list[str]:
        """The orders that are supposed to go."""
        return [] if self.inputs.becomes == STAY else list(self.order_ids)

    def refusal_of(self, command: Command) -> str | None:
        """Inputs can always be changed."""
        if command.id in ("what_if.inputs", "what_if.again"):
            return None
        return super().refusal_of(command)

    # --- commands

    def open_row(self, row_id: str) -> None:
        """``enter`` opens the order itself."""
        self.billtui.show_order(row_id)

    @handles("what_if.explain")
    async def explain(self) -> None:
        """This order, then the whole."""
        row, found = self.table.cursor_row, self.answer
        if row is None or found is None:
            return
        known = self.session.traits.loyalty
        whole = [tier_words(tier) for tier in found.tiers] if known else [UNKNOWN]
        whole.append(
            f"A month: {cents_text(found.monthly, found.currency)}, then {cents_text(found.monthly_after)}; "
            f"those that stay pay {signed(found.staying_difference)}, new ones {cents_text(found.added_monthly)}."
        )
        whole.append(f"Next renewals: {cents_text(found.next_costs)}, then {cents_text(found.next_costs_after)}.")
        whole += [
            f"{one.name} is {one.state}: it does not count, so nothing changes by it." for one in found.not_running
        ]
        body = Content("\n\n").join([self._why(row), Content.styled("All orders", "bold"), *map(Content, whole)])
        await self.app.push_screen_wait(MessageDialog("What changes", body))

    @handles("what_if.again")
    async def again(self) -> None:
        """With the orders as they are now."""
        await self.compute()

    @handles("what_if.inputs")
    async def change_inputs(self) -> None:
        """Ask what is supposed; then work it out anew."""
        catalogue = await self.session.catalogue()
        given = await self.app.push_screen_wait(
            FormDialog(
                "What if",
                [
                    Field(
                        "becomes",
                        f"{count_text(len(self.order_ids), 'order')}: end, transfer, stay",
                        self.inputs.becomes,
                        END,
                    ),
                    Field(
                        "added",
                        "New servers",
                        " ".join(self.inputs.added),
                        "PLAN:LOCATION:NUMBER, such as vds-nano:nl:3",
                    ),
                ],
                check=lambda given: _check(given, catalogue),
                button="Work it out",
                note="Nothing is sent. Lapsing orders count until their ends; transferred ones are gone at once (TRF-5).",
            )
        )
        if given is not None:
            self.inputs = what_if_inputs(given, catalogue)
            await self.compute()


def what_if_inputs(given: Mapping[str, str], catalogue: Catalogue) -> WhatIfInputs:
    """The inputs that were typed. Raises ValueError with a sentence."""
    becomes = given["becomes"].lower() or END
    if becomes not in (END, TRANSFER, STAY):
        raise ValueError(f"Type {END}, {TRANSFER} or {STAY}.")
    added = tuple(given["added"].replace(",", " ").split())
    for text in added:
        new_servers(text, catalogue.plans)
    return WhatIfInputs(becomes, added)


def _check(given: Mapping[str, str], catalogue: Catalogue) -> FormProblem | None:
    for field, text in given.items():
        try:
            what_if_inputs({**dict.fromkeys(given, ""), field: text}, catalogue)
        except ValueError as error:
            return FormProblem(field, str(error))
    return None
