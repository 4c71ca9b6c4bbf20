"""The panel's tickets, driven by two of support and two clients, and held against the model after every step."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billtui.domain.models.tickets import TicketPriority, TicketState
from billtui.sandbox.database import Database
from billtui.sandbox.engine import (
    attachments,
    operations,
    server_access,
    ticket_merging,
    ticket_messages,
    ticket_triage,
    tickets,
)
from billtui.sandbox.engine.ticket_messages import Draft
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.ticket_triage import Change
from billtui.sandbox.engine.ticket_views import messages_json
from billtui.sandbox.engine.tickets import ClientChange, Wish
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.http.calls import refused
from tests.support.engine import StandingTime
from tests.support.ticket_eyes import CANARY, CLIENTS, OLENA, SAM, STAFF, TicketEyes
from tests.support.ticket_model import Held, Said, TicketModel

DEPARTMENTS = ("technical", "finance")
TAGS = (f"{CANARY}-vip", f"{CANARY}-net", f"{CANARY}-late")
_PLACE = st.integers(0, 10_000)
_STAFF = st.sampled_from(STAFF)
_CLIENT = st.sampled_from(CLIENTS)
_SEEN = st.sampled_from(["last", "last", "last", "none", "older", "of a note"])


class Desk(RuleBasedStateMachine):
    """A small panel with the tickets of its seed, and those that come."""

    sown: ClassVar[Path | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ticket-machine-"))
        if Desk.sown is None:
            Desk.sown = Path(tempfile.mkdtemp(prefix="ticket-sown-")) / "panel.db"
            Database.open(Desk.sown, seed=5, fleet=8, clock_source=StandingTime()).close()
        for part in Desk.sown.parent.glob("panel.db*"):
            shutil.copy(part, self.folder / part.name)
        self.time = StandingTime()
        self.database = Database.open(self.folder / "panel.db", clock_source=self.time)
        self.model = TicketModel()
        self.count = 0
        self.eyes = TicketEyes(self.database, self.model)

    def teardown(self) -> None:
        with self.database.read() as tx:
            kept = " ".join(
                str(row)
                for row in tx.sql(
                    "SELECT answer FROM operations JOIN accounts ON accounts.id = account_id WHERE role = 'client'"
                )
            )
        self.database.close()
        shutil.rmtree(self.folder)
        assert CANARY not in kept, "what is kept of a client's writes holds nothing of staff's"

    @initialize()
    def begin(self) -> None:
        """The feeds from here on, and a ticket of each client."""
        self.eyes.begin()
        for who in CLIENTS:
            self._open(who, "technical", None)
            self.observe()

    # --- doing

    def do(self, who: Person, work: Callable[[Tx], Any]) -> operations.Answer:
        """A write with a key, as the HTTP surface does it; whatever a client is answered is looked through."""
        self.count += 1
        key = f"k-{self.count}"
        answer = operations.execute(
            self.database, who.account_id, key, key, lambda tx: operations.Answer(200, work(tx)), refused
        )
        if not who.is_staff:
            assert CANARY not in json.dumps(answer.body)
        return answer

    def now(self) -> datetime:
        return self.database.now()

    def in_hours(self, hours: float) -> datetime:
        """So many from now on."""
        return self.now() + timedelta(hours=hours)

    def words(self, who: Person, *, internal: bool = False) -> str:
        """A body that says whose it is."""
        self.count += 1
        return f"{CANARY} note {self.count}" if internal else f"word {self.count} of {who.login}"

    def pick(self, place: int, account: int | None = None) -> Held:
        """A ticket, mostly one that is worked on here; of one account where that is asked."""
        every = [one for one in self.model.tickets.values() if account in (None, one.account)]
        alive = [one for one in every if one.merged_into is None] if place % 5 else every
        return (alive or every)[place // 5 % len(alive or every)]

    def expect(self, answer: operations.Answer, code: str | None) -> bool:
        """Whether it was done; what was refused must be refused for this reason."""
        if code is None:
            assert answer.status == 200, answer.body
            return True
        assert answer.status >= 400 and answer.body["code"] == code, (code, answer.body)
        return False

    # --- opening and writing

    @rule(who=_CLIENT, department=st.sampled_from(DEPARTMENTS))
    def open_one(self, who: Person, department: str) -> None:
        """TKT-1, by its client."""
        self._open(who, department, None)

    @rule(who=_STAFF, client=_CLIENT)
    def open_for(self, who: Person, client: Person) -> None:
        """TKT-1, by support for a client."""
        self._open(who, "finance", client)

    def _open(self, who: Person, department: str, client: Person | None) -> None:
        now, body = self.now(), self.words(who)
        account = (client or who).account_id
        wish = Wish(department, f"About {self.count}", body, account_id=None if client is None else str(account))
        answer = self.do(who, lambda tx: tickets.open_ticket(tx, who, wish))
        assert self.expect(answer, None)
        one = Held(answer.body["id"], account, department, wish.subject, now, now)
        self.model.tickets[one.id] = one
        said = Said(answer.body["last_message_id"], one.id, one.id, who.role, who.login, body)
        self.model.wrote(one, said, now, close=False)

    @rule(
        who=st.sampled_from((*CLIENTS, *STAFF)), place=_PLACE, seen=_SEEN, close=st.sampled_from([False] * 5 + [True])
    )
    def write(self, who: Person, place: int, seen: str, close: bool) -> None:
        """TKT-5, TKT-9: to any ticket, one's own or not, with the last message, an older one, or a note as seen."""
        self.say(who, self.pick(place), seen, internal=False, close=close)

    @rule(who=_STAFF, place=_PLACE, seen=_SEEN, close=st.sampled_from([False] * 8 + [True]), file=st.booleans())
    def note(self, who: Person, place: int, seen: str, close: bool, file: bool) -> None:
        """TKT-6: nothing of it shows to the client, unless it closes the ticket: then that shows, and nothing else."""
        self.say(who, self.pick(place), seen, internal=True, close=close, file=file)

    @rule(who=_CLIENT, place=_PLACE)
    def note_of_a_client(self, who: Person, place: int) -> None:
        """Nobody but staff writes notes."""
        self.say(who, self.pick(place), "none", internal=True, close=False)

    @rule(who=_CLIENT, place=_PLACE)
    def write_to_own(self, who: Person, place: int) -> None:
        """The plain case, with a file."""
        self.say(who, self.pick(place, who.account_id), "last", internal=False, close=False, file=True)

    def say(self, who: Person, one: Held, seen: str, *, internal: bool, close: bool, file: bool = False) -> None:
        """A message, held against the model."""
        thread = self.model.thread(one.id, staff=True)
        notes = [said.id for said in thread if said.internal] or ["n999"]
        visible = self.model.thread(one.id, staff=who.is_staff)
        named = {
            "last": visible[-1].id,
            "none": None,
            "older": visible[0].id,
            "of a note": notes[-1],
        }[seen]
        body, now = self.words(who, internal=internal and who.is_staff), self.now()
        files = (self._upload(who, internal=internal),) if file else ()
        draft = Draft(body, named, files, internal, close)
        code = self.model.refused(one, who.role, who.account_id, named, now, internal=internal)

        def work(tx: Tx) -> Any:
            row = tickets.seen_ticket(tx, who, one.id)
            message = ticket_messages.write(tx, who, row, draft)
            return {"message": messages_json(tx, [message])[0], "ticket": tickets.ticket_json(tx, who, row)}

        answer = self.do(who, work)
        if self.expect(answer, code):
            message = answer.body["message"]
            assert (message["body"], message["internal"], message["author"]) == (body, internal, who.login)
            said = Said(message["id"], one.id, one.id, who.role, who.login, body, internal)
            self.model.wrote(one, said, now, close=close)
            for attachment in files:
                self.eyes.files[attachment] = (who.account_id, said.id)

    def _upload(self, who: Person, *, internal: bool) -> str:
        name = f"{CANARY}.log" if internal and who.is_staff else "a.log"
        data = (CANARY if internal and who.is_staff else "plain").encode()
        answer = self.do(who, lambda tx: attachments.upload(tx, who, name, data))
        attachment = str(answer.body["id"])
        self.eyes.files[attachment] = (who.account_id, None)
        return attachment

    # --- what a client changes

    @rule(who=_CLIENT, place=_PLACE)
    def close(self, who: Person, place: int) -> None:
        """TKT-5."""
        one, now = self.pick(place), self.now()
        answer = self.do(who, lambda tx: tickets.change_as_client(tx, who, one.id, ClientChange(close=True)))
        if self.expect(answer, None if one.account == who.account_id else "not-found"):
            self.model.into_state(one, "closed", now)

    @rule(who=_CLIENT, place=_PLACE, stars=st.integers(1, 5))
    def rate(self, who: Person, place: int, stars: int) -> None:
        """Once somebody answered, or it is closed."""
        one = self.pick(place)
        code = None if one.first_answer is not None or one.state in ("answered", "closed") else "not-rateable"
        if one.account != who.account_id:
            code = "not-found"
        answer = self.do(who, lambda tx: tickets.change_as_client(tx, who, one.id, ClientChange(rating=stars)))
        if self.expect(answer, code):
            one.rating = stars

    # --- server access

    @rule(who=_CLIENT, place=_PLACE)
    def give(self, who: Person, place: int) -> None:
        """TKT-4."""
        one = self.pick(place)
        self.count += 1
        secret = f"{CANARY} access {self.count}"
        code = "ticket-merged" if one.merged_into else "ticket-closed" if one.state == "closed" else None
        if one.account != who.account_id:
            code = "not-found"
        answer = self.do(who, lambda tx: server_access.give(tx, who, one.id, secret))
        if self.expect(answer, code):
            one.access, one.access_state = secret, "given"

    @rule(who=st.sampled_from((*STAFF, OLENA)), place=_PLACE, reason=st.sampled_from(["look", " "]))
    def reveal(self, who: Person, place: int, reason: str) -> None:
        """TKT-4: by support, for a reason, while it is there."""
        one = self.pick(place)
        if not who.is_staff:
            code: str | None = "forbidden" if one.account == who.account_id else "not-found"
        elif one.access_state == "none":
            code = "no-access-given"
        elif one.access_state == "wiped":
            code = "access-wiped"
        else:
            code = None if reason.strip() else "reason-missing"
        answer = self.do(who, lambda tx: server_access.reveal(tx, who, one.id, reason))
        if self.expect(answer, code):
            assert answer.body["access"] == one.access
            one.readings.insert(0, (who.login, reason))

    # --- triage

    @rule(
        who=_STAFF,
        places=st.lists(_PLACE, min_size=1, max_size=3),
        department=st.sampled_from([None, None, *DEPARTMENTS]),
        priority=st.sampled_from([None, *TicketPriority]),
        assignee=st.sampled_from([None, "sam.desk", "ada.desk", "", "olena.marsh"]),
        state=st.sampled_from([None, None, "open", "closed", "on hold"]),
        hours=st.sampled_from([-1, 1, 5, 100]),
        add=st.sets(st.sampled_from(TAGS), max_size=2),
        remove=st.sets(st.sampled_from(TAGS), max_size=1),
    )
    def triage(
        self, who: Person, places: list[int], department: str | None, priority: TicketPriority | None,
        assignee: str | None, state: str | None, hours: int, add: set[str], remove: set[str],
    ) -> None:  # fmt: skip
        """TKT-8: one, or several at once: all or none."""
        chosen = list({one.id: one for one in map(self.pick, places)}.values())
        until = self.in_hours(hours) if state == "on hold" else None
        change = Change(
            department, priority, assignee, None if state is None else TicketState(state), until, None,
            tuple(sorted(add)), tuple(sorted(remove)),
        )  # fmt: skip
        self.change(who, chosen, change)

    def change(self, who: Person, chosen: list[Held], change: Change) -> None:
        """By one call; what it comes to is held against the model."""
        codes = {one.id: self._why_not(one, change) for one in chosen}
        refused_ones = {one: code for one, code in codes.items() if code is not None}
        expected = None
        if change.assignee == "olena.marsh":
            expected = "no-such-colleague"
        elif refused_ones:
            expected = next(iter(refused_ones.values())) if len(refused_ones) == 1 else "tickets-refused"
        if len(chosen) == 1:
            answer = self.do(who, lambda tx: ticket_triage.change(tx, who, chosen[0].id, change))
        else:
            ids = [one.id for one in chosen]
            answer = self.do(who, lambda tx: {"items": ticket_triage.bulk(tx, who, ids, change)})
        if not self.expect(answer, expected):
            if len(chosen) > 1 and expected != "no-such-colleague":
                assert set(answer.body["fields"]) == {f"ticket_ids.{one}" for one in refused_ones}, "each is named"
            return
        for one in chosen:
            self._triaged(one, change)

    def _why_not(self, one: Held, change: Change) -> str | None:
        if one.merged_into is not None:
            return "ticket-merged"
        if change.state == "on hold":
            if one.state == "closed":
                return "ticket-closed"
            return "hold-in-the-past" if change.hold_until is None or change.hold_until <= self.now() else None
        return None

    def _triaged(self, one: Held, change: Change) -> None:
        before = one.open_to_clients()
        if change.department is not None and change.department != one.department:
            one.department, one.assignee = change.department, None
        if change.assignee is not None:
            one.assignee = change.assignee or None
        if change.priority is not None:
            one.priority = change.priority.value
        one.tags = (one.tags | set(change.tags_add)) - set(change.tags_remove)
        if change.state is not None:
            self.model.into_state(one, change.state.value, self.now(), change.hold_until)
        if one.open_to_clients() == before and change.state is None:
            self.eyes.unseen.add(one.id)

    # --- merging, taking out, splitting

    @precondition(lambda self: len(self.model.tickets) > 2)
    @rule(
        who=_STAFF, into=_PLACE, places=st.lists(_PLACE, min_size=1, max_size=2), foreign=st.sampled_from([0, 0, 0, 1])
    )
    def merge(self, who: Person, into: int, places: list[int], foreign: int) -> None:
        """TKT-8: of one account, into one that is alive."""
        target = self.pick(into)
        account = None if foreign else target.account
        sources = list({one.id: one for one in (self.pick(place, account) for place in places)}.values())
        self.put_together(who, target, sources)

    def put_together(self, who: Person, target: Held, sources: list[Held]) -> None:
        """A merge, held against the model."""
        wanted = [one for one in sources if one is not target]
        answer = self.do(who, lambda tx: ticket_merging.merge(tx, who, [one.id for one in sources], target.id))
        wrong = [one for one in wanted if one.account != target.account or one.merged_into is not None]
        dead = target.merged_into is not None or target.state == "closed"
        code = "not-mergeable" if not wanted or dead or len(wrong) == 1 else "tickets-refused" if wrong else None
        if not self.expect(answer, code):
            return
        told_each = [self._panel_said(one.id) for one in wanted]
        self.model.merged(wanted, target, self._panel_said(target.id), told_each, self.now())

    @precondition(lambda self: bool(self.model.tickets))
    @rule(who=_STAFF, place=_PLACE)
    def unmerge(self, who: Person, place: int) -> None:
        """TKT-8: exactly what it had."""
        merged = [one for one in self.model.tickets.values() if one.merged_into is not None]
        self.take_out(who, merged[place // 5 % len(merged)] if merged and place % 5 else self.pick(place))

    def take_out(self, who: Person, one: Held) -> None:
        """The end of a merge, held against the model."""
        code = None
        if one.merged_into is None:
            code = "not-merged"
        elif self.model.tickets[one.merged_into].merged_into is not None:
            code = "not-mergeable"
        into = one.merged_into
        answer = self.do(who, lambda tx: ticket_merging.unmerge(tx, who, one.id))
        if self.expect(answer, code) and into is not None:
            self.model.unmerged(one, [self._panel_said(one.id), self._panel_said(into)])
            self.model.passed(self.now())

    def _panel_said(self, ticket: str) -> Said:
        """What the panel wrote into a ticket last: it must be there, for everybody."""
        with self.database.read() as tx:
            found = tx.sql(
                "SELECT number, body, author_role, internal FROM ticket_messages WHERE thread_id = ?"
                " ORDER BY id DESC LIMIT 1",
                (int(ticket),),
            ).fetchone()
        assert (found[2], found[3]) == ("panel", 0), "the panel tells of it"
        return Said(str(found[0]), ticket, ticket, "panel", "", found[1])

    @rule(who=_STAFF, place=_PLACE, chosen=st.lists(_PLACE, min_size=1, max_size=3))
    def split(self, who: Person, place: int, chosen: list[int]) -> None:
        """TKT-3, TKT-8: messages keep who wrote them, when, and their ids."""
        one, now = self.pick(place), self.now()
        thread = self.model.thread(one.id, staff=True)
        picked = list({thread[at % len(thread)].id: thread[at % len(thread)] for at in chosen}.values())
        answer = self.do(
            who, lambda tx: ticket_merging.split(tx, who, one.id, [said.id for said in picked], "Another", "finance")
        )
        own = [said for said in thread if said.ticket == one.id and said.role != "panel" and not said.internal]
        going = [said for said in picked if not said.internal]
        bad = any(said.ticket != one.id or said.role == "panel" for said in picked)
        code = "not-splittable" if bad or not going or len(going) == len(own) else None
        if one.merged_into is not None:
            code = "ticket-merged"
        if not self.expect(answer, code):
            return
        in_order = [said for said in thread if said in going]
        new = Held(answer.body["id"], one.account, "finance", "Another", now, now, split_from=one.id)
        view = self._view(new.id)
        new.priority = one.priority
        new.state = "open" if in_order[-1].role == "client" else "answered"
        new.owed = datetime.fromisoformat(self._row(new.id, "owed_since"))
        answers = [said for said in in_order if said.role != "client"]
        new.first_answer = None if not answers else datetime.fromisoformat(view["first_answer_at"])
        self.model.tickets[new.id] = new
        for said in picked:
            said.ticket = said.shows = new.id
        self.model.said += [self._panel_said(new.id), self._panel_said(one.id)]

    def _view(self, ticket: str) -> dict[str, Any]:
        with self.database.read() as tx:
            return dict(tickets.get_ticket(tx, SAM, ticket))

    def _row(self, ticket: str, column: str) -> str:
        with self.database.read() as tx:
            (value,) = tx.sql(f"SELECT {column} FROM tickets WHERE id = ?", (int(ticket),)).fetchone()
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)).isoformat()

    # --- time

    @rule(hours=st.sampled_from([0.1, 2, 6, 30, 24 * 13, 24 * 15]))
    def wait(self, hours: float) -> None:
        """Holds end, closed tickets can be opened again no more."""
        self.database.advance(round(hours * 3_600))
        self.model.passed(self.now())

    # --- looking

    @invariant()
    def look(self) -> None:
        """Everything that anybody can get, after every step."""
        if self.eyes.cursors:
            self.observe()

    def observe(self) -> None:
        """Between the steps of a rule."""
        self.eyes.observe()
