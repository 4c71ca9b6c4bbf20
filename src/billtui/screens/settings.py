"""Settings: which profile, how it looks, what has to be typed, what this terminal can do."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from billtui.commands import Scope, handles
from billtui.domain.money import parse_amount
from billtui.screens.base import BilltuiScreen
from billtui.screens.modals.choice import Choice, ChoiceDialog, MessageDialog
from billtui.screens.modals.prompt import Prompt
from billtui.services.session_thread import Worker
from billtui.theme import THEMES
from billtui.widgets.choices import Choices

LABEL = 26


class SettingsScreen(BilltuiScreen):
    """One line for each setting; ``enter`` changes it, and it is written at once."""

    AREA = "Settings"
    SCOPES = (Scope.SETTINGS,)
    DEFAULT_CSS = """
    SettingsScreen #lines { width: 1fr; height: 1fr; border: none; padding: 1; background: $background; }
    SettingsScreen #lines:focus { border: none; }
    """

    def compose_body(self) -> Iterable[Widget]:
        """All settings."""
        yield Choices(id="lines")

    def on_mount(self) -> None:
        """Draw them."""
        super().on_mount()
        self.reload()
        self.query_one("#lines").focus()

    def reload(self) -> None:
        """The lines anew; the cursor stays."""
        lines = self.query_one("#lines", OptionList)
        before = lines.highlighted_option.id if lines.highlighted_option else None
        options = self._options()
        lines.clear_options()
        lines.add_options(options)
        ids = [str(option.id) for option in options if not option.disabled]
        lines.highlighted = lines.get_option_index(before if before in ids and before else ids[0])

    def _options(self) -> list[Option]:
        app = self.billtui
        settings, profile, account = app.settings, app.profile, self.session.account
        found: list[Option] = []

        def heading(text: str) -> None:
            if found:
                found.append(Option(Content(""), disabled=True))
            found.append(Option(Content.styled(text, "bold $text-accent"), disabled=True))

        def line(option_id: str, label: str, value: str) -> None:
            found.append(Option(Content.assemble((f"{label:<{LABEL}}", "$muted"), value), id=option_id))

        heading("Account")
        line("copy:login", "Login", str(account.login) if account else "not signed in")
        line("copy:id", "Account ID", str(account.account_id) if account else "–")
        line("copy:email", "Primary e-mail", str(account.email) if account else "–")
        line(
            "sign", "Session", "signed in; enter signs out" if self.session.signed_in else "signed out; enter signs in"
        )
        heading("Profile")
        line("profile", "Profile", f"{profile.name}, {profile.url}" + (", read-only" if self.session.read_only else ""))
        heading("Appearance")
        line("theme", "Theme", self._theme_title())
        line("ascii", "Signs", "plain ASCII" if app.ascii_only else "Unicode")
        heading("Safety")
        line("confirm_limit", "Type the total above", f"{settings.confirm_limit} in the account's currency")
        line("confirm_items", "or above", f"{settings.confirm_items} orders or invoices at once")
        line("undo_seconds", "Undo window", f"{settings.undo_seconds} s")
        heading("Files")
        line("doctor", "This host and terminal", "what billtui found; for a bug report")
        return found

    def _theme_title(self) -> str:
        name = self.billtui.settings.theme
        return f"automatic ({THEMES['dark'][1]})" if name == "auto" else THEMES.get(name, THEMES["dark"])[1]

    @on(OptionList.OptionSelected, "#lines")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Change the setting of this line."""
        event.stop()
        self.guarded(self._change(event.option.id or ""))

    async def _change(self, option_id: str) -> None:
        account = self.session.account
        if option_id.startswith("copy:"):
            if account is not None:
                value = {"copy:login": account.login, "copy:id": account.account_id, "copy:email": account.email}[
                    option_id
                ]
                self.billtui.copy(str(value))
        elif option_id == "sign":
            await self._sign()
        elif option_id == "profile":
            self.billtui.choose_profile()
        elif option_id == "theme":
            await self._choose_theme()
        elif option_id == "ascii":
            self.billtui.change_settings(ascii="off" if self.billtui.ascii_only else "on")
            self.billtui.say("Signs change at the next start.")
        elif option_id == "confirm_limit":
            await self._ask_number(option_id, "Type the total above which amount?", money=True)
        elif option_id == "confirm_items":
            await self._ask_number(
                option_id, "Type the total above how many orders or invoices? (1 to 1000)", least=1, most=1000
            )
        elif option_id == "undo_seconds":
            await self._ask_number(option_id, "How many seconds can a deletion be taken back? (0 to 60)", most=60)
        elif option_id == "doctor":
            await self.show_doctor()
        self.reload()

    async def _sign(self) -> None:
        if self.session.signed_in:
            await self.billtui.sign_out()
        else:
            self.billtui.ask_sign_in("")

    @handles("settings.theme")
    async def choose_theme(self) -> None:
        """Choose how it looks."""
        await self._choose_theme()
        self.reload()

    async def _choose_theme(self) -> None:
        choices = [Choice(name, title) for name, (_, title) in THEMES.items()]
        now = self.billtui.settings.theme
        name = await self.app.push_screen_wait(
            ChoiceDialog(
                "Theme",
                choices,
                chosen=now if now in THEMES else "dark",
                note="NO_COLOR=1 in the environment takes all colours away.",
            )
        )
        if name is not None:
            self.app.theme = THEMES[name][0].name
            self.billtui.change_settings(theme=name)

    async def _ask_number(
        self, key: str, label: str, *, least: int = 0, most: int = 1_000_000, money: bool = False
    ) -> None:
        def check(text: str) -> str | None:
            try:
                value = parse_amount(text)
            except ValueError as error:
                return str(error)
            if not money and value != int(value):
                return "Type a whole number."
            return None if least <= value <= most else f"Type a number from {least} to {most}."

        text = await self.app.push_screen_wait(
            Prompt("Settings", label=label, value=str(getattr(self.billtui.settings, key)), button="Keep", check=check)
        )
        if text is not None:
            value = parse_amount(text)
            self.billtui.change_settings(**{key: value if money else int(value)})

    @handles("settings.doctor")
    async def show_doctor(self) -> None:
        """What billtui found on this host, masked. The keyring may take its three seconds, which block nothing."""
        self.billtui.say("Looking at this host …")
        worker = Worker("billtui-doctor")
        try:
            lines = await worker.do(self.billtui.doctor_lines)
        finally:
            worker.stop(0)
        width = max((len(label) for label, _ in lines), default=0)
        body = Content("\n").join(Content.assemble((f"{label:<{width}}  ", "$muted"), value) for label, value in lines)
        self.app.push_screen(
            MessageDialog("Doctor", body, note="billtui doctor prints the same, to paste into a report.")
        )
