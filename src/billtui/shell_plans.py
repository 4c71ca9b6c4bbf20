"""Plans on their way: handed to the executor, held back for a few seconds, followed until they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from textual.timer import Timer

from billtui.commands import handles
from billtui.screens.shell import Shell
from billtui.services.journal import JournalError
from billtui.services.waits import note_sent
from billtui.widgets.outbox import Waiting

if TYPE_CHECKING:
    from billtui.services.executor import JobEvent
    from billtui.services.plans import Plan
    from billtui.services.session_events import JobChanged


@dataclass(frozen=True, slots=True)
class Held:
    """A job in its undo window."""

    job_id: str
    title: str
    until: float
    """On the monotonic clock, in seconds."""


class PlansOnTheirWay(Shell):
    """The part of the shell that submits plans and hears of their jobs."""

    def __init__(self) -> None:
        """Nothing is on its way yet."""
        super().__init__()
        self._held: list[Held] = []
        self._held_timer: Timer | None = None
        self._finishing: dict[str, list[asyncio.Future[JobEvent]]] = {}
        self._offered: tuple[str, Callable[[], Coroutine[Any, Any, object]]] | None = None

    def submit(self, plan: Plan, *, hold: bool = False, codes: Mapping[int, SecretStr] | None = None) -> str:
        """Hand a confirmed plan to the executor; with ``hold`` it waits in the undo window. Gives the job's id."""
        self.shows_no_more()
        seconds = self.settings.undo_seconds if hold else 0
        job_id = self.session.submit(plan, hold_seconds=seconds, codes=codes)
        note_sent()
        if seconds:
            self._offered = None  # u is about this now, also when it comes too late
            self._held.append(Held(job_id, str(plan.title), self._now() + seconds))
            if self._held_timer is None:
                self._held_timer = self.set_interval(1, self._held_tick)
        self.dress_all()
        return job_id

    @staticmethod
    def _now() -> float:
        return time.monotonic()

    async def job_finished(self, job_id: str) -> JobEvent:
        """Wait until every outcome of a job of this program is final."""
        waiting: asyncio.Future[JobEvent] = asyncio.get_running_loop().create_future()
        self._finishing.setdefault(job_id, []).append(waiting)
        return await waiting

    @property
    def holds_something(self) -> bool:
        """Whether something waits in the undo window."""
        return bool(self._held)

    @property
    def held_titles(self) -> list[str]:
        """What waits in the undo window, in words."""
        return [held.title for held in self._held]

    def offer_undo(self, title: str, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """What was done last can be changed back: ``u`` does ``work`` until something else can be."""
        self._offered = (title, work)

    @property
    def undo_offered(self) -> bool:
        """Whether what was done last can be changed back."""
        return self._offered is not None

    def _forget_plans(self) -> None:
        """The session ends: nothing of it is held any more, and nobody hears of its jobs."""
        self._held.clear()
        self._offered = None
        for waiting in self._finishing.values():
            for one in waiting:
                one.cancel()
        self._finishing.clear()

    def _waiting(self) -> Waiting | None:
        if not self._held:
            return None
        last = self._held[-1]
        title = last.title if len(self._held) == 1 else f"{last.title} (+{len(self._held) - 1} more)"
        return Waiting(title, max(0, round(last.until - self._now())))

    def _held_tick(self) -> None:
        self._held = [held for held in self._held if held.until > self._now()]
        if not self._held and self._held_timer is not None:
            self._held_timer.stop()
            self._held_timer = None
        self.dress_all()

    @handles("app.undo")
    def undo(self) -> None:
        """Take back what was held last."""
        if not self._held and self._offered is not None:
            (_, work), self._offered = self._offered, None
            self.work(work())
            return
        if not self._held:
            self.say("Nothing waits to be taken back.")
            return
        held = self._held[-1]
        taken = self.session.executor.take_back(held.job_id)  # where the journal cannot be written it is held still
        self._held = [one for one in self._held if one is not held]
        if taken:
            self.say(f"Taken back: {held.title}. Nothing was sent.")
        else:
            self.say(f"Too late: {held.title} was sent already.", "warning")
        self.dress_all()

    def _job_moved(self, news: JobChanged) -> None:

        event = news.event
        self._held = [held for held in self._held if held.job_id != event.job_id or not event.done]
        if event.done:
            for waiting in self._finishing.pop(event.job_id, []):
                if not waiting.done():
                    waiting.set_result(event)
        from billtui.screens.jobs_news import summary_of

        if summary := summary_of(event):
            self.say(*summary)
        for screen in self.screen_stack:
            on_job = getattr(screen, "job_moved", None)
            if on_job is not None and screen.is_mounted:
                on_job(event)

    def _running_jobs(self) -> list[str]:
        account = self.session.account
        if account is None:
            return []
        try:
            jobs = self.session.journal.jobs(
                50, open_only=True, panel_id=account.panel_id.raw, account_id=account.account_id.raw
            )
        except JournalError as error:  # leaving, and going elsewhere, must be possible all the same
            return [f"what is at work cannot be told: {error}"]
        held = {one.job_id for one in self._held}
        return [str(job.title) for job in jobs if job.id not in held]
