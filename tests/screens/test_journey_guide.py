"""The first start by keys: demo or a panel, every slip with its way back, and nothing written before the sign-in."""

from __future__ import annotations

import stat
from pathlib import Path

import pyotp
import pytest
from textual.widgets import Input

from billtui.config.paths import config_dir
from billtui.config.profiles import ProfileBook, make_profile
from billtui.widgets.secret_text import COVER
from tests.client.client_kit import Certificate, make_certificate
from tests.client.panel_stub import PanelStub, answer, problem, sends
from tests.support.driving import PASSWORD, Program, type_at_once
from tests.support.guiding import GuideDriver, guide, token_of

IS_ONE = sends(problem(401, "session-expired", "Sign in again"))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Signed by nobody but itself."""
    return make_certificate(tmp_path, "localhost")


def written() -> list[str]:
    """The profiles in their file."""
    return list(ProfileBook().load().profiles)


async def address(driver: GuideDriver, url: str) -> None:
    """From the first page to a look at ``url``."""
    await driver.sees("Connect to a panel")
    await driver.press("down", "enter")
    await driver.sees("Where is your panel?")
    await driver.type(url)
    await driver.press("enter")


async def to_the_form(driver: GuideDriver, url: str, login: str = "olena.marsh") -> None:
    """On to the form for signing in."""
    await address(driver, url)
    await driver.sees("[✓] It answers")
    await driver.press("enter")
    await driver.sees("What shall this panel be called here?")
    await driver.type(login)
    await driver.press("enter")
    await driver.on("GuideSignIn")


async def test_no_letter_of_a_password_typed_ahead_stands_in_the_guide(program: Program) -> None:
    """The form for it opens a moment after enter: until then no field takes a key, and enter opens it once."""
    async with guide() as driver:
        await address(driver, program.sandbox.url)
        await driver.sees("[✓] It answers")
        await driver.press("enter")
        await driver.sees("What shall this panel be called here?")
        user, held = driver.app.screen.query_one("#user", Input), set[str]()
        driver.app.screen.watch(user, "value", lambda value: held.add(value))
        type_at_once(driver.app, *"olena.marsh", "enter", *PASSWORD)
        await driver.on("GuideSignIn")
        password = driver.app.screen.query_one("#password", Input)
        await driver.until(lambda: password.value == PASSWORD, "the password where it belongs")
        assert all("olena.marsh".startswith(one) for one in held), held
        await driver.press("escape")
        await driver.sees("What shall this panel be called here?")
        assert driver.focus == "user"


async def test_a_picture_of_the_form_covers_the_password(program: Program) -> None:
    """As in the program itself: not even its length is in it."""
    async with guide() as driver:
        await to_the_form(driver, program.sandbox.url)
        await driver.type("canary-pw")
        await driver.until(lambda: driver.app.screen.query_one("#password", Input).value == "canary-pw", "the password")
        svg = driver.app.export_screenshot()
        assert COVER in svg and "•" not in svg and "canary-pw" not in svg


async def test_a_button_pressed_twice_opens_one_form(program: Program) -> None:
    """The second press comes before the form has opened: ``esc`` leads back at once, to the guide and not to a form."""
    async with guide() as driver:
        await address(driver, program.sandbox.url)
        await driver.sees("[✓] It answers")
        await driver.press("enter")
        await driver.sees("What shall this panel be called here?")
        await driver.type("olena.marsh")
        while driver.focus != "profile-go":
            await driver.press("tab")
        type_at_once(driver.app, "enter", "enter")
        await driver.on("GuideSignIn")
        await driver.pilot.pause(0.3)
        assert len(driver.app.screen_stack) == 3
        await driver.press("escape")
        await driver.on("GuideScreen")


async def test_the_demo_is_one_key_away() -> None:
    async with guide() as driver:
        await driver.sees("Look around in the demo", "Nothing is real")
        await driver.press("enter")
        chosen = await driver.ended()
        assert chosen is not None
        assert chosen.demo
        assert written() == []


async def test_from_nothing_to_signed_in(program: Program) -> None:
    """Address, check, name, sign-in; only then there is a file, of mode 0600 in a directory of 0700."""
    async with guide() as driver:
        await to_the_form(driver, f"{program.sandbox.url}/")
        assert written() == []
        await driver.sees("esc back", "Kept in an encrypted file")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.on("Prompt")
        await driver.type("a long passphrase")
        await driver.press("enter")
        await driver.sees("Signed in  olena.marsh (account ID 204817)", "Open billtui")
        assert written() == ["work"]
        await driver.press("enter")
        chosen = await driver.ended()
    assert chosen is not None
    assert chosen.profile is not None
    assert (chosen.profile.name, chosen.profile.url) == ("work", program.sandbox.url)
    assert ProfileBook().load().last_used == "work"
    status, me = program.sandbox.call("GET", "/api/v1/me", token=token_of(chosen).get_secret_value())
    assert (status, me["login"]) == (200, "olena.marsh")
    files = [path for path in config_dir().rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"profiles.toml", "work.sealed"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    folders = [config_dir(), *(path for path in config_dir().rglob("*") if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    secrets = (PASSWORD.encode(), token_of(chosen).get_secret_value().encode(), b"a long passphrase")
    assert not any(secret in path.read_bytes() for path in files for secret in secrets)


async def test_the_address_is_checked_while_it_is_typed() -> None:
    """The words of the profile's own checks; a beginning that may become right is not blamed."""
    async with guide() as driver:
        await driver.press("down", "enter")
        await driver.type("https:/")
        assert "address" not in driver.text().split("Where is your panel?")[1].split("https:/")[2]
        await driver.type("/u:p4ss@panel.example")
        await driver.sees("must not hold a login or password")
        await driver.press("enter")
        await driver.sees("Where is your panel?")
        assert driver.focus == "url"
        await driver.press("ctrl+u")
        await driver.type("http://panel.example")
        await driver.sees("http:// is allowed for this machine only")
        await driver.press("tab")
        await driver.type("socks5://proxy")
        await driver.sees("The proxy's address begins with https://")
        await driver.press("tab")
        await driver.type("panel.pem")
        await driver.press("shift+tab", "shift+tab", "ctrl+u")
        await driver.type("https://panel.example")
        await driver.press("tab", "ctrl+u", "enter")
        await driver.sees("Give the file's full path")
        assert driver.focus == "ca-file"


