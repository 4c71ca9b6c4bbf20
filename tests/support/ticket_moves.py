"""Tickets written, noted, merged, split, deleted at random on a small panel, and what of them may be seen."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential
from billtui.services.session import Session, SessionSettings
from tests.services.session.test_session_reads import Pocket
from tests.support.small_panel import NOW, PASSWORD, SmallPanel, iso, message, ticket


@dataclass
class Desk:
    """Moves of a panel's staff and clients, at random, and what comes of them for whoever asks."""

    dice: random.Random
    panel: SmallPanel
    staff: bool
    made: int = 0
    wrote: int = 0
    merged: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    marks: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """What a message was merged from before its ticket was merged, which unmerging gives back."""

    def move(self) -> None:
        """One of the things that happen to tickets."""
        keys = sorted(self.panel.objects["ticket"])
        moves = [self.open, self.write, self.write, self.write]
        if keys:
            moves += [self.write, self.burst, self.note, self.close, self.split, self.delete, self.rename]
        if len(keys) > 1:
            moves += [self.merge, self.merge, self.unmerge]
        with self.panel.lock:
            self.dice.choice(moves)()

    def _any(self) -> str:
        if not self.panel.objects["ticket"]:
            self.open()
        return self.dice.choice(sorted(self.panel.objects["ticket"]))

    def open(self) -> None:
        self.made += 1
        self.panel.put("ticket", ticket(self.made))
        self._say(f"k{self.made}")

    def write(self) -> None:
        self._say(self._any())

    def burst(self) -> None:
        key = self._any()
        for _ in range(self.dice.choice([2, 3, 5, 120])):
            self._say(key)

    def note(self) -> None:
        """Seen by staff alone; a client gets neither the note nor any sign of it (TKT-6)."""
        if self.staff:
            self._say(self._any(), internal=True, author_role="support")

    def _say(self, key: str, **more: Any) -> None:
        self.wrote += 1
        at = iso(NOW + timedelta(seconds=self.wrote // 3))  # several in one second
        self.panel.write(message(self.wrote, key, f"said {self.wrote} in {key}", at=at, **more))

    def close(self) -> None:
        self.panel.change("ticket", self._any(), state=self.dice.choice(["closed", "open", "answered", "on hold"]))

    def rename(self) -> None:
        self.panel.change("ticket", self._any(), subject=f"other {self.wrote}")

    def delete(self) -> None:
        key = self._any()
        self.merged = {gone: (into, ids) for gone, (into, ids) in self.merged.items() if key not in (gone, into)}
        self.panel.threads.pop(key, None)
        self.panel.delete("ticket", key)

    def merge(self) -> None:
        source, target = self.dice.sample(sorted(self.panel.objects["ticket"]), 2)
        if source in self.merged or target in self.merged:
            return
        moved = [one | {"ticket_id": target, "merged_from": source} for one in self.panel.threads.get(source, [])]
        self.marks |= {(source, one["id"]): one.get("merged_from") for one in self.panel.threads.get(source, [])}
        self.merged[source] = (target, [one["id"] for one in moved])
        self._put(source, [], state="closed", merged_into=target)
        self._put(target, [*self.panel.threads.get(target, []), *moved])

    def unmerge(self) -> None:
        if not self.merged:
            return
        source = self.dice.choice(sorted(self.merged))
        target, ids = self.merged.pop(source)
        both = self.panel.threads.get(target, [])
        back = [
            one | {"ticket_id": source, "merged_from": self.marks[source, one["id"]]}
            for one in both
            if one["id"] in ids
        ]
        self._put(target, [one for one in both if one["id"] not in ids])
        self._put(source, back, state="open", merged_into=None)

    def split(self) -> None:
        key = self._any()
        thread = self.panel.threads.get(key, [])
        if len(thread) < 2:
            return
        chosen = {one["id"] for one in self.dice.sample(thread, self.dice.randint(1, len(thread) - 1))}
        self.made += 1
        new = f"k{self.made}"
        self.panel.put("ticket", ticket(self.made, split_from=key))
        for gone, (into, ids) in self.merged.items():
            self.merged[gone] = (into, [one for one in ids if one not in chosen])
        self._put(new, [one | {"ticket_id": new} for one in thread if one["id"] in chosen])
        self._put(key, [one for one in thread if one["id"] not in chosen])

    def _put(self, key: str, thread: list[dict[str, Any]], **more: Any) -> None:
        thread = sorted(thread, key=lambda one: (one["at"], int(one["id"][1:])))
        self.panel.threads[key] = thread
        last = thread[-1]["id"] if thread else None
        more["merged_from"] = sorted(gone for gone, (into, _) in self.merged.items() if into == key)
        self.panel.change("ticket", key, message_count=len(thread), last_message_id=last, **more)


async def copy_follows(place: Path, seed: int, steps: int, *, staff: bool) -> None:
    """After each refresh what was opened, and every few steps the whole copy, is what the panel shows."""
    panel = SmallPanel()
    panel.me |= {"capabilities": [*panel.me["capabilities"], "tickets"], "role": "support" if staff else "client"}
    desk = Desk(random.Random(seed), panel, staff)
    panel.start()
    settings = SessionSettings(
        connection=ConnectionSettings(panel.url), login="olena", background=False, data_dir=place / "data",
        state_dir=place / "state",
    )  # fmt: skip
    pocket = Pocket(Credential("password", SecretStr(PASSWORD), "test"))
    try:
        async with Session(settings, credentials=pocket) as session:
            for step in range(steps):
                for _ in range(desk.dice.randint(1, 3)):
                    desk.move()
                await session.refresh()
                if step % 5 == 4:
                    await session.tickets.copy_messages()
                    agree(session, panel, staff=staff)
                elif panel.objects["ticket"] and desk.dice.random() < 0.3:
                    key = desk._any()
                    await session.refresh()
                    await session.tickets.thread(key)
                    assert said(session, key) == written(panel, key) and session.store.messages_known(key).whole
    finally:
        panel.stop()


def said(session: Session, key: str) -> list[tuple[str, str, int, str]]:
    return [(row.id, row.body, row.internal, row.merged_from) for row in session.store.messages(key)]


def written(panel: SmallPanel, key: str) -> list[tuple[str, str, int, str]]:
    return [
        (one["id"], one["body"], int(one.get("internal", False)), one.get("merged_from") or "")
        for one in panel.threads.get(key, [])
    ]


def agree(session: Session, panel: SmallPanel, *, staff: bool) -> None:
    """Tickets, threads and words are the panel's; of staff the threads of what is worked on, or was opened."""
    store = session.store
    assert {row.id for row in store.tickets()} == panel.objects["ticket"].keys()
    for key, one in panel.objects["ticket"].items():
        if not staff or one["state"] != "closed" or store.messages_known(key).whole:
            assert said(session, key) == written(panel, key), key
    for hit in store.search_messages("said", 50):
        assert any(row.id == hit.message_id for row in store.messages(hit.ticket_id))
