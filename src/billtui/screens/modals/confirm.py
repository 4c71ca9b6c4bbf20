"""The last question before a plan is carried out: how much, how many, whose account, which panel, what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.domain.money import Money, group_digits, parse_amount
from billtui.screens.modals.dialog import Dialog, Fact, Facts, named
from billtui.services.plans import Operation, OperationKind, Plan, cell_words
from billtui.terminal.harmless import one_line
from billtui.widgets.record_table import Column, RecordTable

SHOWN_ROWS = 1_000
"""Rows of a plan that are listed, as many as one request may hold (BLK-7): what is confirmed can be read.

Beyond it the dialog says how many more there are, and the plan goes into a file to be read whole.
"""

SHOWN_CELLS = 1_000
"""Plans and locations of one purchase that are listed."""

LEAST_ROOM = 3
"""Lines below the facts, at least, for what is done."""
LINE = 66
"""Cells of a line of what is left out."""

WIDEST, FRAME, SLIM = 76, 7, 64
"""Cells: the dialog at its widest, its frame with what is left free, a terminal with room for all of it."""
BESIDE, CANCEL = 42, 21
"""Cells beside the last button's words, its own rim but for one: with the one that writes a file, or "Cancel" alone."""
CLOSER, CANCEL_CLOSER = 28, 12
"""The same where the buttons stand closer together."""

FEW = 12
"""Rows, named one by one, that stand there whole: where there is no room the dialog scrolls, not they by themselves."""


def needs_typing(plan: Plan, limit: Decimal, items: int) -> bool:
    """Whether the total has to be typed: above the profile's limit, by amount or by count."""
    return plan.total.amount > limit or plan.item_count > items


