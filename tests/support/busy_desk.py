"""The desk where what seldom meets by chance does meet: held tickets are answered, merged ones are merged on."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import rule

from billtui.domain.models.tickets import TicketState
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.engine.ticket_triage import Change
from tests.support.ticket_eyes import CLIENTS, STAFF
from tests.support.ticket_machine import DEPARTMENTS, TAGS, Desk
from tests.support.ticket_model import Held

_PLACE = st.integers(0, 10_000)
_STAFF = st.sampled_from(STAFF)


class BusyDesk(Desk):
    """Each rule brings a ticket to where its last step matters, in steps that are looked at one by one."""

    def having(self, place: int, fits: Callable[[Held], bool]) -> Held:
        """One that is not merged away and fits, where there is one; any otherwise."""
        found = [one for one in self.model.tickets.values() if one.merged_into is None and fits(one)]
        return found[place % len(found)] if found else self.pick(place)

    @rule(who=_STAFF, place=_PLACE, hours=st.sampled_from([0.5, 3, 40]))
    def answer_what_is_on_hold(self, who: Person, place: int, hours: float) -> None:
        """TKT-5: support's answer ends a hold."""
        one = self.having(place, lambda one: one.state == "on hold")
        if one.state != "on hold":
            one = self.having(place, lambda one: one.state != "closed")
            self.hold(who, one, hours)
        self.say(who, one, "last", internal=False, close=False)

    @rule(who=_STAFF, place=_PLACE, hours=st.sampled_from([0.5, 3, 40]))
    def write_behind_a_hold(self, who: Person, place: int, hours: float) -> None:
        """TKT-5, TKT-6: a note leaves a hold, its client's message ends it."""
        one = self.having(place, lambda one: one.state != "closed")
        self.hold(who, one, hours)
        self.say(who, one, "last", internal=True, close=False)
        self.observe()
        client = next(client for client in CLIENTS if client.account_id == one.account)
        self.say(client, one, "none", internal=False, close=False)

    @rule(who=_STAFF, place=_PLACE, hours=st.sampled_from([0.5, 3, 40]))
    def let_a_hold_end(self, who: Person, place: int, hours: float) -> None:
        """TKT-5: when its time is over the ticket is open again."""
        self.hold(who, self.having(place, lambda one: one.state != "closed"), hours)
        self.wait(hours)

    def hold(self, who: Person, one: Held, hours: float) -> None:
        """Put it on hold, from now."""
        until = self.in_hours(hours)
        self.change(who, [one], Change(state=TicketState.ON_HOLD, hold_until=until))
        self.observe()

    @rule(who=_STAFF, place=_PLACE, tags=st.sets(st.sampled_from(TAGS), min_size=1, max_size=2))
    def hand_over(self, who: Person, place: int, tags: set[str]) -> None:
        """TKT-8: to the other department, from somebody who has it."""
        one = self.having(place, lambda one: one.assignee is not None)
        if one.assignee is None:
            self.change(who, [one], Change(assignee=who.login))
            self.observe()
        other = next(name for name in DEPARTMENTS if name != one.department)
        self.change(who, [one], Change(other, tags_add=tuple(sorted(tags))))

    @rule(who=_STAFF, place=_PLACE, tag=st.sampled_from(TAGS))
    def tag(self, who: Person, place: int, tag: str) -> None:
        """TKT-6, TKT-8: what staff calls it, put on or off some time after anything else."""
        one = self.having(place, lambda _: True)
        self.wait(0.1)
        self.observe()
        self.change(who, [one], Change(tags_remove=(tag,)) if tag in one.tags else Change(tags_add=(tag,)))

    @rule(who=_STAFF, client=st.sampled_from(CLIENTS), place=_PLACE)
    def merge_on(self, who: Person, client: Person, place: int) -> None:
        """TKT-8: one goes into another, and that into a third, and is taken out again with what had gone into it."""
        own = [one for one in self.model.tickets.values() if one.account == client.account_id]
        alive = [one for one in own if one.merged_into is None and one.state != "closed"]
        while len(alive) < 3:
            self._open(client, DEPARTMENTS[0], None)
            self.observe()
            alive.append(list(self.model.tickets.values())[-1])
        first, second, third = ((alive + alive)[(place + at) % len(alive)] for at in range(3))
        self.put_together(who, second, [first])
        self.observe()
        self.put_together(who, third, [second])
        if place % 2:
            self.observe()
            self.take_out(who, second)

    @rule(who=_STAFF, place=_PLACE)
    def read_without_a_reason(self, who: Person, place: int) -> None:
        """TKT-4: server access that is there is read for a reason only."""
        one = self.having(place, lambda one: one.state != "closed")
        at = self.place_of(one)
        if one.access_state != "given":
            self.give(next(client for client in CLIENTS if client.account_id == one.account), at)
            self.observe()
        self.reveal(who, at, " ")

    @rule(who=_STAFF, place=_PLACE)
    def split_all_there_is(self, who: Person, place: int) -> None:
        """TKT-8: one message that the client can read stays."""
        one = self.having(place, lambda _: True)
        thread = self.model.thread(one.id, staff=True)
        own = [
            at for at, said in enumerate(thread) if said.ticket == one.id and said.role != "panel" and not said.internal
        ]
        self.split(who, self.place_of(one), own)

    def place_of(self, one: Held) -> int:
        """By which place :meth:`pick` finds it."""
        return 5 * list(self.model.tickets).index(one.id)
