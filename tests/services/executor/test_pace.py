"""The estimate of a job's pace: right where it is steady, silent where nothing can be known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.services.executor.pace import LEAST, UNKNOWN, WINDOW, Pace


def test_a_steady_job_has_its_rate_and_its_time_left() -> None:
    pace = Pace()
    for second in range(60):
        estimate = pace.look(float(second), second * 8, 1_000 - second * 8, moving=True)
    assert estimate.rate == pytest.approx(8.0) and estimate.seconds_left == pytest.approx((1_000 - 59 * 8) / 8)


def test_it_follows_a_job_that_slows_down_within_the_window() -> None:
    pace, closed = Pace(), 0
    for second in range(100):
        closed += 10 if second < 50 else 1
        estimate = pace.look(float(second), closed, 100, moving=True)
    assert estimate.rate == pytest.approx(1.0, abs=0.1)


def test_nothing_is_said_before_there_is_anything_to_say_and_after_a_pause() -> None:
    pace = Pace()
    assert pace.look(0.0, 0, 10, moving=True) == UNKNOWN
    assert pace.look(LEAST / 2, 5, 5, moving=True) == UNKNOWN
    assert pace.look(LEAST, 6, 4, moving=True).rate is not None
    assert pace.look(LEAST + 1, 6, 4, moving=False) == UNKNOWN
    assert pace.look(LEAST + 100, 6, 4, moving=True) == UNKNOWN, "the time of the pause counts for nothing"


def test_a_stalled_job_promises_no_time() -> None:
    pace = Pace()
    for second in range(int(WINDOW) + 5):
        estimate = pace.look(float(second), 3, 7, moving=True)
    assert estimate.rate == 0.0 and estimate.seconds_left is None


def test_operations_that_go_again_do_not_make_a_negative_rate() -> None:
    pace = Pace()
    pace.look(0.0, 100, 0, moving=True)
    pace.look(5.0, 60, 40, moving=True)
    assert pace.look(8.0, 63, 37, moving=True).rate == pytest.approx(1.0)


@given(st.lists(st.tuples(st.floats(0.01, 30), st.integers(-20, 200), st.booleans()), max_size=60))
def test_laws(looks: list[tuple[float, int, bool]]) -> None:
    """A rate is never negative, a time left only beside a positive rate, and only while the job moves."""
    pace, now, closed = Pace(), 0.0, 0
    for gap, more, moving in looks:
        now, closed = now + gap, max(0, closed + more)
        rate, left = pace.look(now, closed, 500, moving=moving)
        assert rate is None or rate >= 0
        assert moving or rate is None
        assert (left is not None) == (rate is not None and rate > 0)
