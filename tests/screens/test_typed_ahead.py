"""Keys typed ahead, in one piece as over a slow line: they act on what their typist could see or could know."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from time import monotonic

import pytest
from pydantic import SecretStr
from textual.events import Key
from textual.widgets import Input

from billtui.config.secret_sources import Credential
from billtui.config.settings import Settings
from billtui.screens.modals.dialog import TOO_EARLY
from billtui.screens.sign_in import EARLY
from billtui.services.session_events import ConnectionChanged, ConnectionState
from billtui.shell_news import SessionNews
from billtui.terminal import gated_app, typing_gate
from tests.support.driving import PASSWORD, Driver, Pocket, Program, type_at_once


async def type_ahead(driver: Driver, *keys: str) -> None:
    """Type all of it at once, and wait until the last of it is worked off."""
    before = driver.app.typing.through
    type_at_once(driver.app, *keys)
    await driver.until(lambda: driver.app.typing.through >= before + len(keys), "the keys")


async def test_the_clock_of_keys_is_the_monotonic_one() -> None:
    """What the second law compares; Textual could take another clock."""
    before = monotonic()
    assert before <= Key("a", "a").time <= monotonic()


async def test_a_filter_and_its_words_in_one_piece(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await type_ahead(driver, "/", *"rddp", "enter", "j", "k", "/", *"x", "escape")
        assert type(driver.app.screen).__name__ == "OrdersScreen"
        assert driver.app.screen.query_one("#filter", Input).value == ""
        assert driver.jobs() == []
        await type_ahead(driver, "2", "/", *"qpdDC", "enter")
        await driver.on("InvoicesScreen")
        assert driver.app.screen.query_one("#filter", Input).value == "qpdDC"


async def test_search_palette_and_help_take_what_comes_behind_their_key(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await type_ahead(driver, "ctrl+f", *"qdpD")
        await driver.on("SearchScreen")
        assert driver.app.screen.query_one(Input).value == "qdpD"
        await driver.press("escape")
        await type_ahead(driver, "ctrl+p", *"planner", "enter")
        await driver.on("PlannerScreen")
        await type_ahead(driver, "3", "3", "2", "j", "j", "enter", "escape", "question_mark", "escape", "3")
        await driver.on("OrdersScreen")
        assert driver.jobs() == []


async def test_moving_marking_and_opening_in_one_piece_goes_on_working(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        ids = list(driver.list_screen.table.shown_ids())
        await type_ahead(driver, *"jjj", "space", "k", "k")
        assert driver.list_screen.table.marked_ids == {ids[3]}
        here = ids.index(str(driver.cursor))
        await type_ahead(driver, "j", "j", "enter")
        await driver.on("OrderScreen")
        assert getattr(driver.app.screen, "order_id", "") == ids[here + 2]


async def test_enter_typed_ahead_pays_nothing(program: Program) -> None:
    """`p`, the first way to pay, and a yes, all before any dialog stood."""
    panel = program.panel()
    before = panel.balances()
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await type_ahead(driver, "p", "enter", "right", "enter", "right", "enter", "y")
        await driver.on("ConfirmPlan")
        await driver.reads(TOO_EARLY)
        assert driver.app.focused is not None and driver.app.focused.id == "cancel"
        assert driver.jobs() == [] and panel.balances() == before
        await driver.confirm()
        await driver.finished()
        assert panel.balances()["internal"] < before["internal"]


async def test_a_total_typed_ahead_stays_and_the_yes_behind_it_does_not_count(program: Program) -> None:
    async with program.open(settings=Settings(confirm_limit=Decimal(1))) as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await type_ahead(driver, "p", "enter", *"12.3", "enter", "enter", *"999")
        await driver.on("ConfirmPlan")
        assert driver.app.screen.query_one("#typed", Input).value == "12.3"
        assert driver.app.screen.query_one("#early").has_class("shown")
        assert driver.jobs() == []
        # Typed by somebody who sees the question, digits and enters in one piece pay.
        wanted = driver.app.screen._wanted()  # type: ignore[attr-defined]
        await type_ahead(driver, *["backspace"] * 4, *wanted, "enter", "enter")
        await driver.finished()


async def test_escape_typed_ahead_says_no(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await type_ahead(driver, "p", "enter", "escape", "3")
        await driver.on("OrdersScreen")
        assert driver.jobs() == [] and driver.says("Nothing was sent.")


async def test_what_follows_a_refused_key_is_dropped_and_counted(program: Program) -> None:
    """`D` on a read-only profile asks nothing: what was typed for its question must not act on the list."""
    async with program.open(read_only=True) as driver:
        await driver.go("2", "InvoicesScreen")
        await type_ahead(driver, "D", "enter", "q", "enter")
        await driver.hears("3 keys typed meanwhile")
        await driver.hears("This profile is read-only")
        assert type(driver.app.screen).__name__ == "InvoicesScreen"
        assert driver.app.return_code is None
        await driver.press("j", "enter")
        await driver.on("InvoiceScreen")


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(typing_gate, "PATIENCE", 0.3)
    yield


async def test_nothing_waits_for_ever(program: Program, little_patience: None) -> None:
    """A panel that does not answer: keys typed behind `p` are dropped and said; later ones act on what stands."""
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        answer = asyncio.Event()
        methods = driver.app.session.payment_methods

        async def slow(invoice_id: str) -> object:
            await answer.wait()
            return await methods(invoice_id)

        driver.app.session.payment_methods = slow  # type: ignore[method-assign,assignment]  # the panel is slow
        cursor = driver.cursor
        await type_ahead(driver, "p", "j", "enter")
        await driver.hears("2 keys typed meanwhile")
        assert driver.cursor == cursor
        await driver.press("k")
        assert driver.cursor != cursor
        answer.set()
        await driver.on("ChoiceDialog")
        await driver.press("escape")


async def test_a_password_typed_before_the_sign_in_stood(program: Program) -> None:
    """Login, tab and password in the queue while the program starts: nothing of it is a command."""
    async with program.open(login="", credentials=Pocket(None), ready=False) as driver:
        await type_ahead(driver, *"olena.marsh", "tab", *PASSWORD, "enter")
        await driver.ready()
        assert not any(PASSWORD[:4] in text for text in driver.said)


class Asking(Pocket):
    """A keeper that knows that a person is asked, as where a sign-in is kept in memory or in the encrypted file."""

    def __init__(self, credential: Credential | None = None, *, asks: bool = True, seconds: float = 0.6) -> None:
        super().__init__(credential)
        self.asks, self.seconds = asks, seconds
        self.cancelled = threading.Event()
        self.ask: Callable[[], SecretStr | None] | None = None
        self.asked_by = threading.Event()

    def load(self) -> Credential | None:
        self.cancelled.wait(self.seconds)  # a keyring takes its time
        if self.credential is not None and self.asks:
            self.asked_by.wait(10)
            return self.credential if self.ask is not None and self.ask() is not None else None
        return super().load()

    def asks_again(self) -> bool:
        return self.asks

    def is_handed_in(self) -> bool:
        return False

    def cancel(self) -> None:
        self.cancelled.set()


async def signed_in_once(program: Program, keeper: Asking) -> None:
    """A start before: the copy is there, and it is noted whether somebody was asked."""
    async with program.open(credentials=keeper, ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.ready()


async def test_a_password_typed_blind_over_a_known_copy_becomes_no_commands(program: Program) -> None:
    """Whoever was asked the last time types before the form stands: keys wait for it, and the copy shows meanwhile."""
    await signed_in_once(program, Asking(seconds=0.0))
    keeper = Asking(seconds=30.0)
    async with program.open(credentials=keeper, ready=False) as driver:
        await driver.until(lambda: driver.app.session.account is not None, "the copy")
        screen = driver.app.screen
        type_at_once(driver.app, *PASSWORD)
        await driver.until(lambda: driver.app.typing.waiting == len(PASSWORD), "the keys")
        assert driver.app.screen is screen and not driver.app.session.signed_in
        keeper.cancelled.set()  # the keyring has taken its time
        await driver.on("SignInScreen")
        await driver.until(lambda: driver.app.screen.query_one("#password", Input).value == PASSWORD, "all of it")
        assert driver.app.screen_stack[:-1] == [screen]
        await driver.press("enter")
        await driver.ready()


async def test_a_password_typed_blind_over_a_line_that_is_down_becomes_no_commands(program: Program) -> None:
    """Nothing asks for it then: it is dropped, and that is said; what is typed afterwards acts."""
    await signed_in_once(program, Asking(seconds=0.0))
    async with program.open(credentials=Asking(seconds=30.0), ready=False) as driver:
        app = driver.app
        await driver.until(lambda: app.session.account is not None, "the copy")
        screen = app.screen
        type_at_once(app, *"3n/word-2")
        await driver.until(lambda: app.typing.waiting == 9, "the keys")
        app.post_message(SessionNews(ConnectionChanged(ConnectionState.OFFLINE, "no route"), app.session))
        await driver.hears("9 keys typed meanwhile: not used.")
        assert app.screen is screen and app.screen_stack == [screen]
        await driver.press("3")
        await driver.on("OrdersScreen")


async def test_over_a_copy_whose_sign_in_comes_by_itself_keys_act_at_once(program: Program) -> None:
    """As from a keyring: nobody expects a question, and nothing waits for the keeper."""
    await signed_in_once(program, Asking(asks=False, seconds=0.0))
    async with program.open(credentials=Asking(asks=False, seconds=30.0), ready=False) as driver:
        await driver.until(lambda: driver.app.session.account is not None, "the copy")
        await type_ahead(driver, "3")
        await driver.on("OrdersScreen")
        assert not driver.app.session.signed_in


async def test_a_passphrase_typed_blind_goes_into_its_question(program: Program) -> None:
    """The keeper asks from its own thread and waits for the program, which waits for nothing of the keeper's."""
    keeper = Asking(seconds=0.0)
    await signed_in_once(program, keeper)
    keeper.seconds, keeper.cancelled = 0.4, threading.Event()
    async with program.open(credentials=keeper, ready=False) as driver:
        keeper.ask = lambda: driver.app.ask_passphrase("open")
        keeper.asked_by.set()
        await driver.until(lambda: driver.app.session.account is not None, "the copy")
        await type_ahead(driver, *"quarter-3")
        await driver.on("Prompt")
        assert driver.app.screen.query_one(Input).value == "quarter-3"
        await driver.press("enter")
        await driver.ready()


