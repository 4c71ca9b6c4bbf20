"""Several profiles in one program, by keys: switching, all accounts in one list, a plan for each account."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from pydantic import SecretStr

from billtui.config.credentials import Credential, CredentialStore
from billtui.config.profiles import ProfileBook
from billtui.config.secret_sources import EnvironmentSecrets
from billtui.screens.accounts import AccountsScreen
from billtui.services.accounts import AccountState
from billtui.services.journal import Journal, OperationState
from billtui.services.session import ReadOnlySession
from tests.support.driving import PASSWORD, Driver, Panel, Program
from tests.support.sandbox import SandboxProcess
from tests.support.several_accounts import Recorder, opened, profile, recorded


@pytest.fixture(scope="module")
def other_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A second panel, with an id, accounts and tokens of its own."""
    server = SandboxProcess(tmp_path_factory.mktemp("other") / "panel.db", seed=2).start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def other(other_panel: SandboxProcess) -> SandboxProcess:
    """The second panel, sown anew."""
    status, answer = other_panel.call("POST", "/sandbox/reset", {"fleet": 40, "seed": 2})
    assert status == 200, answer
    other_panel.accounts = answer["items"]
    return other_panel


@pytest.fixture
def panels(program: Program, other: SandboxProcess) -> Iterator[tuple[Recorder, Recorder]]:
    """Both panels behind recorders; at the end no token of one was ever shown to the other."""
    with recorded(program.sandbox, other) as (one, two):
        yield one, two
        assert one.issued
        assert not one.issued & two.issued
        for token in one.issued:
            assert token not in two.sent()
        for token in two.issued:
            assert token not in one.sent()
    assert other.check_books() == []


async def to_accounts(driver: Driver) -> AccountsScreen:
    """``@``, then the first choice."""
    await driver.press("@")
    await driver.on("ProfileDialog")
    await driver.choose("*")
    await driver.on("AccountsScreen")
    screen = driver.app.screen
    assert isinstance(screen, AccountsScreen)
    return screen


async def settled(driver: Driver, screen: AccountsScreen) -> None:
    """Wait until no account is being asked any more."""
    calm = (AccountState.COPY, AccountState.REFRESHING)
    await driver.until(
        lambda: all(line.state not in calm or line.same_as for line in screen.desk.lines), "every account's answer"
    )


def truth(server: SandboxProcess, login: str = "olena.marsh") -> Panel:
    """What a panel says."""
    return Panel(server, server.sign_in(login))


async def test_switching_by_the_list_shows_the_other_account_and_nothing_of_the_first(
    panels: tuple[Recorder, Recorder], program: Program
) -> None:
    one, two = panels
    work = profile("work", one.url, accent="teal")
    profile("lab", two.url, "kofi.brandt", accent="orange")
    async with opened(work, program.sandbox) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2")
        await driver.press("@")
        await driver.on("ProfileDialog")
        await driver.sees("All accounts", "work  open now", "9 unpaid", "lab", "nothing kept here yet")
        await driver.choose("lab")
        await driver.until(lambda: driver.app.profile.name == "lab", "the other profile")
        await driver.ready()
        await driver.sees("lab", "kofi.brandt")
        assert type(driver.app.screen).__name__ == "OrdersScreen", "the place stays"
        assert "olena" not in driver.text()
        assert not driver.list_screen.table.marked_ids
        assert ProfileBook().load().last_used == "lab"
        await driver.press("@")
        await driver.on("ProfileDialog")
        await driver.sees("lab  open now")
        await driver.choose("work")
        await driver.until(lambda: driver.app.profile.name == "work", "the first profile")
        await driver.sees("olena.marsh")
        await driver.ready()
        await driver.until(lambda: driver.list_screen.table.marked_ids == {"1", "2"}, "the marks kept for it")

        # What the list of tickets asked of the account that was left is no trouble of the other one.
        await driver.go("9", "TicketsScreen")
        driver.said.clear()
        await driver.press("@")
        await driver.on("ProfileDialog")
        await driver.choose("lab")
        await driver.until(lambda: driver.app.profile.name == "lab", "the other profile")
        await driver.ready()
        await driver.sees("kofi.brandt")
        assert not any("session has ended" in one for one in driver.said), driver.said


