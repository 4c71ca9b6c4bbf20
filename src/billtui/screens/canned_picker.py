"""A canned reply, found by typing, and shown as it will be on this ticket (TKT-8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from billtui.domain.models import CannedReply
from billtui.domain.rules.tickets import FilledReply, fill_reply
from billtui.screens.modals.found_choice import Findable, FoundChoice
from billtui.services.ticket_templates import LANGUAGE_NAMES
from billtui.terminal.harmless import many_lines


class CannedPicker(FoundChoice):
    """Answers the id of a reply; :meth:`filled` is its text with what is known of the ticket."""

    DEFAULT_CSS = """
    CannedPicker #hits { max-height: 6; }
    CannedPicker.-high #hits { max-height: 14; }
    CannedPicker #preview-box { height: 7; margin-top: 1; border: round $panel; border-title-color: $muted; }
    CannedPicker.-high #preview-box { height: 12; }
    CannedPicker.-tiny #preview-box { display: none; }
    """

    def __init__(
        self, replies: Sequence[CannedReply], values: Mapping[str, str], *, department: str, language: str
    ) -> None:
        """Those of ``department`` in ``language`` stand first; ``values`` are what placeholders stand for."""
        self.replies = {one.id.raw: one for one in replies}
        self.values = values

        def rank(one: CannedReply) -> tuple[bool, bool, bool]:
            own = one.department.raw if one.department is not None else ""
            return (own not in ("", department), one.language.raw != language, own != department)

        things = [Findable(one.id.raw, str(one.title), _about(one), str(one.body)) for one in sorted(replies, key=rank)]
        super().__init__(
            "Which canned reply?", things, placeholder="A word of its title or text, a department, a language",
            empty="There are no canned replies yet.",
        )  # fmt: skip

    def compose_below(self) -> Iterable[Widget]:
        """The reply as it will be."""
        with VerticalScroll(id="preview-box") as box:
            box.can_focus = False
            box.border_title = "On this ticket"
            yield Static(id="filled")

    def highlighted(self, thing_id: str | None) -> None:
        """Show the one under the cursor, with what is missing marked in words."""
        text = self.query_one("#filled", Static)
        if thing_id is None or thing_id not in self.replies:
            text.update(Content(""))
            return
        filled = self.filled(thing_id)
        missing = ", ".join(f"{{{one}}}" for one in filled.unresolved)
        lead = Content.styled(f"To be written in: {missing}\n", "bold $text-warning") if missing else Content("")
        text.update(Content("").join([lead, Content(many_lines(filled.text))]))

    def filled(self, reply_id: str) -> FilledReply:
        """The reply with this id, filled in."""
        return fill_reply(str(self.replies[reply_id].body), self.values)


def _about(one: CannedReply) -> str:
    department = str(one.department) if one.department is not None else "all departments"
    return f"{department}, {LANGUAGE_NAMES.get(one.language.raw, str(one.language))}"
