"""A panel behind a real port, and executors that are closed in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from billtui.services.executor import Executor, JobEvent, Limits
from tests.support.executors import executors
from tests.support.money_panel import MoneyPanel

LIMITS = Limits(concurrency=3, first_pause=0.02, longest_pause=0.1, rate_pause=0.01)
NewExecutor = Callable[..., Executor]


@pytest.fixture
def panel() -> Iterator[MoneyPanel]:
    with MoneyPanel() as panel:
        yield panel


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


@pytest.fixture
def events() -> list[JobEvent]:
    return []


@pytest.fixture
def new_executor(panel: MoneyPanel, journal_path: Path, events: list[JobEvent]) -> Iterator[NewExecutor]:
    """Starts executors on the test's journal."""
    with executors() as begin:

        def start(**options: Any) -> Executor:
            settings: dict[str, Any] = {"listener": events.append, "limits": LIMITS} | options
            return begin(panel.client, journal_path, **settings)

        yield start


@pytest.fixture
def executor(new_executor: NewExecutor) -> Executor:
    return new_executor()
