"""The second factor: begin it with a QR code, confirm it, keep its recovery codes, turn it off (ACC-6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import SecretStr
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from billtui.client.errors import ClientError
from billtui.domain.models import Account, RecoveryCodes, TotpSetup
from billtui.domain.totp_address import in_groups, shorter
from billtui.screens.flows import signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Fact, named
from billtui.screens.modals.secret_form import CODE, CURRENT, SecretField, SecretForm, Typed
from billtui.screens.modals.shown_once import ShownOnce
from billtui.terminal.qr import qr_code
from billtui.widgets.formats import count_text, date_text
from billtui.widgets.secret_text import SecretText

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

CODES_WARNING = (
    "Each code works once, in place of the app's, when the phone is lost. They are shown this once: print them or keep"
    " them where the phone is not."
)


class Begun(NamedTuple):
    """A second factor that waits for its first code; the password is sent along with it."""

    setup: TotpSetup
    password: SecretStr


class BeginTotp(SecretForm[Begun]):
    """Asks for the password, and has the panel make a secret."""

    title_text = "Turn the second factor on"
    button = "Go on"
    note = "An app on your phone then shows a code of six digits, which is asked for whenever somebody signs in."

    async def send(self, typed: Typed) -> Begun:
        """Nothing is turned on by it."""
        return Begun(await self.billtui.session.care.begin_totp(typed["current"]), typed["current"])


class ConfirmTotp(SecretForm[RecoveryCodes]):
    """Shows the secret as a QR code and as text, and takes the first code; beside each other where it is low."""

    CSS_PATH = Path(__file__).with_name("second_factor.tcss")
    title_text = "Turn the second factor on"
    button = "Turn it on"
    fields = (SecretField("code", "Its code now (6 digits)", "Type the six digits that the app shows now."),)

    def __init__(self, begun: Begun) -> None:
        """For a second factor that was begun."""
        super().__init__()
        self.begun = begun

    def compose_body(self) -> Iterable[Widget]:
        """The QR code on one side, the words and the field on the other."""
        with Horizontal(id="sides"):
            yield SecretText(id="code")
            with Vertical(id="words"):
                yield Static(Content(f"{self._whose()} Scan it with an authenticator app, or type:"), id="how")
                secret = in_groups(self.begun.setup.secret.get_secret_value())
                yield SecretText(Content(secret), id="typed-secret")
                yield from self.row(self.fields[0])
                yield Static(id="problem", classes="problem")
                yield Static(Content("Off until a code was accepted; esc leaves it off."), classes="note")

    def _whose(self) -> str:
        account = signed_in_account(self.billtui)
        return f"Second factor of {named(str(account.login))}, profile {self.billtui.profile.name}."

    def on_mount(self) -> None:
        """Draw the code where it fits; the text beside it is the same secret."""
        super().on_mount()
        size = self.app.size
        address = shorter(self.begun.setup.uri.get_secret_value())
        framed = 0 if size.height < 32 else 6
        code = qr_code(address, min(size.width, 84) - 34, size.height - 1 - framed, ascii_only=self.billtui.ascii_only)
        shown = self.query_one("#code", SecretText)
        if code is None:
            shown.display = False
            self.query_one("#how", Static).update(
                Content(f"{self._whose()} There is no room for a QR code: type this into an authenticator app:")
            )
        else:
            shown.update(Content("\n".join(code.lines)))

    async def send(self, typed: Typed) -> RecoveryCodes:
        """Turned on from now, if the code is right."""
        return await self.billtui.session.care.confirm_totp(self.begun.password, typed["code"])


class NewCodes(SecretForm[RecoveryCodes]):
    """Ten new recovery codes for a password and a code."""

    title_text = "New recovery codes"
    button = "Make new ones"
    note = "The ten codes you have now are worth nothing from then on."
    fields = (CURRENT, CODE)

    async def send(self, typed: Typed) -> RecoveryCodes:
        """The old ones are void."""
        return await self.billtui.session.care.new_recovery_codes(typed["current"], typed["code"])

    def used_up(self, error: ClientError) -> Sequence[str]:
        """A wrong code leaves the password, as when signing in."""
        return ["code"] if error.code in ("wrong-code", "wrong-totp", "code-used") else super().used_up(error)


class TurnOff(SecretForm[bool]):
    """The second factor off, only with one of its codes."""

    title_text = "Turn the second factor off"
    button = "Turn it off"
    note = "From then on the password alone signs in. Without the phone, a recovery code does as well."
    fields = (CURRENT, CODE)
    danger = True

    async def send(self, typed: Typed) -> bool:
        """Off."""
        await self.billtui.session.care.turn_totp_off(typed["current"], typed["code"])
        return True

    def used_up(self, error: ClientError) -> Sequence[str]:
        """As with new codes."""
        return ["code"] if error.code in ("wrong-code", "wrong-totp", "code-used") else super().used_up(error)


async def care_for_second_factor(app: Shell) -> None:
    """On, new codes, or off: what there is to do for this account."""
    account = signed_in_account(app)
    if not account.totp:
        await _turn_on(app, account)
        return
    left = account.recovery_codes_left
    known = "" if left is None else f"{count_text(left, 'recovery code')} left. "
    chosen = await app.push_screen_wait(
        ChoiceDialog(
            "Second factor",
            [
                Choice("codes", "New recovery codes", "Ten new ones; the old ones are void"),
                Choice("off", "Turn it off", "Only with a code of it, or a recovery code"),
            ],
            note=f"The second factor is on. {known}To move to another phone, turn it off and on again.",
        )
    )
    if chosen == "codes":
        codes = await app.push_screen_wait(NewCodes())
        if codes is not None:
            await show_codes(app, account, codes)
    elif chosen == "off":
        off = await app.push_screen_wait(TurnOff())
        if off:
            app.say("The second factor is off. The password alone signs in.", "warning")


async def _turn_on(app: Shell, account: Account) -> None:
    begun = await app.push_screen_wait(BeginTotp())
    if begun is None:
        return
    codes = await app.push_screen_wait(ConfirmTotp(begun))
    if codes is None:
        app.say("The second factor stays off.")
        return
    app.say("The second factor is on: signing in asks for a code from now on.")
    await show_codes(app, account, codes)


async def show_codes(app: Shell, account: Account, codes: RecoveryCodes) -> None:
    """The codes, this once."""
    facts = [
        Fact("Account", f"{named(str(account.login))}, ID {account.account_id}"),
        Fact("Codes", str(len(codes.codes))),
    ]
    heading = [
        f"Recovery codes of {account.login} (account ID {account.account_id})",
        f"Panel: {app.profile.url}   made: {date_text(app.session.now())}",
        "Each works once, in place of a code of the second factor.",
    ]
    await app.push_screen_wait(
        ShownOnce(
            "Recovery codes", codes.codes, facts=facts, warning=CODES_WARNING, heading=heading, columns=2,
            file_name=f"recovery-codes-{account.account_id}.txt",
        )
    )  # fmt: skip