class ConfirmPlan(Dialog[bool]):
    """Answers ``True`` only for the last button, ``False`` to write the plan to a file instead, or ``None``.

    The plan does not change while it is open. Amount, count, account and panel, what has to be typed, and the buttons
    stay in sight whatever the rest needs to scroll; that begins with what is done, and a line above the field says
    what of it is out of sight. Where there is no room for both, the facts are read first and scroll with the rest.
    """

    confirms = True
    AUTO_FOCUS = ""  # Textual's own would scroll to the first list
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w,ц", "write", "To a file", show=False),
        Binding("down", "read(1)", show=False),
        Binding("up", "read(-1)", show=False),
        Binding("pagedown", "read(5)", show=False),
        Binding("pageup", "read(-5)", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (SLIM, "-wide")]
    CSS_PATH = [Path(__file__).with_name("dialog.tcss"), Path(__file__).with_name("confirm.tcss")]

    def __init__(
        self,
        plan: Plan,
        *,
        button: str,
        facts: Sequence[Fact] = (),
        note: str = "",
        danger: bool = False,
        typed: bool = False,
        type_word: str = "",
        type_label: str = "",
        rows: Sequence[str] = (),
        rows_title: str = "Server by server",
        to_file: bool = True,
    ) -> None:
        """``facts`` come after amount, count, account and panel; with ``typed`` the total is asked for.

        ``type_word`` is asked for instead, whatever the total is, by the words ``type_label``. ``rows`` name one by one
        what the steps are about. Not ``to_file``: it rests on what no file may hold.
        """
        super().__init__()
        self.title_text = str(plan.title)
        self.plan = plan
        self.button = button
        self.facts = facts
        self.note = note
        self.danger = danger
        self.typed = typed or bool(type_word)
        self.type_word = type_word
        self.type_label = type_label
        self.rows = rows
        self.rows_title = rows_title
        self.to_file = to_file

    def compose_body(self) -> Iterable[Widget]:
        """Facts first, in cells of their own; then what is in and what is left out."""
        plan = self.plan
        yield Facts(
            [
                *([Fact("Amount", str(plan.total), strong=True)] if plan.total.amount else []),
                Fact("Count", _count(plan)),
                Fact("Account", f"{named(plan.login)}, ID {named(plan.account_id)}"),
                Fact("Panel", f"{named(plan.panel_name)} (profile {plan.profile})"),
                *self.facts,
            ],
            id="facts",
        )
        yield Static(Content("What is done"), classes="section")
        with VerticalScroll(classes="rows", id="what"):
            yield Static(self._operations())
        if self.rows:
            table: RecordTable[tuple[int, str]] = RecordTable(
                [Column(key="row", title=self.rows_title, cell=lambda row: row[1], min_width=20)],
                lambda row: str(row[0]),
                ascii_only=bool(getattr(self.app, "ascii_only", False)),
                id="named",
            )
            table.styles.height = min(len(self.rows), FEW) + 1
            yield table
        if plan.left_out:
            yield Static(Content(f"Left out ({len(plan.left_out)})"), classes="section")
            with VerticalScroll(classes="rows", id="left-out"):
                yield Static(self._left_out())
        if self.note:
            yield Static(Content(self.note), classes="note", id="note")
        with Vertical(id="foot", classes="typed" if self.typed else ""):
            yield Static(id="below")
            if self.typed:
                wanted = self._wanted()
                words = Content(self.type_label)
                asked = words if self.type_label else Content.assemble("Type ", (wanted, "bold"), " to confirm")
                yield Static(asked, classes="section")
                field = Input(id="typed")
                field.cursor_blink = False
                yield field
                yield Static(id="problem", classes="problem")

    def compose_buttons(self) -> Iterable[Widget]:
        """What is safe comes first; ``w`` works also where there is no room for its button."""
        if self.to_file:
            yield Button("To a file (w)", id="write")
        yield Button("Cancel", id="cancel")
        yield Button(Content(self.button), id="confirm")

    def on_mount(self) -> None:
        """Focus rests on the safe answer, or on the field that has to be typed."""
        self.query_one("#dialog").set_class(self.danger, "danger")
        self.query_one("#dialog").set_class(bool(self.rows), "many")
        self.query_one("#dialog").set_class(0 < len(self.rows) <= FEW, "few")
        if self.rows:  # drawn for the visible lines only: there may be thousands
            self.query_one("#named", RecordTable).set_rows([(n, one_line(row)) for n, row in enumerate(self.rows)])
        self.query_one("#dialog").set_class(bool(self.plan.total.amount) and not self.danger, "money")
        self._name_button()
        first = self.query_one("#typed" if self.typed else "#cancel")
        first.focus(scroll_visible=False)  # it stands outside of what scrolls
        for one in (self.query_one("#dialog"), self.query_one("#foot"), *self._lists()):
            for changes in ("virtual_size", "scroll_y"):
                self.watch(one, changes, self._look_below, init=False)

    def _name_button(self) -> None:
        """Where there is no room for all the words of the last button, they give way and the amount stays."""
        width, total, words = self.app.size.width, str(self.plan.total), self.button
        inside = min(width, WIDEST) - FRAME
        beside, closer = (BESIDE, CLOSER) if self.to_file and width >= SLIM else (CANCEL, CANCEL_CLOSER)
        tight = cell_len(words) > inside - beside
        self.query_one("#buttons").set_class(tight, "tight")
        if tight and words.endswith(total):
            verb = words.removesuffix(total).strip().rpartition(" and ")[2]
            shorter = (words, f"{verb[:1].upper()}{verb[1:]} {total}")
            words = next((one for one in shorter if cell_len(one) <= inside - closer), total)
        self.query_one("#confirm", Button).label = Content(words)

    # --- what is out of sight

    def on_resize(self) -> None:
        """Another size: something else is out of sight."""
        self.query_one("#dialog").remove_class("tight", "crowded")
        self._name_button()
        self._look_below()

    def action_read(self, lines: int) -> None:
        """Read on, or back, from wherever the focus is: each list to its end, and then what stands below it."""
        dialog, lists = self.query_one("#dialog"), [one for one in self._lists() if self._is_in_sight(one)]
        for one in (*lists, dialog) if lines > 0 else (*lists[::-1], dialog):
            if one.scroll_y < one.max_scroll_y if lines > 0 else one.scroll_y > 0:
                page = abs(lines) > 1 and isinstance(one, RecordTable)
                step = lines * max(1, (one.size.height - 2) // abs(lines)) if page else lines
                # A table shows no bar, and scrolls all the same. At once: keys that come together all count.
                one.scroll_relative(y=step, animate=False, force=True, immediate=True)
                break

    def _lists(self) -> list[Widget]:
        """What scrolls by itself, from top to bottom."""
        return list(self.query_one("#dialog").query_children("#what, #named, #left-out"))

    @on(RecordTable.CursorMoved, "#named")
    def read_by_cursor(self) -> None:
        """Its own keys scroll it as well."""
        self._look_below()

    def _is_in_sight(self, widget: Widget) -> bool:
        """Whether it is there to its last line, whatever of it is scrolled inside of it."""
        return self._lines_down(widget.virtual_region.bottom) <= 0

    def _lines_down(self, y: int) -> int:
        """How far below the last line in sight a line of what scrolls is."""
        return y - round(self.query_one("#dialog").scroll_y) - self.query_one("#foot").virtual_region.y

    def _look_below(self) -> None:
        self.call_after_refresh(self._tell_below)  # once everything has its place

    def _tell_below(self) -> None:
        """Name what is out of sight, in one line that stays for as long as anything has to be scrolled."""
        dialog, below = self.query_one("#dialog"), self.query_one("#below", Static)
        if dialog.has_class("tight"):
            self._make_room()
        elif dialog.max_scroll_y > 0:
            dialog.add_class("tight")
            self._look_below()
        below.set_class(dialog.max_scroll_y > 0 or any(one.max_scroll_y for one in self._lists()), "shown")
        hidden = [
            words for one, words in self._parts() if not self._is_in_sight(one) or one.scroll_y < one.max_scroll_y
        ]
        down = "down" if getattr(self.app, "ascii_only", False) else "↓"
        told = f"{down}  {' · '.join(hidden)}" if hidden else "That is all of it."
        below.update(Content(told))

    def _make_room(self) -> None:
        """Where facts that stay in sight leave no room for what is done, they scroll as well."""
        facts, foot = self.query_one("#facts"), self.query_one("#foot").virtual_region
        if foot.y - facts.outer_size.height < LEAST_ROOM:
            self.query_one("#dialog").add_class("crowded")

    def _parts(self) -> list[tuple[Widget, str]]:
        """The parts of the dialog that may need scrolling, in words."""
        begun = self._lines_down(self.query_one("#what").virtual_region.y) < 0
        words = {
            "facts": "more facts",
            "what": "more of what is done" if begun else "what is done",
            "named": self.rows_title.lower(),
            "left-out": f"{len(self.plan.left_out)} left out",
            "note": "a note",
        }
        parts = self.query_one("#dialog").query_children("#facts, #what, #named, #left-out, #note")
        return [(one, words[str(one.id)]) for one in parts]

    def _wanted(self) -> str:
        if self.type_word:
            return self.type_word
        total = self.plan.total
        return f"{total.amount:.2f}" if total.amount else str(self.plan.item_count)

    def _operations(self) -> Content:
        lines: list[Content] = []
        for operation in self.plan.operations[:SHOWN_ROWS]:
            amount = _amount(operation.amount)
            lines.append(
                Content.assemble((f"{amount:>12}  ", "bold"), Content(str(operation.title)).truncate(54, ellipsis=True))
            )
            lines += [Content.styled(f"{'':>14}{line}", "$muted") for line in _cells(operation)]
        more = len(self.plan.operations) - SHOWN_ROWS
        if more > 0:
            lines.append(Content.styled(f"… and {more} more", "$muted"))
        return Content("\n").join(lines)

    def _left_out(self) -> Content:
        lines = [
            Content.assemble(
                Content(str(one.title)).truncate(LINE, ellipsis=True), "\n    ", (str(one.reason), "$text-warning")
            )
            for one in self.plan.left_out[:SHOWN_ROWS]
        ]
        more = len(self.plan.left_out) - SHOWN_ROWS
        if more > 0:
            lines.append(Content.styled(f"… and {more} more", "$muted"))
        return Content("\n").join(lines)

    @on(Input.Submitted, "#typed")
    def check_typed(self) -> None:
        """Enter in the field goes on to the button, never past it."""
        if self._typed_right():
            self.query_one("#confirm").focus()

    @on(Button.Pressed, "#confirm")
    def confirm(self) -> None:
        """Yes, if what had to be typed was typed."""
        if not self.typed or self._typed_right():
            self.dismiss(True)

    @on(Button.Pressed, "#write")
    def action_write(self) -> None:
        """No, not now: the plan goes to a file, is reviewed, and applied later. Nothing has to be typed for that."""
        if self.to_file:
            self.dismiss(False)

    def _typed_right(self) -> bool:
        text = self.query_one("#typed", Input).value.strip()
        wanted = self._wanted()
        right = text == wanted
        if not right and self.plan.total.amount and not self.type_word:
            try:
                right = parse_amount(text) == self.plan.total.amount
            except ValueError:
                right = False
        problem = self.query_one("#problem", Static)
        words = f"That is not {wanted}; type it as it stands above, or press esc."
        problem.update(Content("" if right else words))
        problem.set_class(not right, "shown")
        return right


def _count(plan: Plan) -> str:
    """How many steps; of new servers also how many servers."""
    steps = len(plan.operations)
    servers = sum(one.new_count for one in plan.operations)
    words = f"{steps} {'step' if steps == 1 else 'steps'}"
    if any(one.kind is OperationKind.TRANSFER_PUSH for one in plan.operations):
        return f"{words}, {plan.item_count} {'order' if plan.item_count == 1 else 'orders'}"
    return f"{words}, {servers} new {'server' if servers == 1 else 'servers'}" if servers else words


def _cells(operation: Operation) -> list[str]:
    """What a purchase of new servers is made of."""
    if operation.kind is not OperationKind.ORDER:
        return []
    cells = operation.cells()
    lines = [f"{one.quantity:>5} × {cell_words(operation, one)}" for one in cells[:SHOWN_CELLS]]
    return lines if len(cells) <= SHOWN_CELLS else [*lines, f"      … and {len(cells) - SHOWN_CELLS} more"]


def _amount(money: Money | None) -> str:
    return group_digits(money.amount) if money else ""
