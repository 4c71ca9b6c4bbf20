"""The tickets of a large panel: many of them, by many clients, most long closed (TKT).

They are told step by step together with the demo's stories, so that ids rise with time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from billtui.domain.rules.tickets import TicketFacts
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.seed.ticket_phrases import TOPICS, Topic

MOST = 49_984
"""Tickets that a panel is sown with at most, beside the stories: 50,000 with them."""
A_SERVER = 5
"""So many tickets for each server of the fleet."""
FROM = 100
"""A fleet of so many servers, or fewer, has the demo's tickets alone."""
A_CUSTOMER = 50
"""One more client for so many tickets."""
HOUR = "@HOUR@"
"""Stands in the texts for the hour of the day in which it began."""
_FLEET_OWNER = 0.3
"""The part of them that belongs to the owner of the fleet."""
_YEARS = 2 * 365 * 24.0
_TAGS = ("", "", "", "", " network ", " backup ", " billing ", " follow-up ", " vip ")
_STATES = ("open", "answered", "on hold", "closed")
_WEIGHTS = (8, 8, 3, 81)


def how_many(fleet: int) -> int:
    """Tickets beside the stories for a fleet of this size."""
    return min(MOST, A_SERVER * fleet) if fleet > FROM else 0


@dataclass(slots=True)
class Turn:
    """Something that happens to one of them, so many hours ago: a message, or a hold."""

    ago: float
    ticket: Told
    by: str
    """``client``, ``staff`` or ``note``; ``hold`` is no message."""
    body: str
    close: bool = False


@dataclass(slots=True)
class Told:
    """One of them: what is known of it before it begins."""

    owner: int
    """Account id."""
    topic: Topic
    subject: str
    priority: int
    tags: str
    colleague: str
    began: int
    """So many hours before its first message what it tells of began."""
    order_id: int | None
    row: TicketRow | None = None
    facts: TicketFacts | None = None
    """How the rules see it after its last turn: thousands of tickets are not worked out anew for each."""


def turns(random: Random, count: int, customers: Sequence[int], servers: Sequence[int]) -> Iterator[Turn]:
    """Everything that happened to ``count`` tickets, in no order. The first of ``customers`` owns the fleet."""
    for state in random.choices(_STATES, _WEIGHTS, k=count):
        is_fleet = random.random() < _FLEET_OWNER or len(customers) == 1
        owner = customers[0] if is_fleet else customers[1 + int(random.random() * (len(customers) - 1))]
        topic = TOPICS[int(random.random() * len(TOPICS))]
        values = {
            "n": random.randint(2, 90),
            "ip": f"203.0.113.{random.randint(1, 254)}",
            "hour": HOUR,
        }
        began = random.randint(1, 14)
        told = Told(
            owner=owner,
            topic=topic,
            subject=topic.subject.format(**values),
            priority=random.choices((0, 1, 2, 3), (2, 10, 78, 10))[0],
            tags=random.choice(_TAGS),
            began=began,
            colleague=random.choice(("sam.desk", "ada.desk")),
            order_id=random.choice(servers) if is_fleet and servers and random.random() < 0.6 else None,
        )
        yield from _turns(random, told, state, values)


def _turns(random: Random, told: Told, state: str, values: dict[str, object]) -> Iterator[Turn]:
    rounds = random.choices((0, 1, 2, 3), (25, 45, 20, 10))[0] if state == "open" else random.choice((1, 1, 1, 2, 3))
    if state == "closed":
        ago = 24.0 + random.random() * _YEARS
    elif state == "open":
        ago = random.expovariate(1 / 9) + 0.02
    else:
        ago = 3.0 + random.random() * 10 * 24
    step = min(ago / (2 * rounds + 2), random.uniform(0.2, 12.0))
    yield Turn(ago, told, "client", told.topic.question.format(**values))
    for place in range(rounds):
        ago -= step
        if random.random() < 0.12:
            yield Turn(
                ago + step / 3, told, "note", "Looked at it, see the graph of the node. Nothing to be done there."
            )
        answer = random.choice(told.topic.answers).format(**values)
        is_last = place == rounds - 1 and state != "open"
        yield Turn(ago, told, "staff", answer, close=is_last and state == "closed")
        if not is_last:
            ago -= step
            yield Turn(ago, told, "client", random.choice(told.topic.replies).format(**values))
    if state == "on hold":
        yield Turn(ago - step / 2, told, "hold", "")
