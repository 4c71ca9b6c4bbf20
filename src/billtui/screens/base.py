"""What every screen of an area shares: the lines above and below, commands by key, and the one boundary for errors."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, TextArea

from billtui.commands import COMMANDS, Command, Scope, handlers_of, handles, of_scopes
from billtui.keymap import OF_WIDGETS, bindings_for, keys_of, runs, shown
from billtui.screens.lean_screen import LeanScreen
from billtui.screens.shell import Shell, shell_of
from billtui.services.staff import business_refusal, is_staff
from billtui.terminal.gated_app import Work
from billtui.terminal.typing_gate import Typed
from billtui.widgets.key_bar import KeyBar, KeyHint
from billtui.widgets.outbox import Outbox
from billtui.widgets.top_bar import AreaBar, TopBar

if TYPE_CHECKING:
    from billtui.services.session import Session

DETAIL_FROM = 120
"""Columns of the terminal from which details stand beside a list, and news beside the overview."""
BUSINESS = frozenset(
    {
        Scope.INVOICES, Scope.INVOICE, Scope.ORDERS, Scope.ORDER, Scope.BULK, Scope.BALANCE, Scope.PLANNER,
        Scope.SOLVER, Scope.LINE_UP, Scope.WHAT_IF, Scope.TRANSFERS,
    }
)  # fmt: skip
"""Where money, orders and invoices are changed: support only reads there (ACC-7)."""


class BilltuiScreen(LeanScreen[None]):
    """A screen of the program. It composes, loads, turns commands into plans and shows results; nothing more."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ()
    """Where its commands come from, the most particular first; ``GLOBAL`` is always added."""
    AREA: ClassVar[str] = ""
    """The title of the area it belongs to."""
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init_subclass__(cls, **options: Any) -> None:
        """Make the key bindings out of the commands of the screen's scopes."""
        if "SCOPES" in cls.__dict__:
            cls.BINDINGS = [*bindings_for((*cls.SCOPES, Scope.GLOBAL))]
        super().__init_subclass__(**options)

    def __init__(self) -> None:
        """A screen is made without data; it reads the store when it is shown."""
        super().__init__()
        self._handlers = handlers_of(self)
        self._seen: tuple[Path | None, int] | None = None
        """Which copy was read, and in which state: another account's copy may have the same generation."""

    # --- composition

    def compose(self) -> ComposeResult:
        """Where you are, the areas, the body, what waits, the keys."""
        yield TopBar()
        yield AreaBar(self.billtui.areas, self.area)
        with Vertical(id="body"):
            yield from self.compose_body()
        yield Outbox()
        yield KeyBar()

    def compose_body(self) -> Iterable[Widget]:
        """What is particular to the screen."""
        return ()

    def stands_as_opened(self) -> bool:
        """Whether it stands as it opens, and may be shown so when the next start loads (``shell_pictures``)."""
        return False

    @property
    def area(self) -> str:
        """The title of the area it was opened in."""
        return self.AREA

    @property
    def billtui(self) -> Shell:
        """The program around it."""
        return shell_of(self)

    @property
    def session(self) -> Session:
        """The session: store, reads, jobs."""
        return self.billtui.session

    def on_mount(self) -> None:
        """Take over the lines that the app keeps."""
        self.billtui.dress(self)

    def on_screen_resume(self) -> None:
        """Coming back: draw what changed meanwhile."""
        self.billtui.dress(self)
        self.reload_if_changed()
        self.refresh_keys()

    # --- data

    def reload_if_changed(self, force: bool = False) -> None:
        """Read the store again if it changed since the last time."""
        if self.session.closed:
            return
        store = self.session.store
        seen = (store.path, store.generation())
        if force or seen != self._seen:
            other = self._seen is not None and self._seen[0] not in (None, store.path)
            self._seen = seen
            try:
                if other:
                    self.begin_anew()
                self.reload()
            except Exception as error:  # noqa: BLE001 - the boundary of what is drawn: the old picture stays
                self.billtui.report(error)

    def at_times(self, seconds: float, work: Callable[[], object]) -> None:
        """Do ``work`` every so many seconds. The copy or the journal may fail while it is read: that becomes a message,
        once until it goes well again, and never ends the program."""
        failed = False

        def look() -> None:
            nonlocal failed
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the boundary, as above
                if not failed:
                    self.billtui.report(error)
                failed = True
            else:
                failed = False

        self.set_interval(seconds, look)

    def reload(self) -> None:
        """Read what the screen shows from the store. Cursor and marks stay with their ids."""

    def begin_anew(self) -> None:
        """Another account's copy is shown from now on: nothing chosen in the other one holds, even by the same id."""

    def unmark(self) -> None:
        """What was marked was acted on: the next command begins anew."""

    # --- commands

    def action_run_command(self, command_id: str) -> None:
        """A key of a command was pressed: run it, or say why it cannot be run."""
        self.run_command(COMMANDS[command_id])

    def run_command(self, command: Command) -> None:
        """Run ``command`` here, or at the app; a refused one says why."""
        with self.billtui.opening():
            self._run(command)

    def _run(self, command: Command) -> None:
        if reason := self.refusal_of(command):
            self.billtui.say(reason, "warning")
            return
        if command.id.startswith("table."):
            self._run_in_table(command.id)
            return
        if self.billtui.waits.is_asking(command.id):
            self.billtui.say(f"“{command.title}” is being asked already; esc leaves it.")
            return
        owner, name = (self, self._handlers[command.id]) if command.id in self._handlers else self._of_app(command)
        if name is None:
            return
        try:
            result = getattr(owner, name)()
        except Exception as error:  # noqa: BLE001 - the boundary, as in guarded
            self.billtui.report(error)
            return
        if inspect.iscoroutine(result):
            self.guarded(self.billtui.part_of_opening(result), command.id)

    def _run_in_table(self, command_id: str) -> None:
        """A command of the table, chosen in the palette: its own keys never come here."""
        from billtui.widgets.record_table import RecordTable

        for table in self.query(RecordTable):
            action = command_id.removeprefix("table.")
            if table.check_action(action, ()):
                getattr(table, f"action_{action}")()

    def _of_app(self, command: Command) -> tuple[object, str | None]:
        return self.billtui, self.billtui.command_handlers.get(command.id)

    def guarded(self, work: Work, name: str = "") -> None:
        """Run ``work`` in a worker of this screen; an error becomes a message, never a crash.

        With a ``name`` a person began it, and may leave it by ``esc`` while the panel is asked; else it loads a view.
        """
        self.billtui.begin_work(self, self.billtui.boundary(work, name), work, group="commands")

    def refusal_of(self, command: Command) -> str | None:
        """Why ``command`` cannot be used now, or ``None``. Screens add their own reasons and ask ``super()`` first."""
        if command.writes and self.session.read_only:
            return f"This profile is read-only, so “{command.title}” is off. Use another profile to change things."
        if command.writes and (account := self.session.account) is not None and account.key_read_only:
            return (
                f"The API key that you are signed in with only reads (ACC-5), so “{command.title}” is off."
                " Sign in with login and password, or with another key."
            )
        if command.writes and command.scope in BUSINESS and is_staff(account := self.session.account):
            assert account is not None
            return business_refusal(account, command.title)
        if command.capability and (reason := self.billtui.capability_refusal(command.capability)):
            return reason
        return None

    def takes_early(self, typed: Typed) -> bool:
        """Whether what was typed before this screen could be seen goes to it (see ``TypingGate``).

        All but the keys that write without a question: they wait for somebody who sees what they are about.
        """
        in_field = isinstance(self.focused, (Input, TextArea)) and isinstance(typed, Key) and typed.is_printable
        return in_field or self._written_by(typed) is None

    def was_too_early(self, typed: Typed) -> None:
        """Say which command was not run."""
        if (command := self._written_by(typed)) is not None:
            self.billtui.say(f"“{command.title}” was typed before this was on the screen: look, then press again.")

    def _written_by(self, typed: Typed) -> Command | None:
        """The command that writes without a question by this key."""
        if not isinstance(typed, Key):
            return None
        keys = self.billtui.settings.keys
        return next((one for one in self.commands_here() if one.at_once and runs(typed.key, one, keys)), None)

    def commands_here(self) -> list[Command]:
        """The commands that somebody handles here, the most particular scope first."""
        found = of_scopes((*self.SCOPES, Scope.GLOBAL))
        handled = self._handlers.keys() | self.billtui.command_handlers.keys()
        return [one for one in found if one.id in handled or one.id.startswith(OF_WIDGETS)]

    def refresh_keys(self) -> None:
        """Show the keys of this place, dim where they cannot be used; none once the session has ended."""
        if self.session.closed:
            return
        hints: list[KeyHint] = []
        for command in sorted((one for one in self.commands_here() if one.bar), key=lambda one: one.bar):
            keys = self.bar_keys(command)
            if keys:
                enabled = self.refusal_of(command) is None
                hints.append(KeyHint(shown(keys[0]), self.key_word(command), enabled))
        self.query_one(KeyBar).set_hints(hints)

    def bar_keys(self, command: Command) -> Sequence[str]:
        """The keys of ``command`` as they work here now, the first one for the key bar; none: it is left out."""
        return keys_of(command, self.billtui.settings.keys)

    def key_word(self, command: Command) -> str:
        """What the key bar calls ``command`` here."""
        return command.short or command.title

    @handles("app.back")
    def go_back(self) -> None:
        """One step back; on the top view nothing is left to go back from."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    @handles("app.close")
    def close_view(self) -> None:
        """Close this view; the top view asks whether to quit."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            self.billtui.ask_quit()

    @handles("app.refresh")
    def refresh_from_panel(self) -> None:
        """Ask the panel for what changed; the rows stay until it answers."""
        self.billtui.refresh_from_panel()
