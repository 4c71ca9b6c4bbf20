"""Every screen and every question: readable in every theme, and there again after every size of the terminal.

The ways there are those of the pictures. A new screen has to be put into a list here, or the first test fails.
"""

from __future__ import annotations

import inspect
import os
import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module

import pytest
from textual.color import Color
from textual.screen import ModalScreen, Screen

import billtui.screens
from billtui.config.accents import ACCENTS
from billtui.config.profiles import ProfileBook, make_profile
from billtui.config.settings import Settings
from billtui.screens.list_screen import ListScreen
from billtui.screens.notifications import NotificationsScreen
from billtui.theme import THEMES
from billtui.widgets.record_table_columns import Toned
from tests.screens import test_account_pictures as of_account
from tests.screens import test_snapshots as of_clients
from tests.screens import test_snapshots_queue as of_staff
from tests.screens import test_snapshots_transfers as of_transfers
from tests.screens.test_journey_recovering import with_code
from tests.screens.test_snapshots import still as still
from tests.screens.test_snapshots import still_panel as still_panel
from tests.support.driving import Driver, Pocket, Program
from tests.support.eyes import contrast
from tests.support.looking import drawn, faint_of

READABLE, FAINT, HIGH = 4.5, 3.0, 7.0
SMALLEST = (40, 12)
LONG = os.environ.get("BILLTUI_FAULTS") == "long"
SIZES = [(1, 1), SMALLEST, (200, 60), (80, 24)]
DRESSED: tuple[str, ...] = ("light", "contrast")
"""The two themes in which most goes wrong, by turns; the long form looks at all of them, in more sizes."""
if LONG:
    SIZES = [(0, 0), (1, 1), (20, 5), (39, 12), (40, 11), SMALLEST, (60, 15), (120, 30), (200, 60), (80, 24)]
    DRESSED = tuple(name for name, (theme, _) in THEMES.items() if not theme.ansi)
Steps = Callable[[Driver], Awaitable[None]]


OWN_COLOURS = {Color.parse(colour).rgb for colour in ACCENTS.values()}
"""Backgrounds that people choose for their profiles' names."""


async def keys(driver: Driver, *steps: str) -> None:
    """Press keys; a step that names a screen waits for it."""
    for step in steps:
        await (driver.on(step) if step[0].isupper() and len(step) > 1 else driver.press(step))


def by(*steps: str) -> Steps:
    """The way there by these keys and screens."""

    async def go(driver: Driver) -> None:
        await keys(driver, *steps)

    return go


def tool(name: str) -> Steps:
    """One of the tools of the list of orders, with three of them."""

    async def go(driver: Driver) -> None:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2", "3")
        await keys(driver, "P", "ChoiceDialog")
        await driver.choose(name)
        await driver.until(lambda: getattr(driver.app.screen, "answer", None) is not None, "an answer")

    return go


def chosen(before: Steps, *choices: str) -> Steps:
    """On from a choice."""

    async def go(driver: Driver) -> None:
        await before(driver)
        for choice in choices:
            await driver.choose(choice)

    return go