async def test_nobody_there_and_something_else_there(program: Program) -> None:
    """Said with a way back; the address stays to be corrected."""
    async with PanelStub(sends(answer(b"<title>WHMCS</title>", kind="text/html"))) as other, guide() as driver:
        await address(driver, "http://127.0.0.1:1")
        await driver.sees("[!] Cannot reach 127.0.0.1:1", "Try again")
        await driver.press("escape")
        await driver.sees("Where is your panel?")
        assert driver.value("url") == "http://127.0.0.1:1"
        await driver.press("ctrl+u")
        await driver.type(other.url)
        await driver.press("enter")
        await driver.sees("it is WHMCS, by the words of its page", "billtui does not speak with that")
        assert "Go on" not in driver.text()
        await driver.press("escape", "ctrl+u")
        await driver.type(program.sandbox.url)
        await driver.press("enter")
        await driver.sees("[✓] It answers", "Go on")
        assert driver.focus == "check-on"


async def test_an_own_certificate_is_pinned_after_comparing(certificate: Certificate) -> None:
    """The digits are typed; others are refused; then the panel is looked at with the pin."""
    async with PanelStub(IS_ONE, tls=certificate.server) as panel, guide() as driver:
        await address(driver, panel.url)
        await driver.sees("signed by nobody but itself", "Give a CA file", "Pin it")
        assert panel.seen == []
        await driver.press("tab", "tab", "tab")
        assert driver.focus == "check-pin"
        await driver.press("enter")
        await driver.sees("Trust this one certificate", "by another way than this")
        shown = "".join(driver.text().split())
        assert ":".join(certificate.fingerprint.upper()[at : at + 2] for at in range(0, 32, 2)) in shown
        await driver.type("yes")
        await driver.press("enter")
        await driver.sees("as the administrator gave it")
        await driver.press("ctrl+u")
        await driver.type(f"{int(certificate.fingerprint[-8:], 16) ^ 1:08x}")
        await driver.press("enter")
        await driver.sees("That is another certificate than the one shown")
        assert panel.seen == []
        await driver.press("ctrl+u")
        await driver.type(certificate.fingerprint[-8:])
        await driver.press("enter")
        await driver.sees("[✓] It answers", "pinned certificate")
        await driver.press("enter")
        await driver.sees("What shall this panel be called")
        screen = driver.app.screen
        assert screen.draft.connection().fingerprint == certificate.fingerprint  # type: ignore[attr-defined]  # a GuideScreen
        await driver.press("escape", "escape", "end", "0")
        assert not screen.draft.fingerprint, "another address is not trusted by it"  # type: ignore[attr-defined]  # a GuideScreen


