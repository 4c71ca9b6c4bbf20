"""Lists of something that was worked out: computed off the interface's loop, cancellable, the last result stays."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any, Generic, TypeVar

from textual.content import Content
from textual.widgets import Static

from billtui.commands import Command, of_scopes
from billtui.screens.list_screen import ListScreen
from billtui.services.solver import SolverStopped

MOST_COMPARED = 2_000
"""Of more orders any change of the copy counts: comparing them one by one would be felt."""
R = TypeVar("R")
Answer = TypeVar("Answer")


class ComputedScreen(ListScreen[R], Generic[R, Answer]):
    """A list whose rows come of a computation over the local copy; nothing is sent by it."""

    AREA = "Planner"
    WORKING = "Working it out …"
    order_ids: tuple[str, ...] = ()
    """The orders that it is about."""

    def __init__(self) -> None:
        """Nothing is known until the first computation ends."""
        super().__init__()
        self.opened_in = ""
        """The area that it was opened in; set by whoever opens it."""
        self.answer: Answer | None = None
        self.rows: Sequence[R] = ()
        self._stop = Event()
        self._working = False
        self._of: object = None
        """What the answer rests on (:meth:`rests_on`); ``None`` without an answer."""
        self._looked_at: tuple[tuple[object, int], object] | None = None
        """The copy that was looked at last, and what it says about the orders now."""

    @property
    def area(self) -> str:
        """Where ``esc`` leads back to."""
        return self.opened_in or self.AREA

    # --- what subclasses give

    @abstractmethod
    async def prepare(self) -> Callable[[Callable[[], bool]], tuple[Answer, Sequence[R]]]:
        """Read what is needed, in the loop; gives the work to be done off it. Raises ValueError, ClientError."""

    def headline(self, answer: Answer) -> str:
        """What stands in the heading beside the number of rows."""
        return ""

    # --- the computation

    async def compute(self) -> None:
        """Work it out anew; an older computation that still runs is stopped."""
        self._stop.set()
        stop = self._stop = Event()
        self._working = True
        self._show_around()
        self._show_state()
        try:
            work = await self.prepare()
            of = self.rests_on()  # whatever reading it brought into the copy is in the answer
            answer, rows = await asyncio.to_thread(work, stop.is_set)
        except SolverStopped:
            return
        except ValueError as error:
            self.billtui.say(str(error), "warning")
            return
        finally:
            if self._stop is stop:
                self._working = False
                if self.is_attached and not self.session.closed:
                    self._show_around()
                    self._show_state()
        if stop.is_set() or not self.is_attached:
            return
        self.answer, self.rows, self._of = answer, rows, of
        self.reload()
        self.refresh_keys()

    def on_unmount(self) -> None:
        """Nobody wants the answer any more."""
        self._stop.set()

    def rests_on(self) -> object:
        """What an answer rests on: the orders as the copy has them and how many services run; of very many the copy."""
        store = self.session.store
        copy = (store.path, store.generation())
        if len(self.order_ids) > MOST_COMPARED:
            return copy
        if self._looked_at is None or self._looked_at[0] != copy:
            rows = {key: row._replace(version=0) for key, row in store.order_rows(self.order_ids).items()}
            self._looked_at = copy, (store.path, rows, store.running_by_kind())
        return self._looked_at[1]

    @property
    def stale(self) -> bool:
        """Whether something that the answer rests on changed since."""
        return self._of is not None and self._of != self.rests_on()

    def begin_anew(self) -> None:
        """Another account: nothing worked out holds."""
        super().begin_anew()
        self._stop.set()
        self.answer, self.rows, self._of, self._looked_at = None, (), None, None

    # --- as a list

    def load_rows(self) -> Sequence[R]:
        """What was worked out last."""
        return self.rows

    def _show_state(self) -> None:
        if self.table.row_count:
            self.list_state.show_rows()
        elif self._working:
            self.list_state.show_loading(self.WORKING)
        elif self.table.total_count:
            self.list_state.show_empty("No row fits this view and filter. / changes the filter, v the view.")
        else:
            self.list_state.show_empty()

    def _show_around(self) -> None:
        super()._show_around()
        if self.has_class("filtering"):
            return
        parts: list[Content | tuple[str, str]] = [(f" {self.view.title if self.view else ''}", "bold")]
        if self._working:
            parts.append((f"  {self.WORKING}", "$text-accent"))
        if self.answer is not None:
            parts.append((f"  {self.headline(self.answer)}", "$muted"))
            if self.stale:
                parts.append(("  orders changed since: C works it out anew", "$text-warning"))
        if self.table.filter_words:
            parts += [("  filter: ", "$muted"), Content(" ".join(self.table.filter_words))]
        self.query_one("#heading-text", Static).update(Content.assemble(*parts))

    def commands_here(self) -> list[Command]:
        """Those of every list, without what means nothing here: marks; and ``enter`` is the screen's own."""
        buys = any(one.id.endswith(".buy") for one in of_scopes(self.SCOPES))
        return [
            one for one in super().commands_here() if "mark" not in one.id and not (buys and one.id == "table.open")
        ]

    def mark_refusal(self, row: Any) -> str | None:
        """Marks mean nothing here."""
        return "What is bought is what the answer says; choose other orders in the list of orders."
