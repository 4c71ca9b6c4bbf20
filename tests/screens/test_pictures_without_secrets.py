"""A picture of the screen, however it is taken, holds no secret; the screen itself does."""

from __future__ import annotations

import html
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from billtui.widgets.secret_text import COVER, SecretText
from tests.support.driving import Driver, Pocket, Program, screen_text


class Once(ModalScreen[None]):
    """As a screen that shows a new key: declared in each of the three ways."""

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static("a label")
            yield SecretText("canary-shown-once", markup=False)
            with Vertical(classes="secret"):
                yield Static("canary-inside")
            yield Static("canary-classed", classes="secret")


def picture(svg: str) -> str:
    return html.unescape(svg).replace("\xa0", " ")


def written(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def whole(path: Path) -> bool:
    """A delivery writes in a thread of its own: the file is there before its text is."""
    return path.exists() and written(path).rstrip().endswith("</svg>")


async def test_secrets_shown_once_are_in_no_picture(program: Program, tmp_path: Path) -> None:
    async with program.open() as driver:
        await driver.app.push_screen(Once())
        await driver.sees("canary-shown-once", "canary-inside", "canary-classed")
        path = driver.app.save_screenshot("one.svg", path=str(tmp_path))
        delivered = driver.app.deliver_screenshot("two.svg", path=str(tmp_path))
        await driver.until(lambda: delivered is not None and whole(tmp_path / "two.svg"), "the second picture")
        for svg in (driver.app.export_screenshot(), written(Path(path)), written(tmp_path / "two.svg")):
            assert "a label" in picture(svg) and COVER in svg
            assert "canary" not in picture(svg)
        await driver.sees("canary-shown-once")
        assert "canary-classed" in screen_text(driver.app.screen), "the screen shows it as before"


async def sign_in_form(driver: Driver) -> str:
    await driver.on("SignInScreen")
    await driver.type("canary-pw")
    await driver.until(lambda: driver.app.screen.query_one("#password", Input).value == "canary-pw", "the password")
    return picture(driver.app.export_screenshot())


async def test_a_password_field_tells_not_even_its_length(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        assert COVER not in driver.app.export_screenshot(), "an empty field has nothing to cover"
        shown = await sign_in_form(driver)
        assert COVER in shown and "•" not in shown and "canary-pw" not in shown
        assert "olena.marsh" in shown


async def test_a_covered_screen_below_a_dialog_stays_covered(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await sign_in_form(driver)
        await driver.app.push_screen(Once())
        await driver.sees("canary-shown-once")
        assert "canary" not in picture(driver.app.export_screenshot())
