"""The demo's longest thread and its longest message: what a program that shows tickets has to bear."""

from __future__ import annotations

import functools
from random import Random

from billtui.sandbox.seed.ticket_stories import ADA, CLIENT, SAM, Said, Story

LONG_THREAD = 400
"""Messages of the longest thread."""
LONG_MESSAGE = 200_000
"""Characters of the longest message."""

_HOSTS = ("web", "app", "db", "cache", "proxy", "queue", "mon", "git", "mail", "vpn")
_CLIENT = (
    "Next on the list is `{host}`: 4 volumes, about {gb} GB. We stop the services at {hour:02}:00 UTC and start the"
    " copy"
    " at once. Please watch the throughput of the node on your side.",
    "`{host}` is copied, checksums are equal on both sides:\n\n```\n{sum}  {host}.img\n{sum}  {host}.img (new)\n```\n\n"
    "DNS still points to the old address until the evening.",
    "The copy of `{host}` stopped at {percent} % with\n\n> rsync: connection unexpectedly closed ({gb}281 bytes"
    " received"
    " so far)\n\nThe old side shows nothing. Did something happen on the network between 1{percent} and now?",
    "Monitoring says that `{host}` answers in {ms} ms where it was {less} ms before. CPU steal in `vmstat 5`:\n\n```\n"
    "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n r  b   swpd   free   buff "
    " cache"
    "   si   so    bi    bo   in   cs us sy id wa st\n 3  0      0 {gb}412  22140 901216    0    0     4   210 1204"
    " 2310"
    " 31  6 55  1  7\n```\n\nIs the node crowded?",
    "Yes.",
    "Good, then we go on with `{host}` tomorrow at {hour:02}:00 UTC.",
    "> {less} ms is what the other servers of this node have as well.\n\nUnderstood. We leave `{host}` there for now"
    " and"
    " look again after the weekend.",
)
_SUPPORT = (
    "Seen, the node has room for it. The port is not limited tonight.",
    "No packet loss on our side in that time. The graph shows one flow that ends after {hour} min 41 s, so it was"
    " closed by"
    " the other end. `rsync --partial --append-verify` goes on where it stopped.",
    "The reverse record of `{host}` is set. It takes up to an hour until others see it.",
    "We have moved `{host}` to another node, without a restart. Steal should be below 1 % now; please look again.",
    "Thank you for the numbers. {less} ms is what the other servers of this node have as well.",
    "The old volume of `{host}` is kept for 7 days, then it is deleted. Tell us if you need it longer: see"
    " https://panel.example/help/volumes#keep.",
    "Done.",
)
_NOTES = (
    "Node nl-17 has two more of theirs coming on Thursday, keep 64 GB free.",
    "Handed over to me for the night shift; next check at {hour:02}:00 UTC.",
    "Steal came from a neighbour, moved that one instead.",
)


def _fleet_move(random: Random) -> Story:
    """A move of a whole fleet that took a month, told in :data:`LONG_THREAD` messages."""
    hours = sorted((random.uniform(1.5, 30 * 24) for _ in range(LONG_THREAD)), reverse=True)
    said: list[Said] = [
        Said(
            hours[0],
            CLIENT,
            "We move 40 servers from another provider to you during this month, one or two a night, and would like"
            " to keep"
            " everything about it in one ticket.\n\nPlan:\n- mail and DNS last\n- copy with rsync, then a short stop"
            " and a"
            " second pass\n- rollback by DNS within 15 minutes\n\nWho is our contact for the nights?",
        )
    ]
    for ago in hours[1:-1]:
        draw = random.random()
        if draw < 0.04:
            said.append(Said(ago, SAM, _filled(random, random.choice(_NOTES)), note=True))
        elif draw < 0.52:
            said.append(Said(ago, CLIENT, _filled(random, random.choice(_CLIENT))))
        else:
            by = SAM if draw > 0.9 else ADA
            said.append(Said(ago, by, _filled(random, random.choice(_SUPPORT))))
    said.append(
        Said(
            hours[-1], CLIENT, "That was number 40. We watch it for a week, then this ticket can be closed. Thank you!"
        )
    )
    return Story(
        owner=0,
        department="technical",
        subject="Move of 40 servers to you, night by night",
        said=tuple(said),
        assignee=ADA,
        tags="migration big-customer",
        order=5,
    )


def _filled(random: Random, template: str) -> str:
    host = f"{random.choice(_HOSTS)}-{random.choice(('nl', 'de', 'pl', 'fr'))}-{random.randint(1, 12):02}"
    return template.format(
        host=host,
        gb=random.randint(20, 900),
        hour=random.randint(0, 23),
        percent=random.randint(11, 97),
        ms=random.randint(40, 400),
        less=random.randint(5, 39),
        sum=random.randbytes(16).hex(),
    )


def _pasted_log(random: Random) -> Story:
    """Somebody pasted the whole log of a night into the message: exactly :data:`LONG_MESSAGE` characters."""
    head = (
        "The web server answers with 502 from time to time since midnight. I do not know which line matters, so here is"
        " the whole error log of the night:\n\n```\n"
    )
    tail = "\n```\n\nThe application itself logs nothing at these times."
    lines: list[str] = []
    left = LONG_MESSAGE - len(head) - len(tail)
    second = 0
    while left > 0:
        second += random.randint(1, 40)
        clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
        line = (
            f"2026/11/24 {clock} [error] 812#812: *{random.randint(100_000, 999_999)} upstream timed out (110:"
            " Connection"
            f" timed out) while reading response header from upstream, client: 198.51.100.{random.randint(1, 254)},"
            f' request: "GET /shop/item/{random.randint(1, 9_999)} HTTP/2.0", upstream: "http://127.0.0.1:8080"\n'
        )[:left]
        lines.append(line)
        left -= len(line)
    return Story(
        owner=0,
        department="technical",
        subject="502 from time to time since midnight",
        said=(
            Said(7.5, CLIENT, head + "".join(lines) + tail),
            Said(
                6.9,
                SAM,
                "Thank you. Every one of these lines is the same: the application on port 8080 does not answer"
                " within 60"
                " seconds. The node and the network are quiet.\n\nPlease look at how many workers it has, and at the"
                " slow"
                " queries of the database. Next time attach a log as a file, it is easier to search.",
            ),
        ),
        order=4,
    )


@functools.lru_cache(maxsize=4)
def long_stories(seed: int) -> tuple[Story, ...]:
    """Both of them; the same for the same seed."""
    random = Random(f"long tickets {seed}")
    return _fleet_move(random), _pasted_log(random)
