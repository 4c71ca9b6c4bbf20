"""A forgotten password by keys: the mail's code, a new password, signed in at once; every refusal in its own words
(ACC-2, ACC-3)."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from billtui.services.recovery import NEUTRAL
from tests.support.driving import PASSWORD, Driver, Pocket, Program, type_at_once

EMAIL = "olena@marsh-hosting.example"
NEW = "kestrel-over-marsh-7"
NEUTRAL_BEGIN = NEUTRAL.split(",")[0]


def new_code(program: Program, email: str = EMAIL) -> str:
    """The code of the newest recovery mail."""
    found = [mail for mail in program.sandbox.mail() if mail["to"] == email and mail["event"] == "password-recovery"]
    return str(found[-1]["code"])


def ask(program: Program, email: str = EMAIL) -> str:
    """Ask for a code by another way; the code."""
    status, _ = program.sandbox.call("POST", "/api/v1/password-recovery", {"email": email})
    assert status == 202
    return new_code(program, email)


def sign_in_status(program: Program, password: str) -> int:
    """What the panel answers to a sign-in."""
    return program.sandbox.call("POST", "/api/v1/sessions", {"login": "olena.marsh", "password": password})[0]


async def forgotten(driver: Driver) -> None:
    """From the form to the dialog, by keys."""
    await driver.on("SignInScreen")
    for _ in range(6):
        if driver.app.focused is not None and driver.app.focused.id == "forgotten":
            break
        await driver.press("tab")
    await driver.press("enter")
    await driver.on("RecoveryDialog")
    assert driver.app.focused is not None
    assert driver.app.focused.id == "email"


async def with_code(driver: Driver) -> None:
    """To the second page, with a code that is there already."""
    await forgotten(driver)
    await driver.press("tab", "tab", "enter")
    await driver.sees("Code from the mail")


async def test_acc_3_what_arrives_in_one_piece_lands_in_its_fields(program: Program) -> None:
    """Code, enter, password, enter, password, enter at once."""
    code = ask(program)
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await with_code(driver)
        type_at_once(driver.app, *code, "enter", *NEW, "enter", *NEW, "enter")
        await driver.ready()
        assert sign_in_status(program, NEW) == 201


async def set_password(driver: Driver, code: str, new: str = NEW) -> None:
    """Fill the second page."""
    await driver.type(code)
    await driver.press("enter")
    await driver.type(new)
    await driver.press("enter")
    await driver.type(new)
    await driver.press("enter")


async def test_acc_3_a_new_password_by_mail_and_signed_in_at_once(program: Program) -> None:
    """ACC-3: the address, the neutral answer, the code, the rules ticked off; other sessions are out."""
    other = program.panel()
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await forgotten(driver)
        await driver.type(EMAIL)
        await driver.press("enter")
        await driver.sees(NEUTRAL_BEGIN)
        assert "[?] not the old password" in driver.text()
        assert "[ ] without the e-mail" in driver.text(), "the address that was typed counts"
        code = new_code(program)
        await driver.type(code)
        await driver.press("enter")
        assert "[ ] 10 characters or more" in driver.text()
        await driver.type(NEW[:9])
        assert "[ ] 10 characters or more" in driver.text()
        await driver.type(NEW[9:])
        assert "[✓] 10 characters or more" in driver.text()
        assert "[✓] without the login" in driver.text()
        assert "[?] not the old password" in driver.text()
        await driver.press("enter")
        await driver.type(NEW[:-1])
        assert "[ ] the same typed twice" in driver.text()
        await driver.press("enter")
        await driver.sees("is not good yet: the same typed twice")
        await driver.type(NEW[-1])
        assert "[✓] the same typed twice" in driver.text()
        assert not {code, NEW} & set(driver.text().split())
        await driver.press("enter")
        await driver.ready()
        await driver.hears("The new password is set")
        assert driver.app.session.account is not None
        assert driver.app.session.account.login == "olena.marsh"
        assert not [said for said in driver.said if code in said or NEW in said]
    assert program.sandbox.call("GET", "/api/v1/me", token=other.token)[0] == 401
    assert sign_in_status(program, PASSWORD) == 401
    assert sign_in_status(program, NEW) == 201


async def test_acc_3_an_unknown_address_is_answered_alike(program: Program) -> None:
    """ACC-3: the same picture to the letter, apart from the address typed before."""
    pictures = []
    for email in (EMAIL, "olena@nowhere-hosting.example"):
        async with program.open(credentials=Pocket(), ready=False) as driver:
            await forgotten(driver)
            await driver.type(email)
            await driver.press("enter")
            await driver.sees(NEUTRAL_BEGIN)
            pictures.append(driver.text())
            assert driver.said == []
    assert pictures[0] == pictures[1]


async def test_what_cannot_be_an_address_is_said_at_once(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await forgotten(driver)
        await driver.type("olena.marsh")
        await driver.press("enter")
        await driver.sees("name@example.org")
        assert driver.app.screen.query_one("#email", Input).value == "olena.marsh"
    assert not [mail for mail in program.sandbox.mail() if mail["event"] == "password-recovery"]


@pytest.mark.parametrize("kind", ["used", "expired", "voided", "unknown"])
async def test_acc_3_each_refusal_has_its_words_and_a_way_out(program: Program, kind: str) -> None:
    """ACC-3: and the password that was typed is gone, the old one holds."""
    code = ask(program)
    words = {
        "used": "was used already",
        "expired": "has expired",
        "voided": "A newer code was asked for",
        "unknown": "There is no such code",
    }
    holds = PASSWORD
    if kind == "used":
        holds = "another-good-one-1"
        body = {"code": code, "new_password": holds}
        assert program.sandbox.call("POST", "/api/v1/password-recovery/confirm", body)[0] == 204
    elif kind == "expired":
        program.sandbox.advance(hours=24, seconds=1)
    elif kind == "voided":
        ask(program)
    else:
        code = "AAAA-BBBB-CCCC-DDDD"
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await with_code(driver)
        await set_password(driver, code)
        await driver.sees(words[kind])
        assert any(way in driver.text() for way in ("new code", "new one"))
        assert all(not driver.app.screen.query_one(f"#{name}", Input).value for name in ("code", "new", "again"))
        assert not driver.app.session.signed_in
    assert sign_in_status(program, NEW) == 401
    assert sign_in_status(program, holds) == 201


async def test_a_code_with_blanks_from_a_link_and_a_panels_own_refusal(program: Program) -> None:
    """ACC-2: the panel knows the login that the form does not; its refusal uses the code up for nothing."""
    code = ask(program)
    async with program.open(login="", credentials=Pocket(), ready=False) as driver:
        await with_code(driver)
        assert "[?] without the login" in driver.text()
        await set_password(driver, f"{program.sandbox.url}/recovery#code={code}", "olena.marsh-was-here")
        await driver.sees("contains the login")
        await set_password(driver, f" {code} ")
        await driver.on("SignInScreen")
        await driver.sees("Type your login to sign in with the new password")
        await driver.type("olena.marsh")
        await driver.press("enter")
        await driver.ready()


async def test_acc_3_a_lost_answer_is_explained_and_seen_by_signing_in(program: Program) -> None:
    """Never sent twice: the sign-in that follows tells what became of it."""
    code = ask(program)
    async with program.open(credentials=Pocket(), ready=False) as driver:
        program.sandbox.faults({"kind": "drop-after", "times": 1, "path": "/api/v1/password-recovery/confirm"})
        await with_code(driver)
        await set_password(driver, code)
        await driver.hears("whether the password was changed is not known")
        await driver.ready()
        assert program.sandbox.fault_strikes() == [1]
    assert sign_in_status(program, NEW) == 201


async def test_acc_6_recovering_ends_a_lock(program: Program) -> None:
    """ACC-6: whoever is locked out recovers, and need not wait."""
    for _ in range(5):
        sign_in_status(program, "wrong-password")
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.sees("Next try in", "or recover the password")
        await forgotten(driver)
        await driver.type(EMAIL)
        await driver.press("enter")
        await driver.sees(NEUTRAL_BEGIN)
        await set_password(driver, new_code(program))
        await driver.ready()


async def test_the_demo_shows_its_mail(program: Program) -> None:
    """Nobody else gets it: ``enter`` on it uses the code. A real panel's mails are not asked for."""
    profile = program.profile(demo=True)
    async with program.open(profile=profile, credentials=Pocket(), ready=False) as driver:
        await forgotten(driver)
        await driver.type(EMAIL)
        await driver.press("enter")
        await driver.sees(NEUTRAL_BEGIN, "Read the mail")
        for _ in range(8):
            if driver.app.focused is not None and driver.app.focused.id == "mail":
                break
            await driver.press("tab")
        await driver.press("enter")
        await driver.on("MailDialog")
        await driver.sees("Your code for a new password", "The sandbox's mail")
        assert new_code(program) not in driver.text(), "shown only when it is asked for"
        await driver.press("enter")
        await driver.on("RecoveryDialog")
        assert driver.app.screen.query_one("#code", Input).value == new_code(program)
        await driver.type(NEW)
        await driver.press("enter")
        await driver.type(NEW)
        await driver.press("enter")
        await driver.ready()
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await with_code(driver)
        assert "Read the mail" not in driver.text()


async def test_leaving_forgets_what_was_typed(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await with_code(driver)
        await driver.type("AAAA-BBBB")
        await driver.press("escape")
        await driver.on("SignInScreen")
        await with_code(driver)
        assert not driver.app.screen.query_one("#code", Input).value
