"""P-MEM: what a large piece of work needed once does not stay in the process."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from billtui.screens.collector import give_back

BLOCK = 60_000
"""Bytes: small enough to be taken from the heap, not from the system."""


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked")
def test_a_heap_that_one_block_holds_open_is_given_back() -> None:
    """The last block lies at the top, so that nothing below goes by itself."""
    blocks = [bytes([n % 256]) * BLOCK for n in range(600)]
    last = blocks[-1]
    full = resident()
    blocks.clear()
    before = resident()
    assert give_back()
    after = resident()
    assert before - after > 20_000_000 or full - after > 20_000_000
    assert last[0] == 599 % 256
