"""Choosing many orders at once: by an expression, a pasted list, a saved selection."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.expression import Chosen, ExpressionDialog
from billtui.screens.modals.paste import PasteDialog
from billtui.screens.modals.prompt import Prompt
from billtui.screens.order_marks import KIND, why_unmarkable
from billtui.screens.order_texts import own_files
from billtui.services.order_references import References
from billtui.services.selection import SavedSelections, check_name
from billtui.widgets.formats import count_text
from billtui.widgets.record_table_chosen import each_of

if TYPE_CHECKING:
    from billtui.screens.order_marks import OrderMarks

WAYS: Final = (
    Choice("replace", "Mark exactly these", "What was marked is unmarked; u brings it back"),
    Choice("add", "Add them to the marks"),
    Choice("subtract", "Take them away from the marks"),
    Choice("intersect", "Keep only marks that are among them"),
)


async def choose_orders(screen: OrderMarks) -> None:
    """Ask how to choose, and mark."""
    table, saved = screen.table, own_files(screen.billtui).selections
    names = saved.names(KIND)
    chosen = len(table.chosen_ids)
    nothing = "" if chosen else "Nothing is marked."
    choices = [
        Choice("expression", "By an expression", "loc:nl,pl days<7 plan:micro -tag:keep"),
        Choice("paste", "By a pasted list", "Ids, names or addresses, with anything between them"),
        Choice("saved", "By a saved selection", _listed(names), "" if names else "Nothing is saved yet."),
        Choice("save", "Save the marks under a name", f"{count_text(chosen, 'order')}", nothing),
        Choice("invert", "Invert (!)", "Among the rows shown: mark the others"),
        Choice("all", "All shown (*)", count_text(table.row_count, "order")),
        Choice("clear", "Unmark everything (-)", "Shown or not; u brings it back", nothing),
    ]
    how = await screen.app.push_screen_wait(ChoiceDialog("Choose by…", choices))
    match how:
        case "expression":
            await by_expression(screen)
        case "paste":
            await by_list(screen)
        case "saved":
            await _by_selection(screen, saved)
        case "save":
            await _save(screen, saved)
        case "invert":
            table.action_invert_marks()
        case "all":
            table.action_mark_all()
        case "clear":
            table.action_clear_marks()


def _listed(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


async def by_expression(screen: OrderMarks) -> None:
    """Mark what an expression chooses."""
    dialog = ExpressionDialog(screen.table.rows, screen.now_epoch(), screen.tags(), why_unmarkable)
    chosen = await screen.app.push_screen_wait(dialog)
    if chosen is not None:
        apply(screen, chosen)


async def by_list(screen: OrderMarks, text: str = "") -> None:
    """Mark what a pasted list means; ``text`` was pasted already."""
    chosen = await screen.app.push_screen_wait(PasteDialog(References(screen.table.rows), text))
    if chosen is not None:
        apply(screen, chosen)


async def _by_selection(screen: OrderMarks, saved: SavedSelections) -> None:
    choices = [Choice(name, name, count_text(len(saved.get(KIND, name) or ()), "order")) for name in saved.names(KIND)]
    name = await screen.app.push_screen_wait(ChoiceDialog("Saved selections", choices))
    if name is None:
        return
    ids = saved.get(KIND, name) or frozenset()
    there = set(each_of(screen.table.rows, screen.row_id))
    gone = len(ids - there)
    note = f"{count_text(len(ids), 'order')}" + (f", {gone} of them not there any more." if gone else ".")
    delete = Choice("delete", "Delete this selection", "The orders stay as they are")
    way = await screen.app.push_screen_wait(ChoiceDialog(name, [*WAYS, delete], note=note))
    if way == "delete":
        saved.remove(KIND, name)
        screen.billtui.say(f"The selection “{name}” is deleted.")
    elif way is not None:
        apply(screen, Chosen(tuple(sorted(ids & there)), way))
        if gone:
            screen.billtui.say(f"{count_text(gone, 'order')} of “{name}” not there any more.", "warning")


async def _save(screen: OrderMarks, saved: SavedSelections) -> None:
    taken = set(saved.names(KIND))

    def check(text: str) -> str | None:
        try:
            check_name(text)
        except ValueError as error:
            return str(error)
        return None

    name = await screen.app.push_screen_wait(
        Prompt("Save the marks", label="Under which name?", button="Save", check=check, note=_names_note(taken))
    )
    if name is None:
        return
    ids = screen.table.chosen_ids
    try:
        saved.put(KIND, name, ids)
    except ValueError as error:
        screen.billtui.say(str(error), "warning")
        return
    screen.billtui.say(f"{count_text(len(ids), 'order')} saved as “{check_name(name)}”.")


def _names_note(taken: Collection[str]) -> str:
    return f"There are: {_listed(sorted(taken))}. The same name replaces it." if taken else ""


def apply(screen: OrderMarks, chosen: Chosen) -> None:
    """Bring what was chosen together with the marks."""
    table, ids = screen.table, frozenset(chosen.ids)
    if chosen.way == "replace":
        table.choose(ids, replace=True)
    elif chosen.way == "add":
        table.choose(ids)
    elif chosen.way == "subtract":
        table.change_marks(remove=ids)
    else:
        table.change_marks(remove=table.chosen_ids - ids)
