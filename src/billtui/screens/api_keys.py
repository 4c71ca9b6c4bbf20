"""API keys: what each may do and when it was used; new ones, shown once; an end to any of them (ACC-5)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.domain.models import ApiKey
from billtui.screens.api_key_forms import NewKeyDialog, RevokeKey, SwitchAccess
from billtui.screens.flows import signed_in_account
from billtui.screens.list_screen import View
from billtui.screens.modals.dialog import Fact, named
from billtui.screens.modals.shown_once import ShownOnce
from billtui.screens.panel_list import PanelList
from billtui.services.account_care import session_needed
from billtui.widgets.formats import date_text, moment_text
from billtui.widgets.record_table import Column, Toned

ACCESS_OFF = "API access is off: no key works until it is switched on (a)."
KEY_WARNING = (
    "This is the key itself, shown this once: the panel does not know it any more. Whoever has it acts as this"
    " account, within what it may do, until it expires or is revoked."
)


def _ended(row: ApiKey, now: float) -> bool:
    return row.expires_at is not None and row.expires_at.timestamp() <= now


class ApiKeysScreen(PanelList[ApiKey]):
    """The account's keys, by label and last four characters."""

    AREA = "Account"
    SCOPES = (Scope.API_KEYS, Scope.LIST)
    LIST_NAME = "api-keys"
    NOUN = "API key"
    VIEWS = (
        View("all", "All keys", lambda row, now: True),
        View("working", "Not expired", lambda row, now: not _ended(row, now)),
    )
    EMPTY = "There is no API key. n makes one, for a script or a monitoring system."

    def columns(self) -> Sequence[Column[ApiKey]]:
        """Which, what it may, until when, when it was used."""
        return [
            Column(key="label", title="Label", cell=lambda r: str(r.label), min_width=12, flex=3, priority=10, sort_key=lambda r: str(r.label), search=lambda r: str(r.label)),
            Column(key="four", title="Ends in", cell=lambda r: f"…{r.last_four}", width=7, priority=9, search=lambda r: str(r.last_four)),
            Column(key="may", title="May", cell=lambda r: "read" if r.read_only else Toned("read, change", "warning"), width=12, priority=8, sort_key=lambda r: int(r.read_only)),
            Column(key="expires", title="Expires", cell=self._expires, width=11, priority=7, sort_key=lambda r: r.expires_at.timestamp() if r.expires_at else float("inf")),
            Column(key="used", title="Last used", cell=lambda r: moment_text(r.last_used_at) if r.last_used_at else "never", width=16, priority=6, sort_key=lambda r: r.last_used_at.timestamp() if r.last_used_at else 0.0),
            Column(key="networks", title="From", cell=lambda r: ", ".join(map(str, r.networks)) or "anywhere", min_width=10, flex=2, priority=5, search=lambda r: " ".join(map(str, r.networks))),
            Column(key="made", title="Made", cell=lambda r: date_text(r.created_at), width=10, priority=3, sort_key=lambda r: r.created_at.timestamp()),
        ]  # fmt: skip

    def _expires(self, row: ApiKey) -> Toned | str:
        if row.expires_at is None:
            return Toned("never", "warning")
        return Toned("expired", "bad") if _ended(row, self._now_epoch) else date_text(row.expires_at)

    def row_id(self, row: ApiKey) -> str:
        """The id in the list; never the key."""
        return str(row.id)

    async def fetch(self) -> Sequence[ApiKey]:
        """From the panel."""
        return await self.session.care.api_keys()

    def mark_refusal(self, row: ApiKey) -> str | None:
        """Each is ended for itself, with the password."""
        return "Keys are revoked one by one, each with your password: D."

    def commands_here(self) -> list[Command]:
        """Those of every list, without marks."""
        return [one for one in super().commands_here() if "mark" not in one.id]

    def summary(self, rows: Sequence[ApiKey], marked: Sequence[ApiKey]) -> Content:
        """Whether keys work at all."""
        account = self.session.account
        if account is not None and not account.api_access:
            return Content.styled(f" {ACCESS_OFF}", "bold $text-warning")
        return Content.styled(" API access is on.", "$muted")

    def detail(self, row: ApiKey) -> Content:
        """One key beside the list."""
        networks = [str(one) for one in row.networks] or ["anywhere"]
        lines = [
            Content.styled(str(row.label), "bold"),
            Content(""),
            self.line("Ends in", f"…{row.last_four}"),
            self.line("May", "read only" if row.read_only else "read, and change what the account can"),
            self.line("Expires", moment_text(row.expires_at) if row.expires_at else "never"),
            *(self.line("From" if not number else "", one) for number, one in enumerate(networks)),
            self.line("Made", moment_text(row.created_at)),
            self.line("Last used", moment_text(row.last_used_at) if row.last_used_at else "never"),
            Content(""),
            Content.styled("D ends it at once; whatever uses it is refused from then on.", "$muted"),
        ]
        return Content("\n").join(lines)

    def refusal_of(self, command: Command) -> str | None:
        """A key makes no keys; a new one needs no row under the cursor."""
        refusal = super().refusal_of(command)
        if refusal is not None and not (command.id in ("key.new", "key.access") and refusal == self._nothing_chosen()):
            return refusal
        return session_needed(self.session.account) if command.scope is Scope.API_KEYS else None

    @handles("key.new")
    async def new(self) -> None:
        """Ask what it shall be, then show it this once."""
        app = self.billtui
        account = signed_in_account(app)
        made = await self.app.push_screen_wait(NewKeyDialog(self.now()))
        if made is None:
            await self.load()  # after a lost answer it may stand in the list
            return
        key = made.key
        facts = [
            Fact("Label", named(str(key.label)), strong=True),
            Fact("Account", f"{named(str(account.login))}, ID {account.account_id}"),
            Fact("May", "read only" if key.read_only else "read, and change what the account can"),
            Fact("Expires", moment_text(key.expires_at) if key.expires_at else "never"),
            Fact("From", ", ".join(map(str, key.networks)) or "anywhere"),
        ]
        heading = [
            f"API key “{key.label}” of {account.login} (account ID {account.account_id})",
            f"Panel: {app.profile.url}   expires: {moment_text(key.expires_at) if key.expires_at else 'never'}",
        ]
        await self.app.push_screen_wait(
            ShownOnce(
                "New API key", [made.secret], facts=facts, warning=KEY_WARNING, heading=heading,
                file_name=f"api-key-{account.account_id}.txt",
            )
        )  # fmt: skip
        await self.load()

    @handles("key.revoke")
    async def revoke(self) -> None:
        """End the one under the cursor."""
        row = self.chosen_rows()[0]
        if await self.app.push_screen_wait(RevokeKey(row)):
            self.billtui.say(f"The key {named(str(row.label))} (…{row.last_four}) is revoked.")
        await self.load()

    @handles("key.access")
    async def switch_access(self) -> None:
        """Keys in, or none of them."""
        on = not signed_in_account(self.billtui).api_access
        if await self.app.push_screen_wait(SwitchAccess(on, len(self.rows))):
            self.billtui.say("API access is on: keys work again." if on else "API access is off: no key works now.")
        self._show_summary()

    def command_words(self) -> list[str]:
        """Ending what is chosen."""
        return ["account", "key-revoke"]