CLIENT: list[tuple[Steps, str]] = [
    (of_clients.overview, "OverviewScreen"),
    (of_clients.invoices, "InvoicesScreen"),
    (by("4"), "JobsScreen"),
    (of_clients.balance, "BalanceScreen"),
    (of_clients.settings, "SettingsScreen"),
    (of_clients.calendar, "PlannerScreen"),
    (of_clients.invoice, "InvoiceScreen"),
    (of_clients.order, "OrderScreen"),
    (of_clients.agenda, "AgendaScreen"),
    (of_clients.help_of_invoices, "HelpScreen"),
    (of_clients.palette, "Palette"),
    (of_clients.search, "SearchScreen"),
    (of_clients.columns, "ColumnsDialog"),
    (of_clients.confirm_delete, "ConfirmPlan"),
    (of_clients.pay, "ChoiceDialog"),
    (of_clients.explain, "MessageDialog"),
    (of_clients.rename, "Prompt"),
    (of_clients.quit_dialog, "QuitDialog"),
    (by("@"), "ProfileDialog"),
    (of_clients.bulk_order, "BulkOrderScreen"),
    (by("3", "OrdersScreen", "b", "BulkOrderScreen", "v"), "LinesDialog"),
    (by("3", "OrdersScreen", "b", "BulkOrderScreen", "a"), "ChecklistDialog"),
    (of_clients.bulk_price, "QuoteDialog"),
    (chosen(of_clients.choose_by, "expression"), "ExpressionDialog"),
    (chosen(of_clients.choose_by, "paste"), "PasteDialog"),
    (of_clients.orders, "OrdersScreen"),  # marks from here on
    (of_clients.quote, "RenewalDialog"),
    (by("3", "OrdersScreen", "space", "j", "space", "E"), "PatternDialog"),
    (tool("renew"), "SolverScreen"),
    (tool("line-up"), "LineUpScreen"),
    (tool("what-if"), "WhatIfScreen"),
    (of_clients.external, "ExternalPayment"),
    (by("4", "JobsScreen", "enter"), "JobScreen"),
]
OF_ACCOUNT: list[tuple[Steps, str]] = [
    (of_account.account, "AccountScreen"),
    (of_account.password, "PasswordDialog"),
    (by("0", "AccountScreen", "F"), "BeginTotp"),
    (of_account.second_factor, "ConfirmTotp"),
    (of_account.keys, "ApiKeysScreen"),
    (by("0", "AccountScreen", "K", "ApiKeysScreen", "a"), "SwitchAccess"),
    (of_account.new_key, "NewKeyDialog"),
    (of_account.key_shown_once, "ShownOnce"),
    (of_account.notifications, "NotificationsScreen"),
    (of_account.sessions, "SessionsScreen"),
    (of_transfers.transfers, "TransfersScreen"),
    (of_transfers.transfer, "TransferScreen"),
    (of_transfers.recipient, "RecipientDialog"),
    (of_transfers.push_blocked, "PushDialog"),
    (of_transfers.codes, "CodesDialog"),
    (of_transfers.mail, "MailDialog"),
    (by("9", "TicketsScreen"), "TicketsScreen"),
    (by("9", "TicketsScreen", "n"), "ComposerScreen"),
    (by("9", "TicketsScreen", "n", "ComposerScreen", "f3"), "FoundChoice"),
]
STAFF: list[tuple[Steps, str]] = [
    (of_staff.queue, "QueueScreen"),
    (of_staff.thread, "TicketScreen"),
    (of_staff.merge, "MergePreview"),
    (of_staff.customer, "CustomerCardScreen"),
    (by("K"), "CannedScreen"),
    (of_staff.canned_form, "CannedForm"),
    (of_staff.shift, "ShiftScreen"),
    (by("enter", "TicketScreen", "a", "ComposerScreen", "f5"), "CannedPicker"),
]
ELSEWHERE = {
    "AccountsScreen": "several accounts, below",
    "ConfirmAccounts": "several accounts, below",
    "AccountOutcomes": "test_journey_accounts: lines of text in the frame of ConfirmAccounts",
    "SignInScreen": "signing in, below",
    "RecoveryDialog": "signing in, below",
    "GuideScreen": "test_door_pictures; it lies before the program, and has the same parts",
    "GuideSignIn": "a SignInScreen",
    "TooSmall": "what every size below 40×12 shows",
    "FormDialog": "RecipientDialog is one",
    "ChoosingDialog": "ExpressionDialog and PasteDialog are its kinds",
    "SecretForm": "PasswordDialog is one",
    "NewCodes": "a SecretForm",
    "TurnOff": "a SecretForm",
    "RevokeKey": "a SecretForm",
    "AccessShown": "test_journey_queue; four lines in a frame",
    "SendWithFindings": "test_pictures_of_a_client_who_writes",
    "ThreadMovedOn": "test_pictures_of_a_client_who_writes",
}
"""Screens that no list above leads to, and where they are seen or what they are like."""


def classes() -> Iterator[str]:
    """Every screen of the program that is shown: no screen that is only there to be built upon."""
    found: set[type[Screen[object]]] = set()
    for module in pkgutil.walk_packages(billtui.screens.__path__, "billtui.screens."):
        for _, one in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(one, Screen) and one.__module__ == module.name:
                found.add(one)
    built_upon = {base for one in found for base in one.__mro__[1:]}
    return (one.__name__ for one in found if one not in built_upon)


def test_no_screen_is_left_out() -> None:
    led_to = {name for _, name in (*CLIENT, *OF_ACCOUNT, *STAFF)}
    assert set(classes()) <= led_to | set(ELSEWHERE), "a new screen: lead to it in a list above"
    assert not led_to & set(ELSEWHERE)


async def back(driver: Driver, home: str) -> None:
    """Out of everything, to the area where the next way begins; marks and what was begun are dropped."""
    area = "QueueScreen" if home == "9" else "OverviewScreen"
    for _ in range(12):
        if isinstance(driver.app.screen, ListScreen):
            driver.list_screen.table.forget_marks()
        if len(driver.app.screen_stack) == 1:
            break
        if isinstance(driver.app.screen, NotificationsScreen):
            await driver.press("X")
        await driver.press("escape")
    assert len(driver.app.screen_stack) == 1, driver.text()
    await driver.go(home, area)