async def test_an_own_authority_is_given_as_a_file(certificate: Certificate, tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no certificate")
    async with PanelStub(IS_ONE, tls=certificate.server) as panel, guide() as driver:
        await address(driver, panel.url)
        await driver.sees("Give a CA file")
        await driver.press("tab", "tab", "enter")
        await driver.sees("Where is your panel?")
        assert driver.focus == "ca-file"
        await driver.type(str(wrong))
        await driver.press("enter")
        await driver.sees("That is no PEM file")
        await driver.press("ctrl+u")
        await driver.type(str(certificate.file))
        await driver.press("enter")
        await driver.sees("[✓] It answers")
        screen = driver.app.screen
        assert screen.draft.connection().ca_file == certificate.file  # type: ignore[attr-defined]  # a GuideScreen


async def test_every_step_leads_back_and_nothing_is_lost(program: Program) -> None:
    async with guide() as driver:
        await to_the_form(driver, program.sandbox.url, "olena.marsh")
        await driver.type("not-the-password")
        await driver.press("enter")
        await driver.sees("Login or password is wrong")
        await driver.press("escape")
        await driver.on("GuideScreen")
        assert driver.value("user") == "olena.marsh"
        await driver.press("shift+tab", "ctrl+u")
        await driver.type("Bad Name")
        await driver.sees("A profile's name is 1 to 32")
        await driver.press("enter")
        assert driver.focus == "name"
        await driver.press("ctrl+u")
        await driver.type("shop")
        await driver.press("escape")
        await driver.sees("[✓] It answers")
        await driver.press("escape")
        assert driver.value("url") == program.sandbox.url
        await driver.press("enter")
        await driver.sees("[✓] It answers")
        await driver.press("enter")
        assert (driver.value("name"), driver.value("user")) == ("shop", "olena.marsh")
        await driver.press("tab", "enter")
        await driver.sees("[x] Read-only", "space or enter switches")
        await driver.press("space")
        await driver.sees("[ ] Read-only")
        await driver.press("space")
        await driver.sees("[x] Read-only")
        await driver.press("tab", "tab", "enter")
        await driver.on("GuideSignIn")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.on("Prompt")
        await driver.press("escape")
        await driver.sees("shop, read-only")
        await driver.press("escape")
        chosen = await driver.ended()
    assert chosen is not None
    assert chosen.profile is not None
    assert chosen.profile.read_only
    assert token_of(chosen), "kept in memory, it still reaches the program"


async def test_leaving_writes_nothing(program: Program) -> None:
    async with guide() as driver:
        await to_the_form(driver, program.sandbox.url)
        await driver.press("escape")
        await driver.press("ctrl+q")
        assert await driver.ended() is None
        assert driver.app.return_code == 0
    assert written() == []
    assert not [path for path in config_dir().rglob("*") if path.is_file()]


async def test_the_second_factor_and_a_login_typed_in_the_form(program: Program) -> None:
    """ACC-6; the login of the form becomes the profile's."""
    secret = next(one["totp_secret"] for one in program.sandbox.accounts if one["login"] == "mei.tanaka")
    async with guide() as driver:
        await to_the_form(driver, program.sandbox.url, "")
        assert driver.focus == "login"
        await driver.type("mei.tanaka")
        await driver.press("tab")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.sees("This account has a second factor")
        await driver.type(pyotp.TOTP(secret).now())
        await driver.press("enter")
        await driver.on("Prompt")
        await driver.press("escape")
        await driver.sees("Signed in  mei.tanaka")
    assert ProfileBook().get("work").login == "mei.tanaka"


async def test_a_profile_that_cannot_be_written_ends_the_session(program: Program) -> None:
    """Somebody else made the same profile meanwhile: said, and no session is left behind that nobody would find."""
    async with guide() as driver:
        await to_the_form(driver, program.sandbox.url)
        ProfileBook().add(make_profile(name="work", url="https://other.example"))
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.on("Prompt")
        await driver.press("escape")
        await driver.sees("There is a profile 'work' already", "the session was ended")
        mine = program.panel().get("/sessions")["items"]
        assert not [one for one in mine if "billtui" in one["client"]]
        await driver.press("shift+tab", "ctrl+u")
        await driver.type("work-2")
        await driver.press("enter")
        await driver.on("GuideSignIn")
    assert ProfileBook().get("work").url == "https://other.example"


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (140, 40)])
async def test_every_page_fits_its_size(program: Program, size: tuple[int, int]) -> None:
    """The way on can be reached at every size."""
    async with guide(size) as driver:
        await to_the_form(driver, program.sandbox.url)
        await driver.press("escape")
        await driver.on("GuideScreen")
        await driver.press("escape", "escape", "escape")
        await driver.sees("Connect to a panel")
