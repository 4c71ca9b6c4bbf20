"""Choose orders by a pasted list; what it does not mean is reported and stays to be corrected."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static, TextArea

from billtui.screens.modals.expression import ChoosingDialog, Chosen
from billtui.services.order_references import Found, References
from billtui.widgets.formats import count_text

SHOWN = 6
HINT = "Paste ids, names or addresses, with anything between them; a line may be a name."
CORRECT = "What is left means no order, or several: correct it. The same answer again goes on without it."


class PasteDialog(ChoosingDialog):
    """Answers the orders of a list, or ``None``. Words that mean no order, or several, stay to be corrected first."""

    title_text = "Choose by a list"
    DEFAULT_CSS = """
    PasteDialog TextArea { height: 7; border: none; padding: 0 1; background: $panel; scrollbar-size-vertical: 1; }
    PasteDialog.-high TextArea { height: 14; }
    PasteDialog TextArea:focus { border: none; background: $boost; }
    PasteDialog #meaning { height: 4; margin-top: 1; }
    """

    def __init__(self, references: References, text: str = "") -> None:
        """``references`` are all orders there are, ``text`` is what was pasted already."""
        super().__init__()
        self.text = text
        self.references = references
        self.found = Found([], [], [])
        self.taken: list[str] = []
        """Orders that were found before the rest was left to be corrected."""
        self.left: str | None = None
        """The rest as it was handed back; the same rest again is gone on without."""

    def compose_body(self) -> Iterable[Widget]:
        """The list, and what it means."""
        yield Static(Content(HINT), classes="label", id="hint")
        area = TextArea(self.text, id="list", show_line_numbers=False, soft_wrap=True)
        area.cursor_blink = False
        yield area
        yield Static(id="meaning")

    def on_mount(self) -> None:
        """The field first; tab leads to the answers."""
        self.query_one("#list", TextArea).focus()
        self._look()

    @on(TextArea.Changed, "#list")
    def typed(self) -> None:
        """Each change is read anew."""
        self._look()

    def _look(self) -> None:
        shown = self.query_one("#meaning", Static)
        try:
            self.found = self.references.read(self.query_one("#list", TextArea).text)
        except ValueError as error:
            self.found = Found([], [], [])
            shown.update(Content.styled(str(error), "$text-error"))
            return
        shown.update(self._meaning())

    def _meaning(self) -> Content:
        found = self.found
        before = f", {len(self.taken)} before" if self.taken else ""
        lines = [Content.assemble((count_text(len(found.ids), "order"), "bold"), f" found{before}")]
        if found.unknown:
            lines.append(_listed(f"{len(found.unknown)} not found", found.unknown))
        if found.ambiguous:
            words = [f"{one.word} (id:{', id:'.join(one.ids[:3])})" for one in found.ambiguous]
            lines.append(_listed(f"{len(found.ambiguous)} could be several", words))
        if len(lines) == 1:
            lines.append(Content.styled("tab leads to the answers", "$muted"))
        return Content("\n").join(lines)

    @on(Button.Pressed, "#replace, #add, #subtract, #intersect")
    def pressed(self, event: Button.Pressed) -> None:
        """Answer what was found. What was not is left in the field once; pressed again, it is gone on without."""
        found, area = self.found, self.query_one("#list", TextArea)
        self.taken = list(dict.fromkeys([*self.taken, *found.ids]))
        left = "\n".join([*found.unknown, *(one.word for one in found.ambiguous)])
        if left and left != self.left:
            self.left = left
            area.text = left
            self.query_one("#hint", Static).update(Content(CORRECT))
            area.focus()
        elif self.taken:
            self.dismiss(Chosen(tuple(self.taken), str(event.button.id)))
        else:
            area.focus()


def _listed(label: str, words: list[str]) -> Content:
    more = " …" if len(words) > SHOWN else ""
    return Content.assemble((f"{label}: ", "$text-warning"), f"{', '.join(words[:SHOWN])}{more}").truncate(
        70, ellipsis=True
    )
