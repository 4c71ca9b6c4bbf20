"""What is typed ahead, as bytes on a real terminal: whole packets, before anything that they were typed for stood."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.support.driving import Panel
from tests.support.sandbox import SandboxProcess
from tests.terminal.slow_lines import SlowTerminal
from tests.terminal.whole_program import issue_invoices, journal, program

EARLY = "Typed before this stood here"
YES = b"\x1b[C\r"
"""To the second button, and press it."""


@pytest.mark.pty
@pytest.mark.faults
@pytest.mark.parametrize("door", [True, False] if os.environ.get("BILLTUI_FAULTS") == "long" else [True])
def test_packets_of_keys(own_sandbox: Callable[..., SandboxProcess], door: bool) -> None:
    """A whole day of impatience in one life; the terminal answers, as most do."""
    panel = own_sandbox(fleet=60)
    issue_invoices(panel, 1)
    truth = Panel(panel, panel.sign_in())
    before = truth.balances()
    with program(panel, door=door, columns=80, rows=24, terminal=SlowTerminal) as operator:
        terminal = operator.terminal
        assert isinstance(terminal, SlowTerminal)
        operator.press("3", "orders")
        operator.press("/qDpRx\r", "filter: qdprx")
        terminal.send(b"\x1b")
        operator.press(":planner\r", "7 Pla")
        operator.press("2", "○ unpaid", "p Pay")
        # Pay, by the first way, yes: all before the first of these questions stood.
        terminal.send(b"p\r" + YES + YES)
        operator.sees(EARLY, "Amount 3.33 EUR", "Cancel")
        assert journal().jobs(10) == []
        assert truth.balances() == before
        terminal.send(b"\x1b")
        operator.sees("Nothing was sent.")
        # The same by somebody who waits for the question pays, once.
        operator.press("p", "How?")
        operator.press("\r", "To a file")
        terminal.send(YES)
        terminal.wait_for(lambda: truth.balances() != before or EARLY in operator.text())
        if truth.balances() == before:  # faster than any eye: the terminal had not yet said that it has drawn it
            terminal.send(YES)
            terminal.wait_for(lambda: truth.balances() != before)
        # Words behind the key of a letter, on a ticket that was never opened, at 80 columns.
        operator.press("9", "tickets")
        operator.press("\raxqODpt\x0f", "xqODpt")
        operator.sees("Send” was typed before this was on the screen")
        assert len(journal().jobs(10)) == 1


@pytest.mark.pty
def test_keys_are_heard_again_where_the_end_of_a_paste_never_comes(own_sandbox: Callable[..., SandboxProcess]) -> None:
    with program(own_sandbox(fleet=5), door=True) as operator:
        operator.press("3", "orders")
        operator.terminal.send(b"\x1b[200~qdprx")
        operator.sees("qdprx", "No row fits")  # one word filters, as any that is pasted
        operator.terminal.send(b"\x1b")
        operator.terminal.wait_for(lambda: "No row fits" not in operator.text())
        operator.press("2", "Open invoices")
