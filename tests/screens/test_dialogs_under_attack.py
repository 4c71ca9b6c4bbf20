"""Dialogs when things go against them: small terminals, names that draw lines, repeated ids, secrets, late answers."""

from __future__ import annotations

import asyncio
import re
import threading
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import SecretStr
from textual.widgets import Input

from billtui.config.credentials import KeepIn
from billtui.config.profiles import make_profile
from billtui.config.settings import Settings
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.sandbox.seed.people import DEMO_PASSWORD as SANDBOX_PASSWORD
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.confirm import ConfirmPlan
from billtui.screens.modals.confirm_accounts import ConfirmAccounts
from billtui.screens.modals.dialog import Fact
from billtui.screens.modals.external import ExternalPayment
from billtui.screens.modals.passphrase import passphrase_prompt
from billtui.screens.modals.prompt import Prompt
from billtui.screens.sign_in import DEMO_PASSWORD
from billtui.services.accounts.bulk import AccountPlan
from billtui.services.plans import LeftOut, Operation, OperationKind, Plan, planned_total
from billtui.services.session import SignedIn
from tests.support.driving import Driver, Pocket, Program

CANARY = "Canary-7c1d"


def plan_of(count: int, *, panel_name: str = "Sandbox panel", account_id: str = "1", left_out: int = 0) -> Plan:
    """A plan that pays ``count`` invoices and leaves some out."""
    operations = tuple(
        Operation(
            number=number,
            kind=OperationKind.PAY,
            targets=(f"invoice:{number}",),
            params={"method": "internal", "invoice_id": str(number)},
            amount=Money(amount=Decimal("9900.00"), currency="EUR"),
            title=SafeText(f"Pay invoice {number}"),
        )
        for number in range(1, count + 1)
    )
    reasons = tuple(
        LeftOut(
            target=f"invoice:{number}",
            title=SafeText(f"Invoice {number}"),
            code=SafeText("busy"),
            reason=SafeText("It waits for something that takes a whole sentence to say. " * 2),
        )
        for number in range(900, 900 + left_out)
    )
    return Plan(
        kind="invoice.pay",
        title=SafeText(f"Pay {count} invoices"),
        panel_id="panel",
        panel_name=SafeText(panel_name),
        account_id=account_id,
        login=SafeText("olena.marsh"),
        profile="demo",
        operations=operations,
        left_out=reasons,
        total=planned_total(operations, "EUR"),
    )


def lines_of(driver: Driver) -> list[str]:
    """The lines inside the dialog, without its frame."""
    framed = (line.split("│", 1)[1].rsplit("│", 1)[0] for line in driver.text().splitlines() if line.count("│") > 1)
    return [line.strip() for line in framed]


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (40, 12)])
async def test_what_is_typed_and_the_buttons_are_in_sight_however_long_the_plan(
    program: Program, size: tuple[int, int]
) -> None:
    async with program.open(size=size) as driver:
        await driver.app.push_screen(
            ConfirmPlan(plan_of(15, left_out=5), button="Pay", typed=True, note="A note of the program. " * 4)
        )
        await driver.on("ConfirmPlan")
        await driver.type("14")
        await driver.until(lambda: "14" in lines_of(driver), "the field that is typed into")
        assert any("Cancel" in line and "Pay" in line for line in lines_of(driver)), driver.text()
        if size[1] >= 24:
            assert "Amount   148 500.00 EUR" in lines_of(driver)
            assert "Left out (5)" in lines_of(driver)


