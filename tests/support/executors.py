"""Executors of a test, all of which are closed when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from billtui.services.executor import Executor


@contextmanager
def executors() -> Iterator[Callable[..., Executor]]:
    """Gives what starts an executor; it takes what :class:`Executor` takes."""
    made: list[Executor] = []

    def start(*arguments: Any, **options: Any) -> Executor:
        executor = Executor(*arguments, **options)
        executor.start()
        made.append(executor)
        return executor

    yield start
    for executor in made:
        executor.close()
