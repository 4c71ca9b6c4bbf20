"""The profiles: where each leads, as whom, and what its copy says; read from this computer alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from billtui.client.drivers.kinds import title_of
from billtui.config.kinds import USUAL_KIND
from billtui.config.profiles import Profile
from billtui.domain.safetext import clean
from billtui.screens.modals.dialog import Dialog, named
from billtui.services.accounts import AccountCopy, Roster, read_copy
from billtui.services.accounts.copies import owing_words
from billtui.terminal.harmless import one_line
from billtui.widgets.choices import Choices
from billtui.widgets.formats import age_text
from billtui.widgets.profile_tag import tag

ALL_ACCOUNTS: Final = "*"
"""No profile has this name."""


def summaries(profiles: Sequence[Profile], roster: Roster) -> list[AccountCopy]:
    """What the copy of each profile's account says, without its rows. Reads files."""
    now = datetime.now(UTC)
    return [read_copy(profile, roster.settings(profile), now, most=0) for profile in profiles]


class ProfileDialog(Dialog[str]):
    """Answers the name of a profile, :data:`ALL_ACCOUNTS`, or ``None``."""

    title_text = "Profiles"

    def __init__(self, copies: Sequence[AccountCopy], *, chosen: str, problems: Sequence[str] = ()) -> None:
        """``chosen`` is the one that is open; ``problems`` are profiles that cannot be used, in words."""
        super().__init__()
        self.copies = list(copies)
        self.chosen = chosen
        self.problems = list(problems)

    def compose_body(self) -> Iterable[Widget]:
        """All accounts first, then a profile in two lines each, those that are broken last."""
        yield Choices(*self._options(), id="choices")
        if self.problems:
            lines = [one_line(line) for line in self.problems[:3]]
            yield Static(Content.styled("\n".join(lines), "$text-warning"), classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """Only a way out: choosing is ``enter`` in the list."""
        more = "" if len(self.copies) > 1 else " · more: billtui profile add"
        yield Static(Content.styled(f"enter opens · esc stays here{more}", "$muted"))

    def _options(self) -> Iterable[Option]:
        if len(self.copies) > 1:
            words = "unpaid invoices and ends of all profiles in one list"
            yield Option(Content.assemble(("All accounts", "bold"), ("\n  ", ""), (words, "$muted")), id=ALL_ACCOUNTS)
        for copy in self.copies:
            yield Option(self._lines(copy), id=copy.profile.name)

    def _lines(self, copy: AccountCopy) -> Content:
        profile = copy.profile
        head = [tag(profile.name, profile.accent, sixteen=self.app.current_theme.ansi)]
        if profile.name == self.chosen:
            head.append(Content.styled("open now", "bold"))
        if profile.read_only:
            head.append(Content.styled("READ-ONLY", "bold $text-warning"))
        who = named(copy.login or profile.login) or "no login yet"
        head.append(Content(f"{who} · {named(copy.account_id)}" if copy.account_id else who))
        head.append(Content.styled(clean(profile.host), "$muted"))
        if profile.kind != USUAL_KIND:
            head.append(Content.styled(title_of(profile.kind), "$muted"))
        return Content("\n").join([Content(" ").join(head), Content.styled(f"  {copy_words(copy)}", "$muted")])

    def on_mount(self) -> None:
        """Rest on the profile that is open."""
        options = self.query_one("#choices", OptionList)
        names = [copy.profile.name for copy in self.copies]
        options.highlighted = options.get_option_index(self.chosen) if self.chosen in names else 0
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        event.stop()
        self.dismiss(event.option.id)


def copy_words(copy: AccountCopy) -> str:
    """``3 unpaid, 12.00 EUR · 4 end within 30 days · data 2 h ago``; of the local copy alone."""
    if not copy.known:
        return "nothing kept here yet: opened once, it is listed with what is owed"
    if copy.is_staff:
        return f"a {copy.role} account · data {age_text(copy.synced_at, datetime.now(UTC))}"
    ending = f"{copy.ending} end within 30 d" if copy.ending else "nothing ends soon"
    return f"{owing_words(copy.owing)} · {ending} · data {age_text(copy.synced_at, datetime.now(UTC))}"