async def test_switching_asks_while_something_is_held_back(panels: tuple[Recorder, Recorder], program: Program) -> None:
    one, two = panels
    work = profile("work", one.url)
    profile("lab", two.url)
    async with opened(work, program.sandbox) as driver:
        deleted = program.bill("13")
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(deleted)
        await driver.press("D")
        await driver.confirm()
        await driver.until(lambda: driver.app.holds_something, "something held")
        await driver.press("@")
        await driver.on("ProfileDialog")
        await driver.choose("lab")
        await driver.on("ChoiceDialog")
        await driver.sees("Held back and not sent yet", "nothing of it is sent")
        await driver.choose("switch")
        await driver.until(lambda: driver.app.profile.name == "lab", "the other profile")
        await driver.ready()
        assert not driver.app.holds_something
    assert truth(program.sandbox).invoice(deleted)["state"] == "unpaid"


async def test_all_accounts_stand_in_one_list_and_one_that_cannot_sign_in_says_so(
    panels: tuple[Recorder, Recorder], program: Program
) -> None:
    one, two = panels
    work = profile("work", one.url, accent="teal")
    profile("lab", two.url, "kofi.brandt")
    profile("factor", two.url, "mei.tanaka")
    profile("nobody", two.url, "olena.marsh", signs_in=False)
    profile("gone", "http://127.0.0.1:9", "olena.marsh")
    async with opened(work, program.sandbox, size=(140, 40)) as driver:
        screen = await to_accounts(driver)
        await settled(driver, screen)
        states = {line.profile.name: line.state for line in screen.desk.lines}
        assert states == {
            "work": AccountState.FRESH,
            "lab": AccountState.FRESH,
            "factor": AccountState.SIGN_IN,
            "nobody": AccountState.SIGN_IN,
            "gone": AccountState.FAILED,
        }
        await driver.sees("not signed in: factor, nobody", "kofi.brandt · 318255", "olena.marsh · 204817")
        rows = {row.key: row for row in screen.table.shown_rows()}
        assert {row.profile for row in rows.values()} == set(states)
        unpaid = {row.id for row in rows.values() if row.profile == "work" and row.kind == "invoice"}
        assert unpaid == {one["id"] for one in truth(program.sandbox).invoices(state="unpaid")}
        await driver.press("/")
        await driver.type("kofi")
        await driver.press("enter")
        assert {row.profile for row in screen.table.shown_rows()} == {"lab"}
        await driver.press("escape")
        await driver.press("s")
        assert screen.table.sorted_by[0] != "when"
        await driver.press("v")
        await driver.on("ChoiceDialog")
        await driver.choose("accounts")
        assert [row.kind for row in screen.table.shown_rows()] == ["account"] * 5
        await driver.press("escape")
        await driver.until(lambda: not driver.app.accounts.running() and not driver.app.accounts.open_sessions(), "end")


async def test_enter_switches_to_the_profile_and_opens_the_thing(
    panels: tuple[Recorder, Recorder], program: Program
) -> None:
    one, two = panels
    work = profile("work", one.url)
    profile("lab", two.url, "kofi.brandt")
    async with opened(work, program.sandbox) as driver:
        screen = await to_accounts(driver)
        await settled(driver, screen)
        row = next(row for row in screen.table.shown_rows() if row.profile == "lab" and row.kind == "invoice")
        await driver.cursor_to(row.key)
        await driver.press("enter")
        await driver.on("InvoiceScreen")
        assert driver.app.profile.name == "lab"
        await driver.sees(f"{row.title}", "kofi.brandt")


async def test_one_account_under_two_profiles_stands_once(panels: tuple[Recorder, Recorder], program: Program) -> None:
    one, _two = panels
    work = profile("work", one.url)
    profile("look", one.url, read_only=True)
    async with opened(work, program.sandbox) as driver:
        screen = await to_accounts(driver)
        await settled(driver, screen)
        assert {row.profile for row in screen.table.shown_rows()} == {"work"}
        line = next(line for line in screen.desk.lines if line.profile.name == "look")
        assert line.same_as == "work"


