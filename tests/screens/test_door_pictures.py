"""A picture of the way in: the first start, a locked login, a forgotten password; in both sizes.

``pytest tests/screens/test_door_pictures.py --snapshot-update`` draws them anew; look at them before keeping them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from billtui.client.certificate import SeenCertificate
from billtui.client.errors import CertificateReason
from billtui.client.probe import PanelSeen
from billtui.config.profiles import make_profile
from billtui.screens.guide import GuideScreen
from billtui.services.panel_check import PanelCheck
from tests.screens.test_journey_recovering import with_code
from tests.screens.test_snapshots import SIZES, STILL, picture
from tests.screens.test_snapshots import still as still
from tests.screens.test_snapshots import still_panel as still_panel
from tests.support.driving import Driver, Pocket, Program
from tests.support.guiding import GuideDriver, guide

CERTIFICATE = SeenCertificate(
    subject="panel.example",
    issuer="Example Hosting Authority",
    names=("panel.example",),
    begins=datetime(2026, 3, 1, tzinfo=UTC),
    ends=datetime(2027, 3, 1, tzinfo=UTC),
    self_signed=False,
    fingerprint="0123456789abcdef" * 4,
)
UNPROVEN = PanelCheck(
    False,
    "Its certificate is signed by “Example Hosting Authority”, which this computer does not know.",
    (
        "If that is your own authority, give its file (PEM).",
        "Pin it only after comparing its fingerprint with the one that the panel's administrator gives you.",
    ),
    certificate=CERTIFICATE,
    reason=CertificateReason.UNKNOWN_AUTHORITY,
    ways=frozenset({"ca", "pin"}),
)
USABLE = PanelCheck(
    True,
    "It answers, and it is a billing panel that billtui speaks with.",
    seen=PanelSeen("billing_v1", "a billing panel that billtui speaks with"),
)
Steps = Callable[[GuideDriver], Awaitable[None]]


def screen_of(driver: GuideDriver) -> GuideScreen:
    """The guide's one screen."""
    screen = driver.app.screen
    assert isinstance(screen, GuideScreen)
    return screen


async def start(driver: GuideDriver) -> None:
    await driver.sees("Look around in the demo")


async def address(driver: GuideDriver) -> None:
    await driver.press("down", "enter")
    await driver.type("http://panel.example")
    await driver.sees("http:// is allowed for this machine only")


async def found(driver: GuideDriver, check: PanelCheck) -> None:
    """As if the panel had been looked at: it has no address that is the same each time."""
    await driver.press("down", "enter")
    await driver.type("https://panel.example")
    screen = screen_of(driver)
    screen.show("check")
    screen.show_found(screen.draft.connection(), check)
    await driver.sees(check.fact[:40])


async def certificate(driver: GuideDriver) -> None:
    await found(driver, UNPROVEN)


async def pin(driver: GuideDriver) -> None:
    await certificate(driver)
    await driver.press("tab", "tab", "tab", "enter")
    await driver.sees("Trust this one certificate")
    await driver.type("ffff0000")
    await driver.press("enter")
    await driver.sees("That is another certificate")


async def profile(driver: GuideDriver) -> None:
    await found(driver, USABLE)
    screen_of(driver).query_one("#check-on").focus()
    await driver.press("enter")
    await driver.sees("What shall this panel be called here?")
    await driver.type("olena.marsh")
    await driver.press("tab", "enter")
    await driver.sees("[x] Read-only")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
@pytest.mark.parametrize("steps", [start, address, certificate, pin, profile], ids=lambda steps: steps.__name__)
async def test_picture_of_the_guide(snapshot: SnapshotAssertion, steps: Steps, size: tuple[int, int]) -> None:
    async with guide(size) as driver:
        await steps(driver)
        shots: list[str] = []

        def at_rest() -> bool:
            shots.append(driver.app.export_screenshot(title="billtui"))
            return len(shots) > STILL and len(set(shots[-STILL:])) == 1

        await driver.until(at_rest, "the picture to stand still")
        assert shots[-1] == snapshot(extension_class=SVGImageExtension)


async def forgotten(driver: Driver) -> None:
    """The second page, with a slip."""
    await driver.on("SignInScreen")
    await picture(driver)  # what shines through a dialog was painted, too
    await with_code(driver)
    await driver.type("AAAA-BBBB-CCCC")
    await driver.press("enter")
    await driver.type("kestrel")
    await driver.press("enter")
    await driver.type("kestrel")
    await driver.press("enter")
    await driver.sees("is not good yet: 10 characters")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
async def test_picture_of_a_forgotten_password(
    still: Program, snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    demo = make_profile(name="demo", url="http://127.0.0.1:8765", login="olena.marsh", demo=True)
    async with still.open(size=size, profile=demo, credentials=Pocket(), ready=False, toasts=False) as driver:
        await forgotten(driver)
        driver.app.screen.refresh()  # to read its text had it drawn without what shines through
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)