@pytest.mark.parametrize("size", [(40, 12), (40, 24), (64, 24), (80, 24)])
async def test_the_amount_on_the_last_button_is_in_sight(program: Program, size: tuple[int, int]) -> None:
    """Nothing that sends may hide what it costs: where there is no room for all words, they give way to the amount."""
    async with program.open(size=size, ready=False) as driver:
        plan = plan_of(2)
        for verb, left in (("Renew and pay", "Pay"), ("Top up", "Top up"), ("Promise", "Promise")):
            dialog = ConfirmPlan(plan, button=f"{verb} {plan.total}")
            driver.app.push_screen(dialog)
            await driver.on("ConfirmPlan")
            shown = re.compile(rf"Cancel +{left if size[0] == 40 else verb} 19 800\.00 EUR ")
            await driver.until(lambda shown=shown: shown.search(driver.text()), shown.pattern)  # type: ignore[misc]  # a default argument binds it
            if size[0] == 40:
                await driver.resize(80, 24)
                await driver.sees(f"{verb} 19 800.00 EUR")
                await driver.resize(*size)
            await driver.press("escape")
            await driver.until(lambda dialog=dialog: driver.app.screen is not dialog)  # type: ignore[misc]  # a default argument binds it


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (140, 40)])
async def test_what_is_done_is_in_sight_when_the_total_is_asked_for(program: Program, size: tuple[int, int]) -> None:
    """Nobody types the total of something that stands where it cannot be seen; what is cut off is named."""
    note = "A note of the program that says what follows. " * 3
    facts = [Fact("From", "internal balance, 200 000.00 EUR before")]
    async with program.open(size=size) as driver:
        for steps, left_out, rows in ((15, 5, 0), (3, 0, 0), (2, 3, 40)):
            dialog = ConfirmPlan(
                plan_of(steps, left_out=left_out), button="Pay", typed=True, note=note, facts=facts,
                rows=[f"vm-{number:03}.example.net until 2027-01-02" for number in range(rows)],
            )  # fmt: skip
            driver.app.push_screen(dialog)
            await driver.on("ConfirmPlan")
            await driver.sees(
                "What is done", "Pay invoice 1", "Pay invoice 2", "to confirm", "Cancel", "Amount", "Panel "
            )
            assert driver.app.focused is dialog.query_one("#typed")
            await driver.press("escape")
            await driver.until(lambda dialog=dialog: driver.app.screen is not dialog)  # type: ignore[misc]  # a default argument binds it


@pytest.mark.parametrize("steps", [1, 15])
@pytest.mark.parametrize("size", [(80, 24), (140, 40), (60, 16)])
async def test_why_a_total_does_not_hold_stands_between_field_and_buttons(
    program: Program, size: tuple[int, int], steps: int
) -> None:
    """Whether the rest fits or scrolls: the words are covered by nothing, and neither are field and buttons."""
    async with program.open(size=size, ready=False) as driver:
        await driver.app.push_screen(ConfirmPlan(plan_of(steps), button="Pay", typed=True))
        await driver.on("ConfirmPlan")
        await driver.type("77")
        await driver.press("enter")
        await driver.sees("That is not", "to confirm", "Cancel")
        assert "77" in lines_of(driver)


async def test_arrows_read_the_whole_confirmation_beside_the_field(program: Program) -> None:
    """↓ goes on to what is out of sight, and the line above the field names it until it was there."""
    async with program.open(size=(80, 24)) as driver:
        dialog = ConfirmPlan(
            plan_of(15, left_out=5), button="Pay", typed=True, note="The note. " * 40 + "It ends here."
        )
        driver.app.push_screen(dialog)
        await driver.on("ConfirmPlan")
        await driver.sees("↓  more of what is done · 5 left out · a note")
        for _ in range(14):  # some of them for the dialog itself, until all of the list has its place
            if "Pay invoice 15" not in driver.text():
                await driver.press("down")
        await driver.sees("Pay invoice 15", "↓  5 left out · a note")
        await driver.press(*["pagedown"] * 5)
        await driver.sees("Invoice 904", "It ends here.", "That is all of it.")
        assert "Pay invoice 1 " not in driver.text()
        await driver.press(*["pageup"] * 10)
        await driver.sees("Pay invoice 1 ", "Invoice 900", "↓  more of what is done · 5 left out · a note")
        await driver.type("148500")
        assert dialog.query_one("#typed", Input).value == "148500"


