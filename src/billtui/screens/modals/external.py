"""Where to pay: the address in full and as a QR code; never opened by itself."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.domain.money import Money
from billtui.domain.payment_address import payment_address, payment_host, refused_address
from billtui.domain.safetext import SafeText
from billtui.screens.modals.dialog import Dialog, Fact, Facts
from billtui.screens.shell import shell_of
from billtui.terminal.qr import qr_code


class ExternalPayment(Dialog[None]):
    """The payment address of an external method."""

    title_text = "Pay at the provider"
    DEFAULT_CSS = """
    ExternalPayment #code { width: 1fr; content-align-horizontal: center; margin-top: 1; }
    ExternalPayment #address { margin-top: 1; }
    """

    def __init__(self, sent: SafeText, panel_url: str, amount: Money, what: str) -> None:
        """``sent``, as the panel at ``panel_url`` gave it, pays ``amount`` for ``what``."""
        super().__init__()
        self.sent = sent
        self.address = payment_address(sent.raw, panel_url)
        self.host = "" if self.address is None else payment_host(self.address, panel_url)
        self.amount = amount
        self.what = what

    def compose_body(self) -> Iterable[Widget]:
        """Amount, address, code."""
        yield Facts([Fact("Amount", str(self.amount), strong=True), Fact("For", self.what)])
        if self.address is None:
            yield Static(Content.styled(refused_address(str(self.sent)), "$text-warning"), id="address")
            return
        yield Static(Content(self.address), id="address")
        yield Static(Content(self.host), id="host")
        yield Static(id="code")
        yield Static(
            Content("The invoice stays unpaid until the provider reports the money; then it changes here by itself."),
            classes="note",
        )

    def compose_buttons(self) -> Iterable[Widget]:
        """Close, or send the address to the clipboard."""
        yield Button("Close", id="cancel")
        if self.address is not None:
            yield Button("Copy address", id="copy")

    def on_mount(self) -> None:
        """Show the code if it fits."""
        self.query_one("#cancel").focus()
        if self.address is None:
            return
        code = qr_code(self.address, 70, max(0, self.app.size.height - 15))
        shown = self.query_one("#code", Static)
        if code is None:
            shown.update(Content.styled("(this terminal is too small for a QR code of the address)", "$muted"))
        else:
            shown.update(Content.styled("\n".join(code.lines), "black on white"))

    @on(Button.Pressed, "#copy")
    def copy(self) -> None:
        """Send the address to the terminal."""
        if self.address is not None:
            shell_of(self).copy(self.address)
