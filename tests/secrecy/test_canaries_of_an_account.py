"""Account, recovery and transfers by keys on a terminal: secrets of each flow are nowhere, those shown once on it only.

What each screen says and does is proved by the journeys; here it is only asked what became of the secrets.
"""

from __future__ import annotations

import pyotp
import pytest

from tests.secrecy.scene import Scene, in_focus, inside, leave, pressed, quiet, shown
from tests.support.command_line import PASSWORD
from tests.support.driving import Panel
from tests.support.handing_over import RECIPIENT, RECIPIENT_ID, SENDER, code_of, free_orders, links, mails
from tests.terminal.ptys import Terminal

pytestmark = pytest.mark.pty

ENTER, TAB, ESCAPE = b"\r", b"\t", b"\x1b"


def signed_in(scene: Scene, terminal: Terminal, password: str) -> None:
    """Sign in; the token stays in memory."""
    terminal.wait_for(shown(terminal, "Sign in", "Password"))
    terminal.send(password.encode() + ENTER)
    terminal.wait_for(shown(terminal, "Stay signed in?"))
    terminal.send(ESCAPE)
    terminal.wait_for(inside(terminal))


def asked(scene: Scene, path: str, count: int = 1) -> bool:
    """Whether the panel got so many requests of this method and path."""
    return scene.tap.requests.count(path) >= count


def secrets_of(scene: Scene, kind: str) -> list[str]:
    """What was learned of this kind, in order."""
    return [value for name, value in scene.canaries.secrets.items() if name.partition("#")[0] == kind]


def test_a_password_changed_with_a_slip_and_by_a_lost_answer(scene: Scene) -> None:
    scene.add_profile()
    old, new = scene.canaries.plant("password", PASSWORD), scene.new("new password")
    with scene.program("--profile", "main") as terminal:
        signed_in(scene, terminal, old)
        terminal.send(b"0")
        terminal.wait_for(shown(terminal, "Second factor"))
        for current in (scene.new("wrong password"), old):
            terminal.send(b"P")
            terminal.wait_for(shown(terminal, "once more"))
            quiet(terminal)
            terminal.send(current.encode() + TAB + new.encode() + TAB + new.encode() + ENTER)
            if current != old:
                terminal.wait_for(shown(terminal, "The current password is wrong"))
                terminal.send(ESCAPE)
                terminal.wait_for(lambda: not shown(terminal, "once more")())
        terminal.wait_for(shown(terminal, "The password is changed"))
        leave(terminal)
    assert scene.sandbox.call("POST", "/api/v1/sessions", {"login": SENDER, "password": new})[0] == 201
    assert scene.leaks() == {}


def test_a_second_factor_and_its_recovery_codes(scene: Scene) -> None:
    scene.add_profile()
    password = scene.canaries.plant("password", PASSWORD)
    with scene.program("--profile", "main") as terminal:
        signed_in(scene, terminal, password)
        terminal.send(b"0")
        terminal.wait_for(shown(terminal, "Second factor"))
        terminal.send(b"F")
        terminal.wait_for(shown(terminal, "Turn the second factor on"))
        quiet(terminal)
        terminal.send(password.encode() + ENTER)
        terminal.wait_for(lambda: bool(secrets_of(scene, "secret")))
        [secret] = secrets_of(scene, "secret")
        terminal.wait_for(lambda: secret[:4] in "".join(terminal.screen().display))
        terminal.send(pyotp.TOTP(secret).now().encode())
        pressed(terminal, ENTER, lambda: len(secrets_of(scene, "codes")) == 10)
        terminal.wait_for(shown(terminal, secrets_of(scene, "codes")[0]))
        terminal.send(ENTER)  # to the clipboard: the terminal's, as the person asked
        terminal.wait_for(shown(terminal, "clipboard"))
        terminal.send(ESCAPE)
        terminal.wait_for(lambda: not shown(terminal, secrets_of(scene, "codes")[0])())
        leave(terminal)
    with scene.program("--profile", "main") as terminal:
        terminal.wait_for(shown(terminal, "Sign in", "Password"))
        terminal.send(password.encode())
        pressed(terminal, ENTER, shown(terminal, "recovery code"))
        terminal.send(secrets_of(scene, "codes")[3].encode())
        pressed(terminal, ENTER, shown(terminal, "Stay signed in?"))
        terminal.send(ESCAPE)
        terminal.wait_for(inside(terminal))
        leave(terminal)
    assert scene.canaries.kinds() >= {"secret", "uri", "codes", "totp or code", "token"}
    typed = scene.canaries.found_in(scene.outputs[-1])
    assert not typed, "a recovery code that is typed is not shown, as it was when it was made"
    assert scene.leaks() == {}