async def test_every_step_of_a_thousand_can_be_read_before_it_is_confirmed(program: Program) -> None:
    """BLK-7: what one request may hold is listed to its last line, on a terminal of 80×24 by keys."""
    async with program.open(size=(80, 24)) as driver:
        await driver.app.push_screen(ConfirmPlan(plan_of(1_000), button="Pay", typed=True))
        await driver.on("ConfirmPlan")
        await driver.sees("Pay invoice 1")
        await driver.press("shift+tab", "end")
        await driver.sees("Pay invoice 1000")
        assert any("Cancel" in line and "Pay" in line for line in lines_of(driver)), driver.text()


async def test_no_name_of_the_panel_draws_a_line_beside_the_amount(program: Program) -> None:
    """RELIABILITY "Text from outside": amount, count, account and panel are the program's own lines."""
    fake = "Good panel" + " " * 60 + "Amount   0.10 EUR " + "N" * 9_000
    async with program.open() as driver:
        plan = plan_of(1, panel_name=fake, account_id="1\nAmount   0.20 EUR")
        await driver.app.push_screen(ConfirmPlan(plan, button="Pay"))
        await driver.on("ConfirmPlan")
        await driver.sees("9 900.00 EUR")
        lines = lines_of(driver)
        assert [line for line in lines if line.startswith("Amount")] == ["Amount   9 900.00 EUR"]
        assert any("Cancel" in line for line in lines), driver.text()


async def test_a_repeated_choice_is_shown_once(program: Program) -> None:
    """A panel that names a payment method twice does not end the program."""
    async with program.open() as driver:
        choices = [Choice("card", "Card"), Choice("card", "Card again"), Choice("coin", "Coin")]
        await driver.app.push_screen(ChoiceDialog("How?", choices))
        await driver.on("ChoiceDialog")
        await driver.sees("Card", "Coin")
        assert "Card again" not in driver.text()


@pytest.mark.parametrize("sent", ["javascript:alert(1)", "http://other-host/pay", "https://x/" + "a" * 10_000])
async def test_what_is_no_address_to_pay_at_is_not_offered_as_one(program: Program, sent: str) -> None:
    async with program.open() as driver:
        amount = Money(amount=Decimal("1.00"), currency="EUR")
        await driver.app.push_screen(ExternalPayment(SafeText(sent), driver.app.profile.url, amount, "invoice 1"))
        await driver.on("ExternalPayment")
        await driver.sees("no https address to pay at", "Close")
        assert "Copy address" not in driver.text()


