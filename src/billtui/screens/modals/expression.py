"""Choose orders by an expression: how many match is on screen with every key, and why some cannot be marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.screens.modals.dialog import Dialog
from billtui.services.order_choice import chosen_by
from billtui.services.order_query import FIELDS, QueryError, parse
from billtui.services.store import OrderRow, RowsInColumns
from billtui.services.store.columns import PickedRows
from billtui.widgets.formats import count_text
from billtui.widgets.record_table_chosen import each_of

NAMES_SHOWN = 4


class Chosen(NamedTuple):
    """Orders, and what to do with them: ``replace``, ``add``, ``subtract`` or ``intersect`` the marks."""

    ids: tuple[str, ...]
    way: str


class ChoosingDialog(Dialog[Chosen]):
    """The buttons that say how the marks change."""

    def compose_buttons(self) -> Iterable[Widget]:
        """The safe answer first, then the four ways."""
        yield Button("Cancel", id="cancel")
        yield Button("Mark", id="replace")
        yield Button("Add", id="add")
        yield Button("Remove", id="subtract")
        yield Button("Keep only", id="intersect")


class ExpressionDialog(ChoosingDialog):
    """Answers what an expression chooses, or ``None``."""

    title_text = "Choose by an expression"
    DEFAULT_CSS = """
    ExpressionDialog #count { height: 5; }
    ExpressionDialog #fields { height: auto; color: $muted; }
    """

    def __init__(
        self,
        rows: Sequence[OrderRow],
        now: int,
        tags: Mapping[str, frozenset[str]],
        why_not: Callable[[OrderRow], str | None],
        text: str = "",
    ) -> None:
        """``why_not`` says in few words why an order cannot be marked."""
        super().__init__()
        self.rows = rows
        self.now = now
        self.tags = tags
        self.why_not = why_not
        self.text = text
        self.found: Sequence[OrderRow] | None = None
        """What the expression chooses; ``None`` while it cannot be read."""
        self._why: list[str | None] | None = None
        """Why each of ``rows`` cannot be marked, asked once; only of rows in columns."""

    def compose_body(self) -> Iterable[Widget]:
        """The expression, what it comes to, what can be written."""
        field = Input(self.text, placeholder="loc:nl,pl days<7 plan:micro -tag:keep", id="expression")
        field.cursor_blink = False
        yield field
        yield Static(id="count")
        yield Static(
            Content(
                f"Fields: {' '.join(FIELDS)}. "
                "field:a,b any of them · -field:a not · = < <= > >= · name:web-* · “a b” in quotes · "
                "words alone are looked for everywhere. Mark (enter) marks exactly these, Add these too, "
                "Remove unmarks them, Keep only unmarks all others; u undoes."
            ),
            id="fields",
        )

    def on_mount(self) -> None:
        """The field first."""
        self.query_one("#expression", Input).focus()
        self._look(self.text)
        if isinstance(self.rows, RowsInColumns):  # before the first letter, which waits for it otherwise (P-TABLE-3)
            self.call_after_refresh(self._ask_all)

    def _ask_all(self) -> list[str | None]:
        if self._why is None:
            self._why = list(each_of(self.rows, self.why_not))
        return self._why

    def _reasons(self, found: Sequence[OrderRow]) -> list[str | None]:
        """Why each of ``found`` cannot be marked."""
        if isinstance(found, PickedRows):
            return list(found.of_all(self._ask_all()))
        return list(each_of(found, self.why_not))

    @on(Input.Changed, "#expression")
    def typed(self, event: Input.Changed) -> None:
        """Each key counts anew."""
        self._look(event.value)

    def _look(self, text: str) -> None:
        shown = self.query_one("#count", Static)
        self.found = None
        if not text.strip():
            shown.update(Content.styled("Type what the orders have in common.", "$muted"))
            return
        try:
            query = parse(text)
        except QueryError as error:
            shown.update(_mistake(text, error))
            return
        self.found = chosen_by(query, self.rows, self.now, self.tags)
        shown.update(self._count(self.found), layout=False)  # its height is fixed

    def _count(self, found: Sequence[OrderRow]) -> Content:
        why = self._reasons(found)
        reasons = Counter(filter(None, why))
        refused = sum(reasons.values())
        lines = [
            Content.assemble(
                (count_text(len(found), "order"), "bold"),
                f" of {len(self.rows)}: {len(found) - refused} can be marked",
                (f", {refused} cannot and are set aside" if refused else "", "$text-warning"),
            )
        ]
        for reason, number in reasons.most_common(2):
            places = (place for place, given in enumerate(why) if given == reason)
            names = [found[place].name for place in islice(places, NAMES_SHOWN)]
            more = " …" if number > NAMES_SHOWN else ""
            lines.append(
                Content.assemble((f"  {number} {reason}: ", "$text-warning"), f"{', '.join(names)}{more}").truncate(
                    70, ellipsis=True
                )
            )
        return Content("\n").join(lines)

    @on(Input.Submitted, "#expression")
    def submit(self) -> None:
        """Enter marks exactly these."""
        self._answer("replace")

    @on(Button.Pressed, "#replace, #add, #subtract, #intersect")
    def pressed(self, event: Button.Pressed) -> None:
        """Answer with the way of the button."""
        self._answer(str(event.button.id))

    def _answer(self, way: str) -> None:
        if self.found:
            self.dismiss(Chosen(tuple(each_of(self.found, attrgetter("id"))), way))
        else:
            self.query_one("#expression", Input).focus()


def _mistake(text: str, error: QueryError) -> Content:
    """The expression's place of trouble, pointed at, and what to write."""
    start = max(0, error.position - 60)
    piece = text[start : start + 70]
    return Content("\n").join(
        [
            Content(piece),
            Content.styled(f"{' ' * (error.position - start)}^", "$text-error"),
            Content.styled(f"{error.problem} {error.hint}", "$text-error"),
        ]
    )
