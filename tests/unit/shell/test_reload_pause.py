"""How often screens are read anew while the copy changes under them."""

from __future__ import annotations

import pytest

from billtui.shell_news import LONGEST_PAUSE, SOON, pause_before_reload


@pytest.mark.parametrize("took", [0.0, 0.001, 0.02, 0.1, 1.0, 30.0])
def test_reading_screens_anew_takes_a_small_part_of_the_time(took: float) -> None:
    """P-SYNC: while the first copy is made a hundredth, later a fifth."""
    loading, later = (pause_before_reload(took, complete=complete) for complete in (False, True))
    assert SOON <= later <= loading <= LONGEST_PAUSE
    assert loading == LONGEST_PAUSE or took <= 0.0101 * (loading + took)
    assert later == LONGEST_PAUSE or took <= 0.201 * (later + took)
