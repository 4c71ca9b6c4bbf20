"""The second factor by keys: on with a code, recovery codes shown once, off only with a code (ACC-6)."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pyotp
import pytest
from textual.widgets import Input

from billtui.screens.second_factor import ConfirmTotp
from billtui.widgets.secret_text import SecretText
from tests.support.driving import PASSWORD, Driver, Program
from tests.support.sandbox import SandboxProcess
from tests.support.secrets_written import shown_with, written_with

CODE = re.compile(r"\b[A-Z0-9]{5}-[A-Z0-9]{5}\b")


def sign_in(sandbox: SandboxProcess, totp: str | None = None, login: str = "olena.marsh") -> tuple[int, str]:
    """What signing in is answered: the status and the code of the problem."""
    body = {"login": login, "password": PASSWORD, **({"totp": totp} if totp else {})}
    status, answer = sandbox.call("POST", "/api/v1/sessions", body)
    return status, str(answer.get("code", ""))


async def begin(driver: Driver) -> str:
    """To the QR code; the secret, as a person reads it from the screen."""
    await driver.go("0", "AccountScreen")
    await driver.press("F")
    await driver.on("BeginTotp")
    await driver.type(PASSWORD)
    await driver.press("enter")
    await driver.on("ConfirmTotp")
    words = driver.app.screen.query_one("#typed-secret", SecretText)
    secret = str(words.content).replace(" ", "")
    assert re.fullmatch(r"[A-Z2-7]{32}", secret)
    return secret


async def codes_on(driver: Driver) -> list[str]:
    """The recovery codes of the dialog."""
    await driver.on("ShownOnce")
    found = str(driver.app.screen.query_one("#secret", SecretText).content).split()
    assert len(found) == len(set(found)) == 10
    await driver.sees(*found)
    return found


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_on_with_a_code_and_its_recovery_codes(program: Program, size: tuple[int, int], tmp_path: Path) -> None:
    """A wrong code is said and leaves it off; the right one turns it on; the codes are kept in a private file."""
    async with program.open(size=size) as driver:
        secret = await begin(driver)
        code = driver.app.screen.query_one("#code", SecretText)
        assert code.display, "the QR code fits at both sizes"
        assert code.region.height <= size[1]
        assert code.region.bottom <= driver.app.screen.query_one("#buttons").region.y, "nothing covers it"
        assert shown_with(driver, [secret]) == []
        wrong = f"{(int(pyotp.TOTP(secret).now()) + 1) % 1_000_000:06d}"
        await driver.type(wrong)
        await driver.press("enter")
        await driver.sees("The code is not the one")
        assert driver.app.screen.query_one("#field-code", Input).value == ""
        assert sign_in(program.sandbox) == (201, ""), "still off"
        await driver.type(pyotp.TOTP(secret).now())
        await driver.press("enter")
        codes = await codes_on(driver)
        await driver.hears("The second factor is on")
        assert sign_in(program.sandbox) == (401, "totp-required")
        picture = driver.app.export_screenshot()
        assert not any(one in picture for one in codes)
        await driver.press("enter")
        await driver.hears("Sent to the terminal's clipboard: ")
        await driver.press("right", "enter")
        await driver.on("Prompt")
        assert driver.app.screen.query_one("#field", Input).value == "recovery-codes-204817.txt"
        await driver.press("home", "shift+end", "delete")
        kept = tmp_path / "kept.txt"
        await driver.type(str(kept))
        await driver.press("enter")
        await driver.on("ShownOnce")
        await driver.hears("mode 0600")
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert set(codes) <= set(kept.read_text().split())
        await driver.press("escape")
        await driver.on("AccountScreen")
        await driver.until(lambda: "10 recovery codes left" in driver.text() or size[0] == 80, "the account as it is")
        assert shown_with(driver, [secret, *codes, PASSWORD]) == []
        assert written_with(tmp_path, [secret, *codes, PASSWORD]) == [str(kept)], "only where it was asked for"
    assert sign_in(program.sandbox, codes[0])[0] == 201
    assert sign_in(program.sandbox, codes[0]) == (401, "wrong-totp"), "each works once"


async def test_codes_that_nobody_kept_are_not_closed_by_one_key(program: Program) -> None:
    async with program.open() as driver:
        secret = await begin(driver)
        await driver.type(pyotp.TOTP(secret).now())
        await driver.press("enter")
        codes = await codes_on(driver)
        await driver.press("escape")
        await driver.reads("It was neither copied nor saved, and is never shown again")
        await driver.sees(codes[9])
        await driver.press("escape")
        await driver.on("AccountScreen")


async def test_esc_at_the_qr_code_leaves_it_off(program: Program) -> None:
    async with program.open() as driver:
        secret = await begin(driver)
        await driver.press("escape")
        await driver.hears("The second factor stays off")
        assert sign_in(program.sandbox) == (201, "")
        assert shown_with(driver, [secret]) == []


async def test_a_wrong_password_makes_no_secret(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("0", "AccountScreen")
        await driver.press("F")
        await driver.on("BeginTotp")
        await driver.type("not-my-password")
        await driver.press("enter")
        await driver.reads("The current password is wrong")
        assert driver.app.screen.query_one("#field-current", Input).value == ""
        await driver.press("escape")
        await driver.on("AccountScreen")


async def test_where_no_qr_code_fits_the_text_is_enough(program: Program) -> None:
    async with program.open(size=(70, 20)) as driver:
        secret = await begin(driver)
        await driver.reads("There is no room for a QR code")
        assert not driver.app.screen.query_one("#code", SecretText).display
        assert isinstance(driver.app.screen, ConfirmTotp)
        await driver.type(pyotp.TOTP(secret).now())
        await driver.press("enter")
        await codes_on(driver)


async def turn_on(program: Program, login: str = "olena.marsh") -> tuple[str, list[str]]:
    """Another client turns it on; secret and recovery codes."""
    token = program.sandbox.sign_in(login)

    def call(**body: str) -> dict[str, object]:
        body["current_password"] = PASSWORD
        status, answer = program.sandbox.call("POST", "/api/v1/me/totp", body, token=token)
        assert status in (200, 201), answer
        return answer

    secret = str(call(action="begin")["secret"])
    codes = call(action="confirm", code=pyotp.TOTP(secret).now())["codes"]
    assert isinstance(codes, list)
    return secret, [str(one) for one in codes]


async def fill(driver: Driver, password: str, code: str) -> None:
    await driver.type(password)
    await driver.press("enter")
    await driver.type(code)
    await driver.press("enter")


async def test_new_codes_void_the_old_ones_and_off_needs_one(program: Program) -> None:
    """A wrong code leaves the password; a recovery code is used up; off with another one."""
    async with program.open() as driver:
        _, old = await turn_on(program)
        await driver.go("0", "AccountScreen")
        await driver.press("r")
        account = driver.app.session
        await driver.until(lambda: account.account is not None and account.account.totp, "that it is on")
        await driver.press("F")
        await driver.on("ChoiceDialog")
        await driver.reads("10 recovery codes left")
        await driver.choose("codes")
        await driver.on("NewCodes")
        await fill(driver, PASSWORD, "AAAAA-AAAAA")
        await driver.reads("code of the second factor is wrong")
        assert driver.app.screen.query_one("#field-current", Input).value == PASSWORD
        await driver.type(old[0])
        await driver.press("enter")
        new = await codes_on(driver)
        assert not set(new) & set(old)
        await driver.press("enter", "escape")
        await driver.on("AccountScreen")
        assert sign_in(program.sandbox, old[1]) == (401, "wrong-totp"), "the old ones are void"
        await driver.press("F")
        await driver.on("ChoiceDialog")
        await driver.choose("off")
        await driver.on("TurnOff")
        await fill(driver, PASSWORD, new[0])
        await driver.on("AccountScreen")
        await driver.hears("The second factor is off")
        assert sign_in(program.sandbox) == (201, "")
        assert shown_with(driver, [*old, *new, PASSWORD]) == []