async def test_a_keeper_that_hangs_holds_neither_keys_nor_leaving(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in_once(program, Asking(seconds=0.0))
    monkeypatch.setattr(gated_app, "ASKING_SECONDS", 60.0)
    async with program.open(credentials=Asking(seconds=30.0), ready=False) as driver:
        app = driver.app
        await driver.until(lambda: app.session.account is not None, "the copy")
        type_at_once(app, "3", "q")
        await driver.until(lambda: app.typing.waiting == 2, "the keys")
        opening = app._starting
        assert opening is not None
        await driver.until(lambda: opening.patience, "that a question comes to be known")
        opening.patience = monotonic() - opening.since  # its seconds are over now
        app.call_later(app.typing.go_on)
        await driver.hears("2 keys typed meanwhile")
        await driver.press("3")
        await driver.on("OrdersScreen")
    async with program.open(credentials=Asking(seconds=30.0), ready=False) as driver:
        await driver.until(lambda: driver.app.session.account is not None, "the copy")
        type_at_once(driver.app, "3", "ctrl+q")
        await driver.on("QuitDialog")


async def test_a_sign_in_says_that_something_stands_in_its_password_field(program: Program) -> None:
    """The number of an area at a first start: kept, as the first letter of a password would be, but said."""
    async with program.open(credentials=Pocket(None), ready=False) as driver:
        await type_ahead(driver, "3")
        await driver.on("SignInScreen")
        field = driver.app.screen.query_one("#password", Input)
        assert field.value == "3"
        await driver.reads(EARLY)
        await driver.press("ctrl+u")
        assert field.value == ""
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.ready()
    async with program.open(credentials=Pocket(None), ready=False, home="another") as driver:
        await driver.on("SignInScreen")
        await driver.type("a")
        assert driver.app.screen.query_one("#password", Input).value == "a" and EARLY not in driver.prose()


async def test_a_letter_behind_its_key_goes_into_the_letter_and_sending_waits_for_eyes(program: Program) -> None:
    """`a` and words in one piece, at 80 columns, on a ticket that nobody has read yet: words are no commands."""
    async with program.open() as driver:
        await driver.go("9", "TicketsScreen")
        await driver.until(lambda: driver.cursor, "tickets")
        await type_ahead(driver, "enter", "a", *"xqODpt", "ctrl+o")
        await driver.on("ComposerScreen")
        await driver.hears("“Send” was typed before this was on the screen")
        assert driver.app.screen.body.text == "xqODpt"  # type: ignore[attr-defined]  # a ComposerScreen
        assert driver.jobs() == []


async def test_a_question_that_sends_what_is_typed_takes_no_early_enter(program: Program) -> None:
    """Of a general kind (a name, a choice), but with a write behind it."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        row = driver.cursor
        assert row is not None
        before = program.panel().order(row)["name"]
        await type_ahead(driver, "E", "end", *"-x", "enter")
        await driver.on("Prompt")
        await driver.reads(TOO_EARLY)
        assert driver.jobs() == [] and program.panel().order(row)["name"] == before
        await driver.press("enter")
        await driver.finished()
        assert program.panel().order(row)["name"] == f"{before}-x"