async def test_paying_on_two_accounts_is_a_plan_and_a_job_for_each(
    panels: tuple[Recorder, Recorder], program: Program, other: SandboxProcess
) -> None:
    """Each has its own total to type where its profile says so; each pays from its own balance."""
    one, two = panels
    work = profile("work", one.url)
    profile("lab", two.url, "kofi.brandt", confirm_limit=Decimal("1.00"))
    async with opened(work, program.sandbox, size=(100, 40)) as driver:
        screen = await to_accounts(driver)
        await settled(driver, screen)
        theirs = next(row for row in screen.table.shown_rows() if row.profile == "lab" and row.state == "promised")
        ours = next(row for row in screen.table.shown_rows() if row.profile == "work" and row.amount == 329)
        before = truth(program.sandbox).balances(), truth(other, "kofi.brandt").balances()
        await driver.mark(theirs.key, ours.key)
        await driver.sees("lab: 1 invoice", "work: 1 invoice 3.29 EUR")
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.sees("2 accounts")
        await driver.choose("internal")
        await driver.on("ConfirmAccounts")
        await driver.sees("kofi.brandt, ID 318255", "olena.marsh, ID 204817", "to confirm lab", "Pay on 2 accounts")
        theirs_alone = driver.text()[driver.text().index("kofi.brandt, ID 318255") :]
        assert theirs_alone.index("to confirm lab") < theirs_alone.index("Pay invoice"), "below all steps"
        assert driver.app.focused is not None
        assert (driver.app.focused.id or "").startswith("typed-")
        await driver.type("9.99")
        await driver.press("enter")
        await driver.sees("that is not")
        assert type(driver.app.screen).__name__ == "ConfirmAccounts"
        await driver.press("home", *["delete"] * 4)
        await driver.type(f"{Decimal(theirs.amount) / 100:.2f}")
        await driver.press("enter")
        assert driver.app.focused.id == "confirm"
        await driver.press("enter")
        await driver.on("AccountOutcomes")
        await driver.until(lambda: driver.text().count("✓ done 1") == 2, "both outcomes")
        await driver.press("enter")
        await driver.on("AccountsScreen")
        assert not screen.table.marked_ids
        await driver.until(
            lambda: not {theirs.key, ours.key} & set(screen.table.shown_ids()), "what was paid to leave the list"
        )
    after = truth(program.sandbox).balances(), truth(other, "kofi.brandt").balances()
    assert before[0]["internal"] - after[0]["internal"] == Decimal("3.29")
    assert before[1]["internal"] - after[1]["internal"] == Decimal(theirs.amount) / 100
    assert truth(program.sandbox).invoice(ours.id)["state"] == "paid"
    assert truth(other, "kofi.brandt").invoice(theirs.id)["state"] == "paid"


async def test_one_account_that_fails_stops_no_other(
    panels: tuple[Recorder, Recorder], program: Program, other: SandboxProcess
) -> None:
    """The second panel ends between the list and the plans: the first account is paid all the same."""
    one, two = panels
    work = profile("work", one.url)
    profile("lab", two.url)
    async with opened(work, program.sandbox, size=(100, 40)) as driver:
        screen = await to_accounts(driver)
        await settled(driver, screen)
        rows = screen.table.shown_rows()
        ours = next(row for row in rows if row.profile == "work" and row.amount == 329)
        theirs = next(row for row in rows if row.profile == "lab" and row.kind == "invoice" and row.amount < 10_000)
        await driver.mark(theirs.key, ours.key)
        other.faults({"kind": "http-503", "path": "/invoices"})
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmAccounts")
        await driver.sees("Not done", "Pay on 1 account")
        await driver.press("right", "enter")
        await driver.on("AccountOutcomes")
        await driver.sees("✓ done 1")
        other.faults()
    assert truth(program.sandbox).invoice(ours.id)["state"] == "paid"
    assert truth(other).invoice(theirs.id)["state"] == "unpaid"


