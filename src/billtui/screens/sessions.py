"""Who is signed in as this account, where and since when; any other session can be ended at once (ACC-5)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.domain.models import SessionInfo
from billtui.screens.list_screen import View
from billtui.screens.modals.choice import Choice
from billtui.screens.panel_list import PanelList
from billtui.services.account_care import session_needed
from billtui.widgets.formats import age_text, count_text, moment_text
from billtui.widgets.record_table import Column, Toned

THIS_ONE = "This is the session you are in; 6 Settings signs it out."


class SessionsScreen(PanelList[SessionInfo]):
    """The account's sessions, this one marked."""

    AREA = "Account"
    SCOPES = (Scope.SESSIONS, Scope.LIST)
    LIST_NAME = "sessions"
    NOUN = "session"
    VIEWS = (View("all", "All sessions", lambda row, now: True),)
    EMPTY = "The panel names no session."
    SORT = ("used", True)

    def columns(self) -> Sequence[Column[SessionInfo]]:
        """Which, from where, since when."""
        this = ">" if self.billtui.ascii_only else "▶"
        return [
            Column(key="this", title="", cell=lambda r: Toned(f"{this} this one", "accent") if r.current else "", width=10, priority=10, sort_key=lambda r: int(r.current)),
            Column(key="client", title="Program", cell=lambda r: str(r.client) or "–", min_width=12, flex=3, priority=7, sort_key=lambda r: str(r.client), search=lambda r: str(r.client)),
            Column(key="address", title="From", cell=lambda r: str(r.address) or "–", min_width=15, max_width=39, priority=9, sort_key=lambda r: str(r.address), search=lambda r: str(r.address)),
            Column(key="since", title="Since", cell=lambda r: moment_text(r.created_at), width=16, priority=6, sort_key=lambda r: r.created_at.timestamp()),
            Column(key="used", title="Last used", cell=lambda r: moment_text(r.last_used_at or r.created_at), width=16, priority=8, sort_key=lambda r: (r.last_used_at or r.created_at).timestamp()),
        ]  # fmt: skip

    def row_id(self, row: SessionInfo) -> str:
        """The session's id, never its token."""
        return str(row.id)

    async def fetch(self) -> Sequence[SessionInfo]:
        """From the panel."""
        return await self.session.care.sessions()

    def mark_refusal(self, row: SessionInfo) -> str | None:
        """The session one is in is not ended here."""
        return THIS_ONE if row.current else None

    def detail(self, row: SessionInfo) -> Content:
        """One session beside the list."""
        used = row.last_used_at or row.created_at
        lines = [
            Content.styled("This session" if row.current else "Another session", "bold"),
            Content(""),
            self.line("Program", str(row.client) or "–"),
            self.line("From", str(row.address) or "–"),
            self.line("Since", moment_text(row.created_at)),
            self.line("Last used", f"{moment_text(used)}, {age_text(used, self.now())}"),
            self.line("Id", str(row.id)),
            Content(""),
            Content.styled(THIS_ONE if row.current else "D ends it at once, wherever it is.", "$muted"),
        ]
        return Content("\n").join(lines)

    def others(self) -> list[SessionInfo]:
        """Every session but this one."""
        return [row for row in self.rows if not row.current]

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for the sessions that are chosen."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope is not Scope.SESSIONS:
            return None
        if reason := session_needed(self.session.account):
            return reason
        if command.id == "session.revoke" and any(row.current for row in self.chosen_rows()):
            return THIS_ONE
        if command.id == "session.revoke_others" and not self.others():
            return "There is no other session."
        return None

    @handles("session.revoke")
    async def revoke(self) -> None:
        """End what is chosen."""
        await self._end(list(self.chosen_rows()))

    @handles("session.revoke_others")
    async def revoke_others(self) -> None:
        """End all but this one."""
        await self._end(self.others())

    async def _end(self, chosen: list[SessionInfo]) -> None:
        count = count_text(len(chosen), "session")
        first = f"{chosen[0].client or 'a session'} from {chosen[0].address or 'an unknown address'}"
        sure = await self.really(
            f"End {count}?",
            Choice("end", f"End {count}", "Whatever works with it is signed out at once"),
            Choice("keep", "Leave everything as it is"),
            note=f"{first}{f' and {len(chosen) - 1} more' if len(chosen) > 1 else ''}. API keys are not touched by it.",
        )
        if not sure:
            return
        try:
            await self.session.care.revoke_sessions([row.id.raw for row in chosen])
            self.billtui.say(f"{count} ended.")
            self.unmark()
        finally:
            await self.load()

    def command_words(self) -> list[str]:
        """Ending what is chosen."""
        return ["account", "revoke"]
