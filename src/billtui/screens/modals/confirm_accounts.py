"""The last question before plans of several accounts: each account named, with its own total, each confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.config.settings import Settings
from billtui.domain.money import parse_amount
from billtui.screens.modals.dialog import Dialog, named
from billtui.services.accounts.bulk import AccountPlan
from billtui.services.plans import Plan
from billtui.widgets.formats import count_text
from billtui.widgets.profile_tag import tag

SHOWN = 200
"""Steps of one account's plan that are listed."""


class ConfirmAccounts(Dialog[bool]):
    """Answers ``True`` for the last button, ``False`` to write the plans to files instead, or ``None``.

    There is no total over accounts: each pays from its own balance, in its own currency. How many of them stand below
    what is in sight is said.
    """

    confirms = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w,ц", "write", "To files", show=False),
        Binding("down", "read(1)", show=False),
        Binding("up", "read(-1)", show=False),
        Binding("pagedown", "read(5)", show=False),
        Binding("pageup", "read(-5)", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (64, "-wide")]
    DEFAULT_CSS: ClassVar[str] = """
    ConfirmAccounts #plans { height: auto; max-height: 50vh; scrollbar-size-vertical: 1; }
    ConfirmAccounts.-low #plans { max-height: 58vh; }
    ConfirmAccounts.-high #plans { max-height: 60vh; }
    ConfirmAccounts #below { height: 1; color: $text-accent; display: none; }
    ConfirmAccounts #below.shown { display: block; }
    ConfirmAccounts #plans:focus { background: $boost; }
    ConfirmAccounts.-slim #write { display: none; }
    ConfirmAccounts .typed { margin-left: 2; width: 40; }
    """

    def __init__(self, plans: Sequence[AccountPlan], settings: Settings, *, title: str, button: str) -> None:
        """``button`` is the verb; how many accounts it is for is added."""
        super().__init__()
        self.title_text = title
        self.plans = list(plans)
        self.done = [one for one in plans if one.can_be_done]
        self.typed = {one.profile.name for one in self.done if one.needs_typing(settings)}
        self.about = count_text(len(self.done), "account")
        self.button = f"{button} on {count_text(len(self.done), 'account')}"

    def compose_body(self) -> Iterable[Widget]:
        """A block for each account: who, how much from where, a field where it needs one; what is done and left out.

        The field stands above the steps: with many of them the first one would be out of sight, with its total.
        """
        with VerticalScroll(id="plans") as scroll:
            scroll.can_focus = not self.typed
            for number, one in enumerate(self.plans):
                steps = self._steps(one)
                yield Static(self._head(one), classes="" if steps else "account")
                if one.profile.name in self.typed and one.plan is not None:
                    yield Static(
                        Content.assemble("  Type ", (wanted(one.plan), "bold"), f" to confirm {one.profile.name}")
                    )
                    field = Input(id=f"typed-{number}", classes="typed")
                    field.cursor_blink = False
                    yield field
                if steps:
                    yield Static(steps, classes="account")
                yield Static(Content(""))
        yield Static(id="below")
        yield Static(id="problem", classes="problem")

    def compose_buttons(self) -> Iterable[Widget]:
        """What is safe comes first; ``w`` works also where there is no room for its button."""
        yield Button("To files", id="write")
        yield Button("Cancel", id="cancel")
        yield Button(Content(self.button), id="confirm", disabled=not self.done)

    def on_mount(self) -> None:
        """Focus rests on the first field that has to be typed, else on the safe answer."""
        self.query_one("#dialog").set_class(any(one.plan and one.plan.total.amount for one in self.done), "money")
        fields = list(self.query(Input))
        (fields[0] if fields else self.query_one("#cancel")).focus()
        for changes in ("virtual_size", "scroll_y"):
            self.watch(self.query_one("#plans"), changes, self._look_below, init=False)

    # --- what is out of sight

    def on_resize(self) -> None:
        """Another size: others are out of sight."""
        self._look_below()

    def action_read(self, lines: int) -> None:
        """Read on, or back, from wherever the focus is."""
        self.query_one("#plans").scroll_relative(y=lines, animate=False, immediate=True)

    def _look_below(self) -> None:
        self.call_after_refresh(self._tell_below)  # once everything has its place

    def _tell_below(self) -> None:
        """How many accounts cannot be read to their end yet, for as long as there is anything to be scrolled."""
        plans, below = self.query_one("#plans"), self.query_one("#below", Static)
        end = round(plans.scroll_y) + plans.size.height
        hidden = sum(one.virtual_region.bottom > end for one in self.query(".account"))
        down = "down" if getattr(self.app, "ascii_only", False) else "↓"
        below.set_class(plans.max_scroll_y > 0, "shown")
        below.update(Content(f"{down}  {count_text(hidden, 'more account')}" if hidden else "That is all of it."))

    def _head(self, one: AccountPlan) -> Content:
        """Who, and how much from where; or why not."""
        sixteen = self.app.current_theme.ansi
        who = f"{named(one.login)}, ID {named(one.account_id)}"
        lines = [
            Content.assemble(tag(one.profile.name, one.profile.accent, sixteen=sixteen), " ", (who, "bold"), " ",
                             (one.profile.host, "$muted")),
        ]  # fmt: skip
        plan = one.plan
        if plan is None or not plan.operations:
            lines.append(Content.assemble(("  Not done: ", "bold $text-warning"), (one.trouble, "$text-warning")))
            return Content("\n").join(lines)
        steps = count_text(len(plan.operations), "step")
        lines.append(Content.assemble("  ", (str(plan.total), "bold"), f" in {steps}", (self._from(one), "$muted")))
        return Content("\n").join(lines)

    @staticmethod
    def _steps(one: AccountPlan) -> Content:
        """What is done, what else could be, what is left out; empty where nothing is done."""
        plan = one.plan
        if plan is None or not plan.operations:
            return Content("")
        lines: list[Content] = []
        for operation in plan.operations[:SHOWN]:
            amount = f"{operation.amount.amount:.2f}" if operation.amount is not None else ""
            lines.append(Content.assemble(f"{amount:>12}  ", Content(str(operation.title)).truncate(50, ellipsis=True)))
        if len(plan.operations) > SHOWN:
            lines.append(Content.styled(f"  … and {len(plan.operations) - SHOWN} more", "$muted"))
        lines += [Content.styled(f"  {line}", "$text-warning") for line in one.ways]
        if plan.left_out:
            first = plan.left_out[0]
            more = f" (and {len(plan.left_out) - 1} more)" if len(plan.left_out) > 1 else ""
            lines.append(Content.styled(f"  left out: {named(first.title)}: {first.reason}{more}", "$text-warning"))
        return Content("\n").join(lines)

    @staticmethod
    def _from(one: AccountPlan) -> str:
        return f", {one.purse}" if one.purse else ""

    def _wrong(self) -> tuple[Input, str] | None:
        """The first field that does not hold its account's own total."""
        for number, one in enumerate(self.plans):
            if one.profile.name not in self.typed or one.plan is None:
                continue
            field = self.query_one(f"#typed-{number}", Input)
            if not _is_right(field.value.strip(), one.plan):
                return field, f"{one.profile.name}: that is not {wanted(one.plan)}; type it as it stands above it."
        return None

    @on(Input.Submitted)
    def next_field(self) -> None:
        """Enter goes on to the next field, at last to the button; never past it."""
        wrong = self._wrong()
        if wrong is None:
            self._say("")
            self.query_one("#confirm").focus()
        else:
            self._say(wrong[1] if wrong[0] is self.focused else "")
            wrong[0].focus()

    @on(Button.Pressed, "#confirm")
    def confirm(self) -> None:
        """Yes, if everything that had to be typed was typed."""
        wrong = self._wrong()
        if wrong is None:
            self.dismiss(True)
            return
        self._say(wrong[1])
        wrong[0].focus()

    @on(Button.Pressed, "#write")
    def action_write(self) -> None:
        """Not now: each plan to a file of its own."""
        self.dismiss(False)

    def _say(self, text: str) -> None:
        problem = self.query_one("#problem", Static)
        problem.update(Content(text))
        problem.set_class(bool(text), "shown")


def wanted(plan: Plan) -> str:
    """What is typed to confirm a plan: its total, or how many steps where it costs nothing."""
    return f"{plan.total.amount:.2f}" if plan.total.amount else str(plan.item_count)


def _is_right(text: str, plan: Plan) -> bool:
    if text == wanted(plan):
        return True
    try:
        return bool(plan.total.amount) and parse_amount(text) == plan.total.amount
    except ValueError:
        return False
