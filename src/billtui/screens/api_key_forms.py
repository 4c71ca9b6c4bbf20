"""What is typed about API keys: a new one, the end of one, and whether any of them works (ACC-5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Static

from billtui.client.errors import ClientError
from billtui.domain.models import ApiKey, ApiKeyRequest, NewApiKey
from billtui.screens.modals.dialog import Fact, Facts, named
from billtui.screens.modals.form import FormProblem
from billtui.screens.modals.secret_form import CURRENT, SecretField, SecretForm, Typed
from billtui.services.api_key_text import parse_expiry, parse_networks
from billtui.widgets.formats import count_text, moment_text

DEFAULT_DAYS = "90"
"""A key that nobody remembers ends by itself; ``never`` has to be typed."""


class NewKeyDialog(SecretForm[NewApiKey]):
    """Answers the new key, which nobody can be told a second time."""

    DEFAULT_CSS = """
    NewKeyDialog Checkbox { border: none; padding: 0; height: 1; background: $surface; }
    NewKeyDialog Checkbox:focus { border: none; background: $boost; }
    """
    title_text = "New API key"
    button = "Make it"
    note = "The key is shown once, after this. A key cannot touch password, second factor, keys or sessions."
    fields = (
        SecretField("label", "Label", "Type what the key is for, such as monitoring.", False),
        SecretField("expires", "Expires (days, a date, never)", "Type 90, 2027-03-01 or never.", False, DEFAULT_DAYS),
        SecretField("networks", "Only from these networks", "", False, placeholder="anywhere; e.g. 192.0.2.0/24"),
        CURRENT,
    )

    def __init__(self, now: datetime) -> None:
        """``now`` is the panel's time."""
        super().__init__()
        self.now = now

    def compose_below(self) -> Iterable[Widget]:
        """Read-only is what it is unless somebody says otherwise."""
        with Horizontal(classes="form-row"):
            yield Static(Content("Read-only"), classes="form-label")
            yield Checkbox("space switches; off, it can pay", value=True, id="read-only")
        yield Static(id="meaning", classes="note")

    def on_mount(self) -> None:
        """The label first."""
        super().on_mount()
        self.explain()

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def explain(self) -> None:
        """What it comes to, while it is typed."""
        try:
            expires = parse_expiry(self.entry("expires").value, self.now)
            networks = parse_networks(self.entry("networks").value)
        except ValueError as error:
            self._mean(Content.styled(str(error), "$text-warning"))
            return
        can = "reads only" if self.query_one("#read-only", Checkbox).value else "reads, changes and pays"
        until = f"until {moment_text(expires)}" if expires else "for ever, until it is revoked"
        where = f"from {', '.join(networks)} only" if networks else "from anywhere"
        self._mean(Content.styled(f"It {can}, {until}, {where}.", "bold"))

    def _mean(self, words: Content) -> None:
        self.query_one("#meaning", Static).update(words)

    def check(self, typed: Typed) -> FormProblem | None:
        """Label, expiry and networks as they can be sent."""
        if len(typed["label"].get_secret_value()) > 100:
            return FormProblem("label", "A label has 100 characters at most.")
        try:
            parse_expiry(typed["expires"].get_secret_value(), self.now)
        except ValueError as error:
            return FormProblem("expires", str(error))
        try:
            parse_networks(typed["networks"].get_secret_value())
        except ValueError as error:
            return FormProblem("networks", str(error))
        return None

    async def send(self, typed: Typed) -> NewApiKey:
        """One call, never repeated."""
        request = ApiKeyRequest(
            label=typed["label"].get_secret_value(),
            expires_at=parse_expiry(typed["expires"].get_secret_value(), self.now),
            read_only=self.query_one("#read-only", Checkbox).value,
            networks=parse_networks(typed["networks"].get_secret_value()),
        )
        return await self.billtui.session.care.create_api_key(request, typed["current"])

    def at_fault(self, error: ClientError) -> str:
        """A field that the panel names, else the password."""
        named_fields = [str(one) for one in error.problem.fields] if error.problem is not None else []
        known = {"label": "label", "expires_at": "expires", "networks": "networks"}
        return next((known[one] for one in named_fields if one in known), super().at_fault(error))


class RevokeKey(SecretForm[bool]):
    """The end of a key, with the password."""

    title_text = "Revoke this API key?"
    button = "Revoke it"
    note = "Whatever uses it is refused at once. It cannot be taken back: a new key has to be made."
    danger = True

    def __init__(self, key: ApiKey) -> None:
        """For ``key``."""
        super().__init__()
        self.key = key

    def compose_above(self) -> Iterable[Widget]:
        """Which."""
        used = moment_text(self.key.last_used_at) if self.key.last_used_at else "never"
        yield Facts(
            [
                Fact("Key", f"{named(str(self.key.label))} (…{self.key.last_four})", strong=True),
                Fact("Last used", used),
            ]
        )

    async def send(self, typed: Typed) -> bool:
        """One call."""
        await self.billtui.session.care.revoke_api_key(self.key.id.raw, typed["current"])
        return True


class SwitchAccess(SecretForm[bool]):
    """API access on or off, with the password."""

    def __init__(self, on: bool, keys: int) -> None:
        """To switch it ``on`` or off, while there are so many keys."""
        super().__init__()
        self.on = on
        self.title_text = "Switch API access on?" if on else "Switch API access off?"
        self.button = "Switch on" if on else "Switch off"
        self.danger = not on
        there = count_text(keys, "key")
        self.note = (
            f"The account has {there}; every one that has not expired works again."
            if on
            else f"The account has {there}; every call with one of them is refused until it is switched on again."
        )

    async def send(self, typed: Typed) -> bool:
        """One call."""
        await self.billtui.session.care.set_api_access(self.on, typed["current"])
        return True