def test_a_key_made_and_copied(scene: Scene) -> None:
    scene.add_profile()
    password = scene.canaries.plant("password", PASSWORD)
    with scene.program("--profile", "main") as terminal:
        signed_in(scene, terminal, password)
        terminal.send(b"0")
        terminal.wait_for(shown(terminal, "Second factor"))
        terminal.send(b"K")
        terminal.wait_for(shown(terminal, "There is no API key"))
        terminal.send(b"n")
        terminal.wait_for(shown(terminal, "The key is shown once"))
        quiet(terminal)
        terminal.send(b"monitoring" + TAB * 3 + password.encode() + ENTER)
        terminal.wait_for(lambda: bool(secrets_of(scene, "secret")))
        [key] = secrets_of(scene, "secret")
        terminal.wait_for(lambda: key in "".join(terminal.screen().display))
        terminal.send(ENTER)
        terminal.wait_for(shown(terminal, "clipboard"))
        terminal.send(ESCAPE)
        terminal.wait_for(lambda: key not in "".join(terminal.screen().display))
        for area in b"12345678":
            terminal.send(bytes([area]))
        terminal.send(b"0")
        terminal.wait_for(shown(terminal, "API access is on"))
        leave(terminal)
    assert scene.leaks() == {}


def test_a_forgotten_password(scene: Scene) -> None:
    scene.add_profile()
    new = scene.new("new password")
    with scene.program("--profile", "main") as terminal:
        terminal.wait_for(shown(terminal, "Password forgotten"))
        while not in_focus(terminal, "Password forgotten"):
            terminal.send(TAB)
            quiet(terminal)
        terminal.send(ENTER)
        terminal.wait_for(shown(terminal, "Primary e-mail"))
        quiet(terminal)
        terminal.send(b"olena@marsh-hosting.example" + ENTER)
        terminal.wait_for(lambda: asked(scene, "POST /api/v1/password-recovery"))
        terminal.wait_for(shown(terminal, "The same once more"))
        code = str(mails(scene.sandbox, SENDER)[-1]["code"])
        scene.canaries.plant("recovery code", code)
        terminal.send(code.encode() + TAB + new.encode() + TAB + new.encode())
        pressed(terminal, ENTER, shown(terminal, "Stay signed in?"))
        terminal.send(ESCAPE)
        terminal.wait_for(inside(terminal))
        leave(terminal)
    assert scene.leaks() == {}


def test_orders_pushed_and_confirmed(scene: Scene) -> None:
    scene.add_profile()
    password = scene.canaries.plant("password", PASSWORD)
    order = free_orders(Panel(scene.sandbox, scene.sandbox.sign_in(SENDER)), 1)[0]
    with scene.program("--profile", "main") as terminal:
        signed_in(scene, terminal, password)
        terminal.send(b"3")
        terminal.wait_for(shown(terminal, "A month"))
        terminal.send(b"/")
        terminal.wait_for(shown(terminal, "Words to look for"))
        terminal.send(order["name"].encode() + ENTER)
        terminal.wait_for(shown(terminal, f"filter: {order['name']}"))
        terminal.send(b"T")
        terminal.wait_for(shown(terminal, "ecipient"))
        quiet(terminal)
        terminal.send(RECIPIENT.encode() + TAB + RECIPIENT_ID.encode() + ENTER)
        terminal.wait_for(shown(terminal, "Your month"))
        quiet(terminal)
        terminal.send(ENTER)
        terminal.wait_for(shown(terminal, "Type the recipient's login once more"))
        quiet(terminal)
        terminal.send(RECIPIENT.encode())
        quiet(terminal)
        for _ in range(2):  # to the button, and press it
            terminal.send(ENTER)
            quiet(terminal)
        terminal.wait_for(lambda: bool(links(scene.sandbox, SENDER, "Order Transfer Confirmation")))
        [link] = links(scene.sandbox, SENDER, "Order Transfer Confirmation")[-1:]
        scene.canaries.plant("transfer code", code_of(link))
        terminal.wait_for(shown(terminal, "link or code"))
        quiet(terminal)
        terminal.send(b"\x1b[200~" + scene.here(link).encode() + b"\x1b[201~")
        terminal.wait_for(shown(terminal, "taken"))
        quiet(terminal)
        terminal.send(ENTER)
        terminal.wait_for(shown(terminal, "What is done"))
        quiet(terminal)
        terminal.send(b"\x1b[C" + ENTER)
        terminal.wait_for(lambda: any(one.endswith("/confirm") for one in scene.tap.requests))
        for area in b"48":
            terminal.send(bytes([area]))
            terminal.read(0.2)
        leave(terminal)
    assert scene.leaks() == {}