def unreadable(driver: Driver, name: str) -> list[str]:
    """What cannot be read on the screen in the theme ``name``."""
    least = HIGH if name == "contrast" else READABLE
    faint = faint_of(driver.app.theme_variables)
    found = []
    for piece in drawn(driver.app.screen):
        ratio = contrast(piece.letters, piece.background)
        own = piece.background in OWN_COLOURS
        if ratio < (FAINT if piece.letters == faint else READABLE if own else least):
            found.append(f"{name}: “{piece.text.strip()}” {piece.letters} on {piece.background}: {ratio:.2f}")
    return found


async def in_every_theme(driver: Driver, dressed: tuple[str, ...] = DRESSED) -> list[str]:
    """Dress the screen in the themes; what could not be read in one of them."""
    found = []
    for name in dressed:
        driver.app.theme = THEMES[name][0].name
        await driver.quiet()
        found += unreadable(driver, name)
    return found


async def through_sizes(driver: Driver) -> None:
    """Every size; below the smallest one there is one plain notice, and then the same is there again."""
    stack = list(driver.app.screen_stack)
    for width, height in SIZES:
        await driver.resize(width, height)
        small = width < SMALLEST[0] or height < SMALLEST[1]
        if width and height:
            await driver.until(
                lambda small=small: (type(driver.app.screen).__name__ == "TooSmall") == small,  # type: ignore[misc]  # a default argument binds it
                f"the notice at {width}×{height}",
            )
        lines = driver.text().splitlines()
        assert len(lines) <= height
        assert all(len(line) <= width for line in lines)
    assert list(driver.app.screen_stack) == stack


def by_colour_alone(driver: Driver) -> list[str]:
    """Cells of the list on top with the same text in several tones: there the colour says more than the words."""
    table = driver.list_screen.table
    tones: dict[tuple[str, str], set[str]] = {}
    for column in table.columns:
        for row in table.rows:
            cell = column.cell(row)
            if isinstance(cell, Toned):
                tones.setdefault((column.key, cell.text), set()).add(cell.tone)
    return [f"{column}: “{text}” in {sorted(found)}" for (column, text), found in tones.items() if len(found) > 1]


async def through(driver: Driver, places: list[tuple[Steps, str]], home: str) -> None:
    """Visit all places and look at each."""
    bad: list[str] = []
    for number, (steps, name) in enumerate(places):
        await back(driver, home)
        await steps(driver)
        await driver.on(name)
        await through_sizes(driver)
        await driver.on(name)
        bad += [f"{name}: {one}" for one in await in_every_theme(driver, DRESSED if LONG else (DRESSED[number % 2],))]
        if isinstance(driver.app.screen, ListScreen):
            bad += [f"{name}: {one}" for one in by_colour_alone(driver)]
        if isinstance(driver.app.screen, ModalScreen):
            assert driver.app.focused is not None, f"{name}: nothing has the focus"
    assert not bad, "\n".join(sorted(set(bad)))


@pytest.mark.parametrize("places", [CLIENT, OF_ACCOUNT], ids=["fleet", "account"])
@pytest.mark.faults
async def test_every_screen_of_a_client(still: Program, places: list[tuple[Steps, str]]) -> None:
    profile = make_profile(name="demo", url=still.sandbox.url, login="olena.marsh", demo=True)
    async with still.open(profile=profile, settings=Settings(undo_seconds=60), toasts=False) as driver:
        await through(driver, places, "1")


@pytest.mark.faults
async def test_every_screen_of_support(still: Program) -> None:
    async with still.open(login=of_staff.SAM, profile=of_staff.PROFILE, toasts=False) as driver:
        await of_staff.queue(driver)
        await through(driver, STAFF, "9")


async def test_several_accounts(still: Program) -> None:
    book, work = ProfileBook(), make_profile(name="work", url=still.sandbox.url, login="olena.marsh", accent="teal")
    book.add(work)
    book.add(make_profile(name="lab", url="https://lab.example", login="kofi.brandt", accent="orange"))
    book.add(make_profile(name="look", url="https://desk.example", login="sam.desk", read_only=True))
    async with still.open(profile=work, toasts=False) as driver:
        for steps, name in (
            (of_clients.all_accounts, "AccountsScreen"),
            (of_clients.confirm_accounts, "ConfirmAccounts"),
        ):
            if name == "ConfirmAccounts":
                await back(driver, "1")
            await steps(driver)
            await driver.on(name)
            await through_sizes(driver)
            assert await in_every_theme(driver) == []


async def test_signing_in(still: Program) -> None:
    async with still.open(credentials=Pocket(), ready=False, toasts=False) as driver:
        await driver.on("SignInScreen")
        await through_sizes(driver)
        assert await in_every_theme(driver) == []
        await with_code(driver)
        await driver.on("RecoveryDialog")
        await through_sizes(driver)
        assert await in_every_theme(driver) == []
        await driver.resize(30, 8)
        await driver.on("TooSmall")
        assert await in_every_theme(driver) == []
