"""The whole program, ended in the middle of a payment and in the middle of a letter (RELIABILITY "The process").

Each life begins a payment whose answer does not come, goes on with a letter to support, and is ended. The next life
uses the same journal and drafts, so it is also the proof: the payment was made once and is known, the letter is there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest

from billtui.services.journal import OperationState
from tests.support.sandbox import SandboxProcess
from tests.terminal.ptys import Terminal
from tests.terminal.whole_program import Operator, as_before, draft_texts, issue_invoices, journal, program, wait_until

pytestmark = pytest.mark.pty

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
LIMIT = 2.5
"""Seconds from the signal, or from the loss of the line, to the end of the process (RELIABILITY)."""
S = OperationState


class End(NamedTuple):
    """How a life is ended."""

    name: str
    code: int
    door: bool = True
    stalled: bool = False
    dropped: bool = False
    number: int = 0
    ignores_hangup: bool = False
    stopped: bool = False
    """Suspended by ctrl+z and brought back before."""


HUP, INT, TERM = int(signal.SIGHUP), int(signal.SIGINT), int(signal.SIGTERM)
ALWAYS = (
    End("TERM after ctrl+z and fg", 128 + TERM, number=TERM, stopped=True),
    End("lost line, hang-up ignored", 128 + HUP, dropped=True, ignores_hangup=True),
    End("stall and TERM", 128 + TERM, stalled=True, number=TERM),
    End("stall and lost line, no door", 128 + HUP, door=False, stalled=True, dropped=True),
)
ENDS = (
    *ALWAYS,
    End("TERM", 128 + TERM, number=TERM),
    End("INT", 128 + INT, number=INT),
    End("HUP", 128 + HUP, number=HUP),
    End("lost line", 128 + HUP, dropped=True),
    End("stall and INT", 128 + INT, stalled=True, number=INT),
    End("stall and lost line", 128 + HUP, stalled=True, dropped=True),
    End("stall and lost line, hang-up ignored", 128 + HUP, stalled=True, dropped=True, ignores_hangup=True),
    End("TERM, no door", 128 + TERM, door=False, number=TERM),
    End("lost line, hang-up ignored, no door", 128 + HUP, door=False, dropped=True, ignores_hangup=True),
    End("stall and TERM, no door", 128 + TERM, door=False, stalled=True, number=TERM),
)


def test_ends_in_mid_payment_and_in_mid_letter(
    own_sandbox: Callable[..., SandboxProcess], record_property: Callable[[str, object], None]
) -> None:
    panel = own_sandbox(fleet=60)
    typed = ""
    ends = ENDS if LONG else ALWAYS
    assert len(ENDS) >= 12
    issue_invoices(panel, len(ends))
    for life, end in enumerate(ends):
        with program(panel, door=end.door, ignore_hangup=end.ignores_hangup) as operator:
            in_order(operator, payments=life)
            payment_hangs(panel, operator)
            operator.write_letter(begun=typed)
            word = f"life{life}"
            if end.stopped:
                suspend(operator)
            if end.stalled:
                operator.stall()
            operator.terminal.send(word.encode())
            typed += word
            if end.stalled:  # the loop goes on while the terminal takes nothing, and keeps what is typed
                wait_until(partial(is_kept, typed), f"{end.name}: the letter is kept")
            else:
                operator.sees(typed)
            ended(operator.terminal, end)
            assert is_kept(typed), f"{end.name}: the last word of the letter is lost"
        panel.faults()
    record_property("ends in mid-payment and mid-letter", len(ends))
    with program(panel, door=True) as operator:
        in_order(operator, payments=len(ends))
        operator.write_letter(begun=typed)
        operator.press("\x11", "Quit billtui?")
        operator.terminal.send(b"\r")
        assert operator.terminal.wait_end(10)[0] == 0
        as_before(operator.terminal)


def payment_hangs(panel: SandboxProcess, operator: Operator) -> None:
    """Pay an invoice: the panel does it, and its answer takes for ever."""
    before = len(panel.ledger())
    panel.faults({"kind": "slow-body", "ms": 60_000, "method": "POST", "path": "/invoices"})
    operator.pay_first_invoice()
    operator.terminal.wait_for(lambda: len(panel.ledger()) > before)
    reader = journal()
    [open_now] = reader.in_state(S.SENDING)
    assert open_now.sends == 1
    reader.close()


def in_order(operator: Operator, *, payments: int) -> None:
    """What earlier lives began is settled: each payment done, each once."""
    if payments:
        reader = journal()
        jobs = reader.jobs()
        operator.terminal.wait_for(lambda: [one.counts for one in reader.jobs()] == [{S.DONE: 1}] * payments)
        assert len(jobs) == payments
        assert all(row.sends == 1 for job in jobs for row in reader.operations(job.id)), "nothing is sent again"
        assert reader.verify() == []
        reader.close()


def is_kept(typed: str) -> bool:
    """Whether the letter on the disk has these words."""
    return draft_texts() == [typed]


def suspend(operator: Operator) -> None:
    """Stop the process as the shell's ctrl+z does, then bring it back."""
    terminal = operator.terminal
    operator.stop(signal.SIGTSTP)
    while terminal.read(0):
        pass
    as_before(terminal)
    operator.is_drawn_whole_by(lambda: os.kill(terminal.pid, signal.SIGCONT), "New ticket", "Subject")


def ended(terminal: Terminal, end: End) -> None:
    """End the life, and look at what it leaves."""
    if end.number:
        os.kill(terminal.pid, end.number)
    if end.dropped:
        os.close(terminal.master)
    code, seconds = terminal.wait_end(LIMIT + 2, reading=not (end.stalled or end.dropped))
    assert code == end.code, end.name
    assert seconds < LIMIT, f"{end.name}: {seconds:.2f} s"
    if not end.dropped:
        while terminal.read(0):
            pass
        as_before(terminal)
