"""Other names for orders: one by one, or many by a pattern, with every new name in sight before it is given (ORD-4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.domain.naming import MAX_NAME, NamingError, expand_names
from billtui.screens.flows import SIGN_IN_FIRST, busy_targets, confirm_and_submit, signed_in_account
from billtui.screens.modals.dialog import Dialog
from billtui.screens.modals.prompt import Prompt
from billtui.services import planner
from billtui.services.renaming import pattern_names, slots_of, taken_names
from billtui.services.store import OrderRow

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

PREVIEWED = 200
"""New names that are listed; the rest are counted, and checked all the same."""
PLACEHOLDERS = "{n} {n:02} {n@5} count · {loc} {plan} {name} {id} {ip} say what it is"


async def rename_orders(app: Shell, rows: Sequence[OrderRow]) -> None:
    """Give one order another name, or several by a pattern in one plan."""
    if len(rows) == 1:
        await _rename_one(app, rows[0])
    elif rows:
        await _rename_many(app, rows)


async def _rename_one(app: Shell, row: OrderRow) -> None:
    account = signed_in_account(app)
    orders = await app.session.orders_by_ids([row.id])
    if not orders:
        app.say("This order is not there any more; press r to refresh.", "warning")
        return
    order = orders[0]

    def check(text: str) -> str | None:
        if not text.strip():
            return "An order needs a name; type one or press esc."
        if len(text.strip()) > MAX_NAME:
            return f"A name has at most {MAX_NAME} characters."
        return None

    name = await app.push_screen_wait(
        Prompt(
            "Rename", label=f"New name of {order.name}:", value=str(order.name), button="Rename", check=check
        ).that_sends()
    )
    if name is None:
        return
    plan = planner.rename_all(account, [(order, name)], busy=busy_targets(app), profile=app.profile.name)
    if plan.operations:
        if await app.sign_in_first(SIGN_IN_FIRST):
            app.submit(plan)
    else:
        app.say(str(plan.left_out[0].reason), "warning")


async def _rename_many(app: Shell, rows: Sequence[OrderRow]) -> None:
    account = signed_in_account(app)
    everything = app.session.store.orders()
    taken = taken_names(everything, (row.id for row in rows))
    pattern = await app.push_screen_wait(PatternDialog(rows, taken))
    if pattern is None:
        return
    orders = await app.session.orders_by_ids([row.id for row in rows])
    try:
        names = pattern_names(pattern, orders, app.session.store.orders())
    except NamingError as error:
        app.say(f"{error}. Nothing was sent.", "warning")
        return
    plan = planner.rename_all(
        account,
        list(zip(orders, names, strict=True)),
        now=app.session.now(),
        busy=busy_targets(app),
        profile=app.profile.name,
    )
    note = "The old names are forgotten; the panel and every program shows the new ones."
    await confirm_and_submit(app, plan, button=f"Rename {len(plan.operations)}", note=note)


class PatternDialog(Dialog[str]):
    """Answers a pattern that gives every order a name of its own, or ``None``. Shows each new name beside the old."""

    DEFAULT_CSS = """
    PatternDialog #preview { height: 9; max-height: 9; }
    PatternDialog.-high #preview { height: 16; max-height: 16; }
    """

    def __init__(self, rows: Sequence[OrderRow], taken: Collection[str]) -> None:
        """``taken`` are the names of all other orders."""
        super().__init__()
        self.title_text = f"Rename {len(rows)} orders"
        self.rows = rows
        self.slots = slots_of(rows)
        self.taken = taken

    def compose_body(self) -> Iterable[Widget]:
        """The pattern, what is wrong with it, and the names."""
        yield Static(Content("Pattern for the new names, in the order of the list:"), classes="label")
        field = Input("{name}", placeholder="web-{loc}-{n:02}", id="pattern")
        field.cursor_blink = False
        yield field
        yield Static(Content(PLACEHOLDERS), classes="note")
        yield Static(id="problem", classes="problem")
        with VerticalScroll(classes="rows", id="preview"):
            yield Static(id="names")

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel, or go on to the plan."""
        yield Button("Cancel", id="cancel")
        yield Button("Go on", id="ok")

    def on_mount(self) -> None:
        """The field first."""
        self.query_one("#pattern", Input).focus()
        self._show()

    @on(Input.Changed, "#pattern")
    def typed(self) -> None:
        """Each key shows the names anew."""
        self._show()

    @on(Input.Submitted, "#pattern")
    @on(Button.Pressed, "#ok")
    def answer(self) -> None:
        """Answer a pattern that works."""
        if self._show():
            self.dismiss(self.query_one("#pattern", Input).value)

    def _show(self) -> bool:
        problem, names = "", list[str]()
        try:
            names = expand_names(self.query_one("#pattern", Input).value, self.slots, self.taken)
        except NamingError as error:
            problem = f"{error}."
        shown = self.query_one("#problem", Static)
        shown.update(Content(problem))
        shown.set_class(bool(problem), "shown")
        lines = [
            Content.assemble(
                Content(row.name).truncate(30, ellipsis=True, pad=True),
                (" → " if row.name != name else " = ", "$muted"),
                (name, "bold" if row.name != name else "$muted"),
            )
            for row, name in zip(self.rows[:PREVIEWED], names[:PREVIEWED], strict=False)
        ]
        if names and len(self.rows) > PREVIEWED:
            lines.append(Content.styled(f"… and {len(self.rows) - PREVIEWED} more, all of them checked", "$muted"))
        self.query_one("#names", Static).update(Content("\n").join(lines))
        return not problem
