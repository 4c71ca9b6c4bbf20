"""The copy of tickets beside a panel on which everything that can happen to them happens at random (TKT-6, TKT-8)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.ticket_moves import copy_follows

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
SEEDS = range(30) if LONG else range(1)
STEPS = 60 if LONG else 20


@pytest.mark.faults
@pytest.mark.parametrize("staff", [False, True], ids=["client", "staff"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_the_copy_is_what_the_panel_shows(tmp_path: Path, seed: int, staff: bool) -> None:
    await copy_follows(tmp_path, seed, STEPS, staff=staff)
