"""kill -9 in the middle of typing a letter to support: how many characters are lost (RELIABILITY: at most ten)."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from collections.abc import Callable

import pytest

from tests.support.sandbox import SandboxProcess
from tests.terminal.whole_program import Operator, draft_texts, program, throw_drafts_away

pytestmark = pytest.mark.pty

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
KILLS = 200 if LONG else 2
MOST_LOST = 10
PER_SECOND = 12
"""Characters that a fast typist types."""
WORDS = "the server in the rack on the left answers nothing since this morning and its lamp is red "


@pytest.mark.faults
def test_a_letter_that_is_being_typed_survives_kill_9(
    own_sandbox: Callable[..., SandboxProcess], record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(6)
    panel = own_sandbox(fleet=5)
    lost, typed = 0, 0
    for kill in range(KILLS):
        with program(panel, door=True) as operator:
            operator.write_letter()
            sent = type_until(operator, dice)
            os.kill(operator.terminal.pid, signal.SIGKILL)
            assert operator.terminal.wait_end(10)[0] == -signal.SIGKILL
        found = "".join(draft_texts())
        assert sent.startswith(found), f"kill {kill}: what was kept is not what was typed"
        missing = max(0, len(seen_of(operator, sent)) - len(found))
        assert missing <= MOST_LOST, f"kill {kill}: {missing} of {len(sent)} characters were lost"
        lost, typed = lost + missing, typed + len(sent)
        throw_drafts_away()
    assert lost < typed / 2, "most of it is there"
    record_property("kills in mid-letter", KILLS)
    record_property("characters lost", lost)
    record_property("characters typed", typed)


def seen_of(operator: Operator, sent: str) -> str:
    """How much of it stood on the screen; on a busy machine keys wait, and what nobody saw was not lost."""
    text = operator.text()
    return next(sent[:end] for end in range(len(sent), -1, -1) if sent[:end].rstrip() in text)


def type_until(operator: Operator, dice: random.Random) -> str:
    """Type as a person does, for a while; everything that the letter should hold then."""
    sent = ""
    for letter in WORDS[: dice.randint(10, 30)]:
        due = time.monotonic() + dice.uniform(0.5, 1.5) / PER_SECOND
        operator.terminal.send(letter.encode())
        sent += letter
        while time.monotonic() < due:
            operator.terminal.read(0.01)
    select.select([], [], [], dice.uniform(0, 1 / PER_SECOND))
    return sent
