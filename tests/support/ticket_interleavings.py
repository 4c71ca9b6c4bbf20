"""Two of support and a client, each with a program of their own, who get in each other's way in random order (TKT-9).

Each has a real session: drafts, planner, journal, executor; the panel is a real one. After every step it is held that
no reply stands on a thread of which its writer has not been shown everything, that every word that was saved is in a
draft or was sent, once, and that a client gets no word of a note. The order comes from a seed: what fails comes again.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from pydantic import SecretStr

from billtui.client.errors import ClientError
from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential, SaveResult
from billtui.services.drafts import Draft
from billtui.services.journal import OperationState
from billtui.services.letters import Letter
from billtui.services.session import Session, SessionSettings
from tests.support.correspondence import CLIENT, COLLEAGUE, SUPPORT
from tests.support.listening import until
from tests.support.sandbox import Json, SandboxProcess

S = OperationState
ENDED = frozenset({S.DONE, S.REFUSED, S.NOT_SENT, S.CANCELLED})
CANARY = "canary-note"
STEPS = 10
ASIDES = ("write", "write", "note", "merge", "merge", "unmerge", "unmerge", "close", "reassign", "split")
_DOWN = {"kind": "drop-before"}
_LOST = ("drop-before", "drop-after")


class Kept:
    """Keeps a token for a program that starts again."""

    def __init__(self, token: str) -> None:
        self.credential: Credential | None = Credential("token", SecretStr(token), "test")

    def load(self) -> Credential | None:
        return self.credential

    def save(self, credential: Credential) -> SaveResult:
        self.credential = credential
        return SaveResult("test", None)

    def forget(self) -> list[str]:
        return []

    def missed(self) -> str:
        return ""

    def cancel(self) -> None:
        pass


@dataclass
class Word:
    """What somebody has begun to write: what of it is on disk, and what its writer was shown of the thread."""

    mark: str
    """Its body begins with it."""
    internal: bool
    saved: str = ""
    shown: set[str] = field(default_factory=set)
    sent: str | None = None
    """The id of the message that it became."""


@dataclass
class Writer:
    """Somebody at a program, with one letter open at most."""

    login: str
    token: str
    settings: SessionSettings
    session: Session
    letter: Letter | None = None
    word: Word | None = None
    words: dict[str, Word] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    """Ids of the messages that this one wrote."""

    @property
    def staff(self) -> bool:
        return self.login != CLIENT

    def close_letter(self) -> None:
        """What was not saved is gone with the screen."""
        self.letter = self.word = None


class Broken(AssertionError):
    """What must never happen has happened."""


class Stage:
    """One panel and three programs, for many interleavings one after the other."""

    def __init__(self, sandbox: SandboxProcess, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.writers: list[Writer] = []
        self.count = 0
        self._line = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=30)
        self._read_to: dict[str, str] = {}
        self.done: dict[str, int] = {}
        """How often each kind of thing has happened: a test that never did it proves nothing."""

    async def open(self) -> None:
        """Start the programs."""
        for login in (SUPPORT, COLLEAGUE, CLIENT):
            place = self.folder / login
            settings = SessionSettings(
                connection=ConnectionSettings(self.sandbox.url, retry_base=0.005, tries=2, write_deadline=10),
                profile="p", login=login, background=False, data_dir=place / "data", state_dir=place / "state",
            )  # fmt: skip
            token = self.sandbox.sign_in(login)
            self.writers.append(Writer(login, token, settings, await self.started(settings, token)))
        for writer in (self.writers[0], self.writers[2]):
            self.news_of(writer)

    async def close(self) -> None:
        """End them."""
        self._line.close()
        for writer in self.writers:
            await writer.session.close()

    async def started(self, settings: SessionSettings, token: str) -> Session:
        session = Session(settings, credentials=Kept(token))
        await session.open()
        await session.connect()
        return session

    # --- straight over the wire

    def straight(self, writer: Writer, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        """A request of this account by some other way than its program."""
        self.count += 1
        headers = {"Idempotency-Key": f"straight-{self.count}"} if body is not None else {}
        headers |= {"Authorization": f"Bearer {writer.token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        self._line.request(method, f"/api/v1{path}", sent, headers)
        answer = self._line.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def news_of(self, writer: Writer) -> list[Json]:
        """Every message that this account may read and that was written since the last look."""
        found: list[Json] = []
        while True:
            after = self._read_to.get(writer.login)
            path = "/messages" if after is None else f"/messages?after={after}"
            _, page = self.straight(writer, "GET", path)
            found += page["items"]
            if found:
                self._read_to[writer.login] = found[-1]["id"]
            if page["next_cursor"] is None:
                return found

    def thread(self, writer: Writer, ticket_id: str) -> list[Json]:
        """A thread as this account reads it."""
        found: list[Json] = []
        while True:
            after = f"?after={found[-1]['id']}" if found else ""
            status, page = self.straight(writer, "GET", f"/tickets/{ticket_id}/messages{after}")
            assert status == 200, page
            found += page["items"]
            if page["next_cursor"] is None:
                return found


class Interleaving:
    """One of them: two tickets of the client, and steps in an order that the seed gives."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = Random(seed)
        self.seed = seed
        self.tickets: list[str] = []
        self.history: list[str] = []

    async def play(self, steps: int = STEPS) -> None:
        """Raises Broken, with what had been done."""
        try:
            self.tickets = [self._opened() for _ in range(2)]
            for _ in range(steps):
                await self._step()
                self._hold()
            await self._end()
        except AssertionError as error:
            raise Broken(f"seed {self.seed}: {error}\n" + "\n".join(self.history)) from error

    def _opened(self) -> str:
        client = self.stage.writers[2]
        body = {"department": "technical", "subject": f"About {self.seed}", "body": f"It is slow ({self.seed})."}
        status, answer = self.stage.straight(client, "POST", "/tickets", body)
        assert status == 201, answer
        return str(answer["id"])

    async def _step(self) -> None:
        writer = self.random.choice(self.stage.writers)
        if writer.letter is None:
            steps: Sequence[Callable[[Writer], Awaitable[None]]] = [self._begin] * 7 + [self._interfere] * 2
        else:
            steps = [
                *[self._type] * 3, *[self._send] * 4, *[self._send_too_late] * 2, self._send_and_lose, self._hold_back,
                self._hold_and_crash, self._send_and_crash, *[self._look] * 3, *[self._interfere] * 6, self._crash,
                self._down, self._walk_away,
            ]  # fmt: skip
        step = self.random.choice(steps)
        self._did(writer, step.__name__.strip("_"))
        await step(writer)

    def _did(self, writer: Writer, what: str) -> None:
        self.history.append(f"{writer.login} {what}")
        self.stage.done[what] = self.stage.done.get(what, 0) + 1

    # --- writing

    async def _begin(self, writer: Writer) -> None:
        """Open a draft that came back, or begin a letter on one of the tickets: its thread is shown."""
        drafts = writer.session.writing.drafts.all()
        if drafts and self.random.random() < 0.7:
            draft = self.random.choice(drafts)
            writer.letter, writer.word = writer.session.writing.open(draft), self._word_of(writer, draft)
            return
        ticket_id = self.random.choice(self.tickets)
        internal = writer.staff and self.random.random() < 0.3
        ticket = await writer.session.writing.ticket(ticket_id)
        shown = {one["id"] for one in self.stage.thread(writer, ticket_id)}
        letter = writer.session.writing.reply(ticket, internal=internal)
        if letter.draft.revision:  # there was one already
            writer.letter, writer.word = letter, self._word_of(writer, letter.draft)
            return
        self.stage.count += 1
        mark = f"[{CANARY if internal else 'word'} {self.stage.count}]"
        word = Word(mark, internal, shown=shown)
        writer.words[mark] = word
        letter.edit(body=f"{mark} begun")
        writer.letter, writer.word = letter, word
        self._save(writer)

    def _word_of(self, writer: Writer, draft: Draft) -> Word:
        mark = f"{draft.body.partition(']')[0]}]"
        assert mark in writer.words, f"a draft of nobody: {draft.body}"
        return writer.words[mark]

    def _save(self, writer: Writer) -> None:
        assert writer.letter is not None and writer.word is not None
        writer.letter.save()
        writer.word.saved = writer.letter.draft.body

    async def _type(self, writer: Writer) -> None:
        """Some words more, on disk or not yet."""
        assert writer.letter is not None
        if writer.letter.standing.state.value == "sending":
            return
        writer.letter.edit(body=f"{writer.letter.draft.body} word", close=self.random.random() < 0.15)
        if self.random.random() < 0.7:
            self._save(writer)

    async def _walk_away(self, writer: Writer) -> None:
        """Leave the letter without a word: what was saved stays."""
        writer.close_letter()

    async def _look(self, writer: Writer) -> None:
        """See what is new, and say yes to it: only what was shown then is seen."""
        assert writer.letter is not None and writer.word is not None
        news = await writer.session.writing.news(writer.letter)
        writer.letter.accept(news)
        writer.word.shown |= {one.id.raw for one in news.messages}
        self._save(writer)

    # --- sending

    async def _planned(self, writer: Writer) -> Any:
        assert writer.letter is not None and writer.word is not None
        plan = await writer.session.writing.plan(writer.letter)
        writer.word.saved = writer.letter.draft.body
        if not plan.operations:
            codes = [one.code for one in plan.left_out]
            self.history.append(f"    not sent: {codes}")
            self.stage.done[codes[0]] = self.stage.done.get(codes[0], 0) + 1
            return None
        return plan

    async def _send(self, writer: Writer) -> None:
        plan = await self._planned(writer)
        if plan is not None:
            await self._submitted(writer, plan)

    async def _send_too_late(self, writer: Writer) -> None:
        """Between planning and sending somebody else does something."""
        plan = await self._planned(writer)
        if plan is not None:
            await self._interfere(writer)
            await self._submitted(writer, plan)

    async def _send_and_lose(self, writer: Writer) -> None:
        """The line breaks, before the panel has it or after."""
        plan = await self._planned(writer)
        if plan is not None:
            fault = {"kind": self.random.choice(_LOST), "times": 1, "method": "POST", "path": "/messages"}
            self.stage.sandbox.faults(fault)
            try:
                await self._submitted(writer, plan)
            finally:
                self.stage.sandbox.faults()

    async def _hold_back(self, writer: Writer) -> None:
        """Sent into the undo window, and taken back."""
        assert writer.letter is not None
        plan = await self._planned(writer)
        if plan is None:
            return
        job_id = writer.session.writing.submit(writer.letter, plan, hold_seconds=600)
        if writer.word is not None and not writer.word.internal:
            writer.session.executor.take_back(job_id)
        await self._ended(writer, job_id)

    async def _hold_and_crash(self, writer: Writer) -> None:
        """Sent into the undo window, and the program dies: it is not sent, and the draft is there."""
        assert writer.letter is not None and writer.word is not None
        plan = await self._planned(writer)
        if plan is not None:
            job_id = writer.session.writing.submit(writer.letter, plan, hold_seconds=600)
            held = not writer.word.internal  # a note goes at once all the same
            await self._crash(writer)
            await self._go_on(writer, job_id)
            assert not held or writer.session.journal.operation(job_id, 1).state is not S.DONE, (
                "held, and sent by a crash"
            )

    async def _send_and_crash(self, writer: Writer) -> None:
        """The program dies while it sends: sent or there, once."""
        assert writer.letter is not None
        plan = await self._planned(writer)
        if plan is not None:
            job_id = writer.session.writing.submit(writer.letter, plan)
            await self._crash(writer)
            await self._go_on(writer, job_id)

    async def _submitted(self, writer: Writer, plan: Any) -> None:
        assert writer.letter is not None
        await self._ended(writer, writer.session.writing.submit(writer.letter, plan))

    async def _ended(self, writer: Writer, job_id: str) -> None:
        journal = writer.session.journal
        await until(lambda: journal.operation(job_id, 1).state in ENDED)
        row = journal.operation(job_id, 1)
        self.history.append(f"    {row.state.value} {row.code}")
        if row.code:
            self.stage.done[row.code] = self.stage.done.get(row.code, 0) + 1
        self._arrived()
        if writer.letter is not None and not writer.letter.reload():
            writer.close_letter()

    async def _go_on(self, writer: Writer, job_id: str) -> None:
        """After a crash: what was confirmed and not sent waits for somebody who says so."""
        journal = writer.session.journal

        def over() -> bool:
            return journal.operation(job_id, 1).state in ENDED

        await until(lambda: over() or journal.job(job_id).paused is not None)
        if not over():
            writer.session.executor.resume(job_id)
        await self._ended(writer, job_id)

    # --- what happens around

    async def _down(self, writer: Writer) -> None:
        """The panel cannot be had: nothing is sent, nothing is lost."""
        assert writer.letter is not None
        self.stage.sandbox.faults(_DOWN | {"path": "/tickets"})
        try:
            await writer.session.writing.plan(writer.letter)
        except ClientError as error:
            self.history.append(f"    down: {error.code}")
        else:
            raise Broken("a panel that is down was asked, and answered")
        finally:
            self.stage.sandbox.faults()
        assert writer.word is not None
        writer.word.saved = writer.letter.draft.body

    async def _crash(self, writer: Writer) -> None:
        """The program dies and is started again: what was not saved is gone, what was is there."""
        writer.close_letter()
        await writer.session.close()
        writer.session = await self.stage.started(writer.settings, writer.token)
        writer.session.writing.returned()

    async def _interfere(self, writer: Writer) -> None:
        """Somebody else writes, notes, merges, takes out again, closes, gives it to a colleague, or splits it."""
        other = self.random.choice([one for one in self.stage.writers if one is not writer])
        staff = next(one for one in self.stage.writers if one.staff and one is not writer)
        here = self.random.choice(self.tickets)
        there = next(one for one in self.tickets if one != here)
        self.stage.count += 1
        mark = f"[aside {self.stage.count}]"
        kind = self.random.choice(
            ["write", "write", "note", "merge", "merge", "unmerge", "unmerge", "close", "reassign", "split"]
        )
        if kind == "write":
            status, answer = self.stage.straight(other, "POST", f"/tickets/{here}/messages", {"body": mark})
            if status == 201:
                other.own.add(answer["message"]["id"])
        elif kind == "note":
            body = {"body": f"[{CANARY} {self.stage.count}] aside", "internal": True}
            status, answer = self.stage.straight(staff, "POST", f"/tickets/{here}/messages", body)
            if status == 201:
                staff.own.add(answer["message"]["id"])
        elif kind == "merge":
            status, _ = self.stage.straight(staff, "POST", "/tickets/merge", {"ticket_ids": [here], "into": there})
        elif kind == "unmerge":
            status, _ = self.stage.straight(staff, "POST", f"/tickets/{here}/unmerge", {})
            if status >= 300:
                status, _ = self.stage.straight(staff, "POST", f"/tickets/{there}/unmerge", {})
        elif kind == "close":
            status, _ = self.stage.straight(staff, "PATCH", f"/tickets/{here}", {"state": "closed"})
        elif kind == "reassign":
            change = {"assignee": self.random.choice(["sam.desk", "ada.desk", ""]), "tags_add": ["moved"]}
            status, _ = self.stage.straight(staff, "PATCH", f"/tickets/{here}", change)
        else:
            written = [one["id"] for one in self.stage.thread(staff, here) if one["author_role"] != "panel"]
            body = {"message_ids": written[-1:], "subject": "Another problem", "department": "finance"}
            status, _ = self.stage.straight(staff, "POST", f"/tickets/{here}/split", body)
        name = f"{kind} {'done' if status < 300 else 'refused'}"
        self.history.append(f"    {other.login if kind == 'write' else staff.login}: {name} on {here}")
        self.stage.done[name] = self.stage.done.get(name, 0) + 1

    # --- what must hold

    def _arrived(self) -> None:
        """Take in what was written since: what a letter became, on a thread that its writer has seen (TKT-9)."""
        for message in self.stage.news_of(self.stage.writers[0]):
            self._check_message(message)
        for message in self.stage.news_of(self.stage.writers[2]):
            assert CANARY not in message["body"] and not message["internal"], "a note has reached the client"

    def _check_message(self, message: Json) -> None:
        mark = f"{message['body'].partition(']')[0]}]"
        for writer in self.stage.writers:
            word = writer.words.get(mark)
            if word is None:
                continue
            assert word.sent in (None, message["id"]), f"sent twice: {message['body']}"
            if word.sent is None:
                word.sent = message["id"]
                writer.own.add(message["id"])
                assert message["body"] == word.saved, f"sent {message['body']!r} instead of {word.saved!r}"
                assert message["internal"] is word.internal, "a note was sent as a reply, or the other way round"
                self._seen_all_before(writer, word, message)

    def _seen_all_before(self, writer: Writer, word: Word, message: Json) -> None:
        thread = [one["id"] for one in self.stage.thread(writer, message["ticket_id"])]
        before = set(thread[: thread.index(message["id"])])
        unseen = before - word.shown - writer.own
        assert not unseen, f"{writer.login} answered without having been shown {sorted(unseen)}"

    def _hold(self) -> None:
        """After every step: every saved word is in one draft or was sent, once."""
        for writer in self.stage.writers:
            drafts = [one.body for one in writer.session.writing.drafts.all()]
            for word in writer.words.values():
                if not word.saved:
                    continue
                copies = [body for body in drafts if body.startswith(word.mark)]
                if word.sent is None:
                    assert copies == [word.saved], f"lost: {word.saved!r}; there is {copies}"
                else:
                    assert copies in ([], [word.saved]), f"sent, and another is there: {copies}"

    async def _end(self) -> None:
        """Everything comes to its end; what a client can get is looked through; what is left is thrown away."""
        for writer in self.stage.writers:
            for job in writer.session.journal.jobs(open_only=True):
                await self._go_on(writer, job.id)
        self._arrived()
        client = self.stage.writers[2]
        for path in (*(f"/tickets/{one}" for one in self.tickets), "/tickets?limit=50", "/changes"):
            _, answer = self.stage.straight(client, "GET", path)
            assert CANARY not in json.dumps(answer) and "moved" not in json.dumps(answer.get("items", answer))
        for writer in self.stage.writers:
            drafts = writer.session.writing.drafts
            left = drafts.all()
            for word in writer.words.values():
                copies = [one for one in left if one.body.startswith(word.mark)]
                assert len(copies) == (word.sent is None), f"in the end: {word.saved!r} sent {word.sent}, {copies}"
            for draft in left:
                drafts.discard(draft)
            writer.close_letter()
            writer.words.clear()
