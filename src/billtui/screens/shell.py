"""What a screen may ask of the program around it. The app is the one implementation; screens know only this."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr
from textual.content import Content
from textual.screen import Screen

from billtui.screens.careful_app import CarefulApp

if TYPE_CHECKING:
    from billtui.config.profiles import Profile
    from billtui.config.settings import Settings
    from billtui.screens.base import BilltuiScreen
    from billtui.services.accounts import AccountsDesk, Kind, Roster
    from billtui.services.executor import JobEvent
    from billtui.services.plans import Plan
    from billtui.services.session import Session

Severity = Literal["information", "warning", "error"]


class Shell(CarefulApp[int]):
    """The shell as its screens see it: one session, messages, plans, ways from place to place."""

    session: Session
    settings: Settings
    profile: Profile
    ascii_only: bool
    command_handlers: dict[str, str]
    """Commands that work everywhere: id → name of the shell's method."""

    @property
    @abstractmethod
    def areas(self) -> tuple[tuple[str, str], ...]:
        """Key and title of each area."""

    @abstractmethod
    def say(self, message: str, severity: Severity = "information") -> None:
        """A short message, as plain text, for a few seconds."""

    @abstractmethod
    def hush(self) -> None:
        """Take messages away that a question would stand under."""

    @abstractmethod
    def report(self, error: Exception) -> None:
        """Say what went wrong: in its own words where they are made for a person, else with its place only."""

    @abstractmethod
    async def calm(self) -> None:
        """Wait until nothing typed is on its way, for a few seconds at most."""

    @abstractmethod
    async def boundary(self, work: Awaitable[object], name: str = "") -> object:
        """Await ``work``; an error becomes a message.

        What it asks the panel is shown while it lasts. With a ``name`` a person began it, and may leave it by ``esc``.
        """

    def work(self, work: Coroutine[Any, Any, object], name: str = "work") -> None:
        """Do ``work`` in a worker of the program, so that closing a dialog does not cut it off.

        Without a ``name`` nobody waits for it.
        """
        part = self.part_of_opening(work)
        self.begin_work(self, self.boundary(part, name), part, group="session")

    @abstractmethod
    def dress(self, screen: BilltuiScreen) -> None:
        """Put where you are, and what waits, into the lines of ``screen``."""

    @abstractmethod
    def dress_all(self) -> None:
        """The same for all screens that are shown."""

    @abstractmethod
    def overview_says(self, lines: Iterable[Content], news: Content) -> None:
        """Hear what stands on the overview: the next start shows it before anything is loaded."""

    @abstractmethod
    def capability_refusal(self, capability: str) -> str | None:
        """Why the panel cannot do this, or ``None``."""

    @abstractmethod
    def submit(self, plan: Plan, *, hold: bool = False, codes: Mapping[int, SecretStr] | None = None) -> str:
        """Hand a confirmed plan to the executor, with the one-time codes of its operations; the job's id."""

    @abstractmethod
    async def job_finished(self, job_id: str) -> JobEvent:
        """Wait until every outcome of a job of this program is final."""

    @property
    @abstractmethod
    def holds_something(self) -> bool:
        """Whether something waits in the undo window."""

    @property
    @abstractmethod
    def held_titles(self) -> list[str]:
        """What waits in the undo window, in words."""

    @abstractmethod
    def offer_undo(self, title: str, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """What was done last can be changed back: ``u`` does ``work`` until something else can be."""

    @property
    @abstractmethod
    def undo_offered(self) -> bool:
        """Whether what was done last can be changed back."""

    @abstractmethod
    def undo(self) -> None:
        """Take back what was held last."""

    @abstractmethod
    def copy(self, text: str, *, secret: bool = False, what: str = "") -> bool:
        """Send ``text`` to the terminal's clipboard, and say ``what`` that is; of a ``secret`` it is not repeated.

        Gives whether it was sent; where it was not, why is said.
        """

    @abstractmethod
    def change_settings(self, **values: object) -> None:
        """Change settings now and in their file."""

    @abstractmethod
    def keep_columns(self, list_name: str, keys: list[str]) -> None:
        """Keep the chosen columns of a list."""

    @abstractmethod
    def refresh_from_panel(self) -> None:
        """Ask the panel for what changed."""

    @abstractmethod
    def show_invoice(self, invoice_id: str) -> None:
        """Go to one invoice."""

    @abstractmethod
    def show_order(self, order_id: str) -> None:
        """Go to one order."""

    @abstractmethod
    def show_transfer(self, transfer_id: str) -> None:
        """Go to one transfer."""

    @abstractmethod
    def show_ticket(self, ticket_id: str, *, message_id: str = "", find: str = "") -> None:
        """Go to a ticket's thread."""

    @abstractmethod
    def compose_ticket(self, **facts: Any) -> None:
        """Write a new ticket, with ``facts`` filled in."""

    @abstractmethod
    def compose_reply(self, ticket_id: str, internal: bool = False, quote: str = "", seen: str | None = None) -> None:
        """Answer a ticket, or with ``internal`` write a note on it."""

    @abstractmethod
    def go_tickets(self) -> None:
        """Go to the tickets: a client's own, or for staff the queue."""

    @abstractmethod
    def show_account_card(self, account_id: str) -> None:
        """Go to a customer's card, for staff."""

    @abstractmethod
    def show_first_area(self) -> None:
        """Staff begins with the queue."""

    @abstractmethod
    async def show_orders_of(self, invoice_id: str) -> None:
        """Go to the order on an invoice."""

    @abstractmethod
    def show_list(self, area: str, view_id: str) -> None:
        """Go to an area's list with one of its views."""

    @abstractmethod
    def go_balance(self) -> None:
        """Go to the balance."""

    @abstractmethod
    def choose_profile(self) -> None:
        """Sign in with another profile."""

    @abstractmethod
    async def switch_profile(self, profile: Profile, then: Callable[[], None] | None = None) -> None:
        """Close this session and open one with ``profile``; ``then`` shows something of it."""

    @property
    @abstractmethod
    def roster(self) -> Roster:
        """All profiles with their copies."""

    @property
    @abstractmethod
    def accounts(self) -> AccountsDesk:
        """The accounts of all profiles."""

    @abstractmethod
    def open_in(self, name: str, kind: Kind, object_id: str) -> None:
        """Show something of a profile, switching to it first where it is another one."""

    @abstractmethod
    def ask_passphrase(
        self, purpose: Literal["open", "new"], why: str = "", profile: Profile | None = None
    ) -> SecretStr | None:
        """Ask for the passphrase of a profile's encrypted sign-in. Not in the interface's thread."""

    @abstractmethod
    def ask_sign_in(self, message: str) -> None:
        """Ask for login and password."""

    @abstractmethod
    async def sign_in_first(self, message: str) -> bool:
        """Whether somebody is signed in, after asking for it where nobody was."""

    @abstractmethod
    async def sign_out(self) -> None:
        """End the session on the panel and forget its token."""

    @abstractmethod
    def ask_quit(self) -> None:
        """Leave, or ask first."""

    @abstractmethod
    async def leave(self, code: int = 0) -> None:
        """Close the session, then the program."""

    @abstractmethod
    def doctor_lines(self) -> list[tuple[str, str]]:
        """What billtui found on this host."""


def shell_of(screen: Screen[Any]) -> Shell:
    """The shell that ``screen`` runs in."""
    app = screen.app
    assert isinstance(app, Shell)
    return app