async def test_an_account_that_cannot_be_refreshed_keeps_its_job(
    panels: tuple[Recorder, Recorder], program: Program, other: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``r`` fails for an account while its payments run: its session is not ended under them."""
    monkeypatch.setattr("billtui.client.retry.MAX_PAUSE", 0.01)  # it has failed long before the payments have ended
    one, two = panels
    work = profile("work", one.url)
    profile("lab", two.url)
    async with opened(work, program.sandbox, size=(100, 40)) as driver:
        screen = await to_accounts(driver)
        await settled(driver, screen)
        rows = [row for row in screen.table.shown_rows() if row.profile == "lab" and row.state == "unpaid"]
        rows = sorted(rows, key=lambda row: row.amount)[:2]
        await driver.mark(*(row.key for row in rows))
        other.faults({"kind": "latency", "ms": 4000, "method": "POST", "path": "*/payments"})
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmAccounts")
        await driver.press("right", "enter")
        await driver.on("AccountOutcomes")
        await driver.until(lambda: other.fault_strikes()[0] >= 1, "a payment under way")
        await driver.press("enter")
        await driver.on("AccountsScreen")
        slow = {"kind": "latency", "ms": 4000, "method": "POST", "path": "*/payments"}
        other.faults(slow, {"kind": "http-500", "method": "GET", "path": "/changes"})
        await driver.press("r")
        await driver.until(lambda: screen.desk.line("lab").state is AccountState.FAILED, "a refresh that failed")
        assert driver.app.accounts.running()
        other.faults()
        await driver.until(lambda: not driver.app.accounts.running(), "the end of the job")
        (job,) = [one for one in driver.app.session.journal.jobs(5) if one.profile == "lab"]
        assert job.finished
        assert {row.state for row in driver.app.session.journal.operations(job.id)} == {OperationState.DONE}
    assert {truth(other).invoice(row.id)["state"] for row in rows} == {"paid"}


async def test_renewing_on_two_accounts_writes_a_plan_file_for_each_instead(
    panels: tuple[Recorder, Recorder], program: Program, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one, two = panels
    work = profile("work", one.url)
    profile("lab", two.url)
    folder = tmp_path_factory.mktemp("plans")
    async with opened(work, program.sandbox, size=(100, 40)) as driver:
        screen = await to_accounts(driver)
        await settled(driver, screen)
        rows = [row for row in screen.table.shown_rows() if row.kind == "order" and not row.refusal]
        active = [row for row in rows if row.state == "active"]
        chosen = [next(row for row in active if row.profile == name) for name in ("work", "lab")]
        await driver.mark(*(row.key for row in chosen))
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.choose("1")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmAccounts")
        await driver.sees(f"Renew {chosen[0].title}", "Renew and pay on 2 accounts")
        await driver.press("left", "enter")
        await driver.on("Prompt")
        await driver.press("end", *["backspace"] * 3)
        await driver.type(str(folder))
        await driver.press("enter")
        await driver.until(lambda: len(list(folder.iterdir())) == 2, "two files")
        await driver.on("AccountsScreen")
    assert sorted(path.name.split("-")[0] for path in folder.iterdir()) == ["lab", "work"]
    assert (one.requests("PUT"), two.requests("PUT")) == (0, 0)


async def test_an_encrypted_sign_in_is_offered_not_forced(
    panels: tuple[Recorder, Recorder], program: Program, other: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line says that it is locked; ``i`` asks for the passphrase, naming whose; a wrong one is said."""
    one, two = panels
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    work = profile("work", one.url)
    locked = profile("vault", two.url, "kofi.brandt", signs_in=False, accent="purple")
    passphrase = SecretStr("correct horse battery")
    keeper = CredentialStore.of(locked, environment=EnvironmentSecrets(), ask_passphrase=lambda *_: passphrase)
    _, answer = two.sandbox.call("POST", "/api/v1/sessions", {"login": "kofi.brandt", "password": PASSWORD})
    assert keeper.save(Credential("token", SecretStr(answer["token"]), "test")).where == "encrypted file"
    async with opened(work, program.sandbox, size=(140, 40)) as driver:
        screen = await to_accounts(driver)
        await settled(driver, screen)
        assert screen.desk.line("vault").state is AccountState.PASSPHRASE
        await driver.sees("locked: vault (i unlocks)")
        await driver.cursor_to("vault/account")
        await driver.press("i")
        await driver.on("Prompt")
        await driver.sees("vault", "Passphrase of the encrypted")
        await driver.type("wrong passphrase")
        await driver.press("enter")
        await driver.on("AccountsScreen")
        await driver.until(lambda: screen.desk.line("vault").state is AccountState.FAILED, "the wrong one refused")
        await driver.press("r")
        await driver.until(lambda: screen.desk.line("vault").state is AccountState.PASSPHRASE, "locked again")
        await driver.press("i")
        await driver.on("Prompt")
        await driver.type(passphrase.get_secret_value())
        await driver.press("enter")
        await driver.until(lambda: screen.desk.line("vault").state is AccountState.FRESH, "the account")
        await driver.sees("kofi.brandt · 318255")
    two.answered.append(f'"token":"{answer["token"]}"'.encode())  # it was given out beside the recorder


async def test_a_read_only_profile_is_shown_and_never_changed_through_the_list(
    panels: tuple[Recorder, Recorder], program: Program
) -> None:
    one, two = panels
    work = profile("work", one.url)
    profile("look", two.url, read_only=True)
    async with opened(work, program.sandbox, size=(140, 40)) as driver:
        await driver.press("@")
        await driver.sees("look  READ-ONLY")
        await driver.press("escape")
        screen = await to_accounts(driver)
        await settled(driver, screen)
        row = next(row for row in screen.table.shown_rows() if row.profile == "look" and row.kind == "invoice")
        await driver.cursor_to(row.key)
        await driver.sees("READ-ONLY: nothing is changed through it")
        await driver.press("space")
        await driver.hears("of look, which is read-only")
        await driver.press("p")
        await driver.hears("look is read-only: nothing is changed through it")
        assert type(driver.app.screen).__name__ == "AccountsScreen"


async def test_what_an_earlier_program_confirmed_is_not_sent_by_a_read_only_one(
    panels: tuple[Recorder, Recorder], program: Program
) -> None:
    """A confirmed job of a program that has ended: a read-only session shows it, and sends nothing of it.

    It waits for a profile that may change things; neither opening, nor going on, nor the list of all accounts sends it.
    """
    one, _two = panels
    work = profile("work", one.url)
    bill = program.bill("13")
    async with opened(work, program.sandbox) as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(bill)
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        plan = driver.app.screen.plan  # type: ignore[attr-defined]  # a ConfirmPlan
        path = driver.app.session.settings.journal_path
        await driver.press("escape")
    journal = Journal(path)
    journal.add_job(plan, "a-program-that-has-ended", held=False)
    journal.close()
    look = profile("look", one.url, read_only=True)
    before = one.requests("POST")
    async with opened(look, program.sandbox) as driver:
        await driver.sees("READ-ONLY")
        await driver.go("4", "JobsScreen")
        await driver.sees("Pay invoice")
        await driver.press("p")
        await driver.hears("read-only")
        with pytest.raises(ReadOnlySession):
            driver.app.session.executor  # noqa: B018 - nothing can be sent without it
        screen = await to_accounts(driver)
        await settled(driver, screen)
        (row,) = driver.app.session.journal.operations(plan.id)
        assert (row.state, row.sends) == (OperationState.PREPARED, 0)
    assert one.requests("POST") - before <= 2, "sign-ins alone"
    assert truth(program.sandbox).invoice(bill)["state"] == "unpaid"
    async with opened(work, program.sandbox) as driver:
        await driver.go("4", "JobsScreen")
        await driver.until(lambda: driver.app.session.journal.job(plan.id).paused is not None, "the job taken over")
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("go")
        await driver.finished()
    assert truth(program.sandbox).invoice(bill)["state"] == "paid"
