"""What is wrong can be read on every supported size, also where the fields of the form have to scroll."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.screens.test_journey_api_keys import open_keys
from tests.screens.test_journey_password import NEW, fill, open_form
from tests.screens.test_journey_recovering import with_code
from tests.support.driving import Driver, Pocket, Program

SIZES = pytest.mark.parametrize("size", [(40, 12), (60, 16), (80, 24)])
Size = tuple[int, int]


def in_sight(driver: Driver, field: str) -> bool:
    """Whether the field has the focus and can be seen whole."""
    found = driver.app.screen.query_one(field, Input)
    return driver.app.focused is found and driver.app.screen.can_view_entire(found)


@SIZES
async def test_a_wrong_password_at_the_sign_in(program: Program, size: Size) -> None:
    async with program.open(credentials=Pocket(), ready=False, size=size) as driver:
        await driver.on("SignInScreen")
        await driver.type("not-the-password")
        await driver.press("enter")
        await driver.reads("Login or password is wrong")
        await driver.until(lambda: in_sight(driver, "#password"), "the field in sight")


@SIZES
async def test_a_wrong_code_for_a_forgotten_password(program: Program, size: Size) -> None:
    """ACC-3."""
    async with program.open(credentials=Pocket(), ready=False, size=size) as driver:
        await with_code(driver)
        for text in ("nono-nono", NEW, NEW):
            await driver.type(text)
            await driver.press("enter")
        await driver.reads("There is no such code")
        await driver.until(lambda: in_sight(driver, "#code"), "the field of the code")


@SIZES
async def test_a_wrong_present_password(program: Program, size: Size) -> None:
    """ACC-2."""
    async with program.open(size=size) as driver:
        await open_form(driver)
        await fill(driver, "another-one", NEW, NEW)
        await driver.reads("The current password is wrong")
        await driver.until(lambda: in_sight(driver, "#field-current"), "the field in sight")


@SIZES
async def test_a_wrong_password_for_a_new_key(program: Program, size: Size) -> None:
    """ACC-5."""
    async with program.open(size=size) as driver:
        await open_keys(driver)
        await driver.press("n")
        await driver.on("NewKeyDialog")
        for text in ("monitoring", "another-one"):
            await driver.type(text)
            await driver.press("enter")
        await driver.reads("The current password is wrong")
        await driver.until(lambda: in_sight(driver, "#field-current"), "the field in sight")