async def test_what_is_typed_into_a_secret_field_is_not_copied(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type(CANARY)
        await driver.press("shift+home", "ctrl+c")
        assert driver.app.clipboard == ""
        await driver.press("end", "shift+home", "ctrl+x")
        assert driver.app.clipboard == ""
        assert driver.app.screen.query_one("#password", Input).value == ""
        await driver.app.push_screen(passphrase_prompt("new"))
        await driver.on("Prompt")
        await driver.type(CANARY)
        await driver.press("shift+home", "ctrl+x")
        assert driver.app.clipboard == ""
        assert CANARY not in driver.text()
        assert not any(CANARY in said for said in driver.said)


async def test_the_form_goes_once_signed_in_also_from_below_another_screen(program: Program) -> None:
    """ACC-6: the answer comes while the terminal is too small for the form."""
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        session, covered = driver.app.session, asyncio.Event()
        sign_in = session.sign_in

        async def sign_in_late(
            login: str, password: SecretStr, totp: SecretStr | None = None, *, keep_in: KeepIn | None = None
        ) -> SignedIn:
            await covered.wait()
            return await sign_in(login, password, totp, keep_in=keep_in)

        session.sign_in = sign_in_late  # type: ignore[method-assign]  # the answer waits for the notice
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.resize(30, 10)
        await driver.on("TooSmall")
        covered.set()
        await driver.until(lambda: driver.app.session.signed_in, "the sign-in")
        await driver.resize(80, 24)
        await driver.on("OverviewScreen")
        assert len(driver.app.screen_stack) == 1


async def test_another_profile_chosen_from_the_form_is_asked_for_its_own_sign_in(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        first = driver.app.screen
        await driver.app.switch_profile(make_profile(name="other", url=program.sandbox.url, login="mei.tanaka"))
        await driver.until(lambda: driver.app.screen is not first, "the first form to go")
        await driver.on("SignInScreen")
        assert driver.app.screen.query_one("#login", Input).value == "mei.tanaka"


async def test_the_demo_says_its_password(program: Program) -> None:
    """Whoever signs out of the demo can come back."""
    assert DEMO_PASSWORD == SANDBOX_PASSWORD
    profile = make_profile(name="demo", url=program.sandbox.url, login="olena.marsh", demo=True)
    async with program.open(profile=profile, credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.sees(DEMO_PASSWORD)
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        assert DEMO_PASSWORD not in driver.text()


async def test_the_demo_says_its_password_where_it_is_asked_again(program: Program) -> None:
    """It signed in by itself: whoever looks around never typed it."""
    for demo in (True, False):
        profile = make_profile(name="demo", url=program.sandbox.url, login="olena.marsh", demo=demo)
        async with program.open(profile=profile) as driver:
            await driver.go("0", "AccountScreen")
            await driver.press("P")
            await driver.on("PasswordDialog")
            assert (DEMO_PASSWORD in driver.text()) is demo


async def test_the_passphrase_is_asked_from_a_thread_of_the_session(program: Program) -> None:
    """Hosts without a keyring: the question comes from a thread that knows nothing of the program around it."""
    async with program.open() as driver:
        answers: list[SecretStr | None] = []
        thread = threading.Thread(target=lambda: answers.append(driver.app.ask_passphrase("new")), daemon=True)
        thread.start()
        await driver.on("Prompt")
        await driver.type(CANARY)
        assert CANARY not in driver.text()
        await driver.press("enter")
        await driver.until(lambda: not thread.is_alive(), "the answer")
        assert [answer.get_secret_value() for answer in answers if answer] == [CANARY]
        await driver.on("OverviewScreen")


async def test_copying_says_where_it_acts_or_why_nothing_is_copied(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.cursor is not None, "a row")
        first = driver.cursor
        await driver.press("Y")
        await driver.hears(f"billtui orders renew --period 1 --profile test {first}")
        await driver.press("slash")
        await driver.type("zzzz")
        await driver.press("enter")
        await driver.sees("No row fits")
        for key in ("Y", "y"):
            driver.said.clear()
            await driver.press(key)
            await driver.hears("There is no order under the cursor")


async def test_an_answer_under_another_question_takes_nothing_else_away(program: Program) -> None:
    """Keys typed ahead on a slow line: enter, and at once the key that brings the next question."""
    answers: list[object] = []
    async with program.open() as driver:
        below, above = Prompt("Below", label="First?", value="one"), Prompt("Above", label="Second?", value="two")
        driver.app.push_screen(below, answers.append)
        driver.app.push_screen(above, answers.append)
        await driver.sees("Second?")
        below.answer()
        await driver.quiet()
        assert driver.app.screen is above
        assert answers == []
        await driver.press("enter")
        await driver.until(lambda: len(answers) == 2, "both answers")
        assert answers == ["two", "one"]
        await driver.until(lambda: not isinstance(driver.app.screen, Prompt), "both questions to go")


async def test_both_answers_to_keeping_the_sign_in_say_what_they_do(program: Program) -> None:
    """Nothing is cancelled by going on without a file, so no button says so."""
    async with program.open(size=(80, 24), ready=False) as driver:
        answers: list[tuple[Literal["new", "open"], str, str]] = [
            ("new", "Until billtui ends", "Keep in a file"),
            ("open", "Go on without", "Unlock"),
        ]
        for purpose, safe, other in answers:
            dialog = passphrase_prompt(purpose)
            driver.app.push_screen(dialog)
            await driver.on("Prompt")
            await driver.sees(safe, other, f"{safe} (esc): ")
            assert "Cancel" not in driver.text()
            await driver.press("tab")
            await driver.press("enter")
            await driver.until(lambda dialog=dialog: driver.app.screen is not dialog)  # type: ignore[misc]  # a default argument binds it


async def test_servers_named_in_a_list_of_their_own_are_read_to_its_end(program: Program) -> None:
    """All of the dialog fits but for the last of them: that is said, and ↓ goes on to them."""
    async with program.open(size=(100, 44), ready=False) as driver:
        rows = [f"vm-{number:03}.example.net" for number in range(40)]
        dialog = ConfirmPlan(plan_of(1), button="Push", type_word="kofi", type_label="Type the login", rows=rows)
        driver.app.push_screen(dialog)
        await driver.on("ConfirmPlan")
        await driver.sees("vm-000", "↓  server by server")
        assert "vm-039" not in driver.text()
        await driver.press(*["pagedown"] * 5)
        await driver.sees("vm-039", "That is all of it.")
        await driver.press(*["pageup"] * 5)
        await driver.sees("vm-000", "↓  server by server")
        await driver.press("shift+tab")
        assert driver.app.focused is dialog.query_one("#named")
        await driver.press("end")
        await driver.sees("vm-039", "That is all of it.")


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_accounts_that_are_out_of_sight_are_counted_before_they_are_confirmed(
    program: Program, size: tuple[int, int]
) -> None:
    """Each has a total of its own: how many stand below is said beside the buttons, and ↓ goes on to them."""
    plans = [
        AccountPlan(make_profile(name=f"p{number:02}", url="https://panel.example"), "kofi", "1", plan_of(1))
        for number in range(12)
    ]
    settings = Settings(confirm_limit=Decimal(100_000), confirm_items=100)
    async with program.open(size=size, ready=False) as driver:
        dialog = ConfirmAccounts(plans, settings, title="Pay 12 invoices on 12 accounts", button="Pay")
        driver.app.push_screen(dialog)
        await driver.on("ConfirmAccounts")
        assert driver.app.focused is dialog.query_one("#cancel")
        await driver.until(lambda: re.search(r"↓  \d+ more accounts", driver.text()), "how many more")
        assert any("Cancel" in line and "Pay on" in line for line in lines_of(driver)), driver.text()
        seen = set(re.findall(r" p(\d\d) ", driver.text()))
        more = int(re.findall(r"↓  (\d+) more", driver.text())[0])
        assert len(seen) - 1 <= 12 - more <= len(seen), "whoever is not there to the last line is counted"
        for _ in range(12):
            await driver.press("pagedown")
        await driver.sees(" p11 ", "That is all of it.")
        for _ in range(12):
            await driver.press("pageup")
        await driver.sees(" p00 ", f"↓  {more} more accounts")


@pytest.mark.parametrize("size", [(80, 18), (40, 24), (40, 18), (40, 12)])
async def test_facts_leave_room_for_what_is_done(program: Program, size: tuple[int, int]) -> None:
    """A purchase has many of them: all of it can be read on every size, and until then that is not said to be all."""
    facts = [
        Fact("Servers", "3 in each of 13 locations = 39"),
        Fact("Period", "12 months"),
        Fact("Add-ons", "3 add-ons for each server"),
        Fact("Names", "web-{loc}-{n:02}"),
        Fact("Auto-renewal", "on, 12 months at a time"),
        Fact("Requests", "2, an invoice each (BLK-7)"),
        Fact("From", "internal balance: 200 000.00 EUR → 51.50 EUR"),
    ]
    wanted = {
        "Amount ",
        "Panel ",
        "Requests ",
        "51.50 EUR",
        "Pay invoice 1 ",
        "Pay invoice 15",
        "Invoice 901",
        "ends here.",
    }
    async with program.open(size=size, ready=False) as driver:
        note = "It ends here."
        dialog = ConfirmPlan(plan_of(15, left_out=2), button="Pay", typed=True, facts=facts, note=note)
        driver.app.push_screen(dialog)
        await driver.on("ConfirmPlan")
        await driver.sees("↓ ")
        seen: set[str] = set()
        for _ in range(60):
            seen |= {words for words in wanted if words in driver.text()}
            if "That is all of it." in driver.text():
                break
            await driver.press("down")
        assert seen == wanted, driver.text()
        assert any("Cancel" in line and "Pay" in line for line in lines_of(driver)), driver.text()
