"""A panel of tickets and their messages: pages made beforehand, each answer held back. A process of its own.

``python -m bench.ticket_stub TICKETS MILLISECONDS`` prints its port and ends with its standard input. The tickets are
of a support worker's kind: most of them are closed, their threads have one to nine messages.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.panel_stub import ACCOUNT, HEAD, NOW, PAGE, stamp

STATES = ("closed", "closed", "closed", "closed", "closed", "closed", "open", "answered", "open", "on hold")
DEPARTMENTS = ("technical", "finance", "sales", "abuse")
SAYINGS = """
server disk answers slowly since the update backup invoice paid twice network packet loss kernel panic mount volume
сервер не отвечает после обновления диск заполнен оплата счёт резервная копия
сервер не відповідає після оновлення диск переповнений резервна копія платіж
Festplatte antwortet langsam seit dem Neustart Rechnung bezahlt Sicherung Netzwerk
"""
WORDS = SAYINGS.split()
STAFF = ACCOUNT | {"role": "support", "capabilities": ["changes", "tickets", "staff"]}
MESSAGES_A_PAGE = 100


def body(seed: int, words: int = 60) -> str:
    """So many words, others for each seed."""
    return " ".join(WORDS[(seed * 31 + at * at * 7 + at) % len(WORDS)] for at in range(words)) + f" ref{seed:07}"


def count_of(number: int) -> int:
    """How many messages a ticket has."""
    return number * 7 % 9 + 1


def message(number: int, at: int) -> dict[str, Any]:
    """The message of a ticket with this place in its thread."""
    mine = at % 2 == 0
    return {
        "id": f"{number}-{at}",
        "ticket_id": f"{number}",
        "author": "kofi.brandt" if mine else "sam.desk",
        "author_role": "client" if mine else "support",
        "at": stamp(NOW - timedelta(minutes=13 * number) + timedelta(minutes=at)),
        "body": body(number * 10 + at),
    }


def ticket(number: int) -> dict[str, Any]:
    """One ticket of a list, as long as real ones are; the lower its number the newer it is."""
    count = count_of(number)
    opened = NOW - timedelta(minutes=13 * number)
    return {
        "id": f"{number}",
        "number": f"{2_000_000 + number}",
        "subject": body(number, 5),
        "department": DEPARTMENTS[number % 4],
        "state": STATES[number % 10],
        "priority": ("normal", "normal", "high", "service down", "low")[number % 5],
        "account_id": f"{number % 3000}",
        "login": f"client-{number % 3000}",
        "order_id": f"{number % 9000}",
        "assignee": ("sam.desk", "ada.desk", None)[number % 3],
        "created_at": stamp(opened),
        "updated_at": stamp(opened + timedelta(minutes=count)),
        "last_client_message_at": stamp(opened),
        "last_message_id": f"{number}-{count - 1}",
        "last_author_role": "client" if count % 2 else "support",
        "message_count": count,
        "at_stake": {"amount": f"{number % 90}.50", "currency": "EUR"},
        "tags": ["disk"] if number % 4 == 0 else [],
        "version": 1,
    }


def ticket_page(tickets: int, at: int) -> bytes:
    """One page of the list of tickets."""
    items = [ticket(number) for number in range(at, min(at + PAGE, tickets))]
    more = str(at + PAGE) if at + PAGE < tickets else None
    return json.dumps({"items": items, "next_cursor": more, "total": tickets}).encode()


async def serve(tickets: int, held: float) -> None:
    """Answer until standard input ends; messages are told of the tickets that are worked on."""
    pages = {at: ticket_page(tickets, at) for at in range(0, max(tickets, 1), PAGE)}
    worked = [number for number in reversed(range(tickets)) if STATES[number % 10] != "closed"]
    every = sorted((message(number, at) for number in worked for at in range(count_of(number))), key=lambda m: m["at"])

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                target = urlsplit(head.split(b" ", 2)[1].decode())
                query, path = parse_qs(target.query), target.path.removeprefix("/api/v1")
                await asyncio.sleep(held)
                answer = b'{"items": [], "next_cursor": null, "total": 0}'
                if path == "/tickets":
                    answer = pages[int(query.get("cursor", ["0"])[0])]
                elif path == "/messages":
                    since = query.get("since", [""])[0]
                    at = int(query.get("cursor", ["-1"])[0])
                    first = next((n for n, one in enumerate(every) if one["at"] >= since), 0) if at < 0 else at
                    end = first + MESSAGES_A_PAGE
                    told = {"items": every[first:end], "next_cursor": str(end) if end < len(every) else None}
                    answer = json.dumps(told).encode()
                elif path == "/me":
                    answer = json.dumps(STAFF).encode()
                elif path == "/changes":
                    await asyncio.sleep(float(query.get("wait", ["0"])[0]))
                    answer = b'{"items": [], "cursor": "1"}'
                writer.write(HEAD % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
