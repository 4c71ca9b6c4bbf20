"""A panel of a few lines on a real port, for what the reference panel would never do: forget, lie, vanish."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PASSWORD = "right-password"


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(amount: str) -> Json:
    return {"amount": amount, "currency": "EUR"}


def order(number: int, **other: Any) -> Json:
    return {
        "id": str(number),
        "name": f"web-{number:05}.example",
        "kind": "vds",
        "plan": f"vds-{number % 3}",
        "location": ("nl", "de", "us")[number % 3],
        "address": f"192.0.2.{number % 250}",
        "state": "active",
        "created_at": iso(NOW - timedelta(days=400)),
        "paid_until": iso(NOW + timedelta(days=number % 60, hours=1)),
        "monthly_price": money("9.50"),
        "discount_percent": "5",
        "billing_day": 1,
        "in_use_since": iso(NOW - timedelta(days=400)),
        "version": 1,
    } | other


def invoice(number: int, **other: Any) -> Json:
    return {
        "id": f"i{number}",
        "number": str(5000 + number),
        "kind": "renewal",
        "state": "unpaid",
        "issued_at": iso(NOW - timedelta(days=1)),
        "due_at": iso(NOW + timedelta(days=6)),
        "total": money("19.00"),
        "title": f"Renewal of web-{number:05}",
        "line_count": 1,
        "lines": [
            {
                "order_id": str(number),
                "title": f"web-{number:05}, 2 months",
                "list_price": money("19.00"),
                "amount": money("19.00"),
            }
        ],
        "version": 1,
    } | other


def transfer(number: int, **other: Any) -> Json:
    return {
        "id": f"t{number}",
        "order_id": str(number),
        "order_name": f"web-{number:05}.example",
        "plan": "vds-1",
        "location": "nl",
        "address": f"192.0.2.{number % 250}",
        "monthly_price": money("9.50"),
        "paid_until": iso(NOW + timedelta(days=30)),
        "direction": "out",
        "state": "awaiting sender",
        "counterparty": "ivan",
        "counterparty_account_id": "2002",
        "created_at": iso(NOW),
        "expires_at": iso(NOW + timedelta(hours=72)),
        "history": [{"state": "awaiting sender", "at": iso(NOW), "by": "olena"}],
        "version": 1,
    } | other


def ticket(number: int, **other: Any) -> Json:
    """A ticket with the messages that :meth:`SmallPanel.write` gives it; none yet."""
    return {
        "id": f"k{number}",
        "number": str(7000 + number),
        "subject": f"Disk of web-{number:05} is full",
        "department": "technical",
        "state": "open",
        "created_at": iso(NOW - timedelta(hours=number)),
        "updated_at": iso(NOW - timedelta(hours=number)),
        "message_count": 0,
        "version": 1,
    } | other


def message(number: int, ticket_id: str, body: str = "It does not start.", **other: Any) -> Json:
    return {
        "id": f"m{number}",
        "ticket_id": ticket_id,
        "author": "olena",
        "author_role": "client",
        "at": iso(NOW + timedelta(seconds=number)),
        "body": body,
    } | other


class SmallPanel:
    """Orders and invoices that tests change at will; every change is in the feed unless told otherwise."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self.objects: dict[str, dict[str, Json]] = {"order": {}, "invoice": {}, "transfer": {}, "ticket": {}}
        self.threads: dict[str, list[Json]] = {}
        self.me: Json = {
            "panel_id": "panel-1",
            "account_id": "1001",
            "login": "olena",
            "email": "olena@example.net",
            "currency": "EUR",
            "balances": {"internal": money("100.00"), "affiliate": money("5.00")},
            "capabilities": ["changes", "operations", "invoices.pay", "transfers"],
            "version": 1,
        }
        self.feed: list[Json] = []
        self.oldest = 0
        self.epoch = 0
        self.tokens: set[str] = set()
        self.requests: list[str] = []
        self.questions: list[str] = []
        """Paths with their queries."""
        self.lists_cut_at: int | None = None
        self.gone_after_a_page: str | None = None
        """Lists go by offset, as some panels' do, and this order is deleted once its page was given."""
        self.lists_by_id = False
        """Whether lists know the filter ``id``."""
        self.polls = 0
        self.port = 0
        self.server: ThreadingHTTPServer | None = None

    # -- life

    def start(self) -> SmallPanel:
        panel = self

        class Handler(_Handler):
            small = panel

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=lambda s=self.server: s.serve_forever(0.02), daemon=True).start()
        return self

    def stop(self) -> None:
        """Gone: connections are refused, and the ones there are end."""
        server, self.server = self.server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        with self.lock:
            self.epoch += 1
            self.lock.notify_all()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -- what tests do to it

    def put(self, kind: str, thing: Json, *, quietly: bool = False) -> None:
        with self.lock:
            old = self.objects[kind].get(thing["id"])
            if old is not None and "version" not in thing.get("_keep", ()):
                thing = thing | {"version": max(old["version"] + 1, thing.get("version", 0))}
            self.objects[kind][thing["id"]] = thing
            if not quietly:
                self._tell(kind, thing["id"], "changed" if old else "created", thing["version"])

    def write(self, *messages: Json, quietly: bool = False) -> None:
        """Add messages to their tickets, which tell of it."""
        with self.lock:
            for one in messages:
                key = one["ticket_id"]
                thread = self.threads.setdefault(key, [])
                thread.append(one)
                told = {"last_message_id": one["id"], "message_count": len(thread), "updated_at": one["at"]}
                self.put("ticket", self.objects["ticket"][key] | told, quietly=quietly)

    def change(self, kind: str, key: str, **fields: Any) -> None:
        self.put(kind, self.objects[kind][key] | fields)

    def delete(self, kind: str, key: str, *, quietly: bool = False) -> None:
        with self.lock:
            del self.objects[kind][key]
            if not quietly:
                self._tell(kind, key, "deleted", 9)

    def set_balance(self, amount: str) -> None:
        with self.lock:
            self.me = self.me | {"balances": self.me["balances"] | {"internal": money(amount)}}
            self._tell("account", "1001", "changed", 2)

    def _tell(self, kind: str, key: str, change: str, version: int) -> None:
        self.feed.append({"kind": kind, "id": key, "version": version, "change": change})
        self.lock.notify_all()

    def forget_feed(self) -> None:
        """Every cursor given so far is too old."""
        with self.lock:
            self.feed.append({"kind": "ticket", "id": "0", "version": 1, "change": "changed"})
            self.oldest = len(self.feed)
            self.lock.notify_all()

    def expire(self) -> None:
        """All sessions end; polls that wait notice at once."""
        with self.lock:
            self.tokens.clear()
            self.epoch += 1
            self.lock.notify_all()

    def count(self, part: str) -> int:
        return sum(1 for line in self.requests if part in line)

    # -- what it answers

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Json, token: str) -> tuple[int, Json]:
        with self.lock:
            if (method, path) == ("POST", "/sessions"):
                if body.get("password") != PASSWORD:
                    return problem(401, "wrong-credentials")
                fresh = f"token-{len(self.requests):06}"  # none is the beginning of another
                self.tokens.add(fresh)
                return 201, {"token": fresh, "expires_at": iso(NOW + timedelta(days=14))}
            if token not in self.tokens:
                return problem(401, "session-expired")
            if (method, path) == ("DELETE", "/sessions/current"):
                self.tokens.discard(token)
                return 204, {}
            if path == "/me":
                return 200, self.me
            if path == "/changes":
                return self._changes(query, token)
            if path == "/messages":
                return self._every_message(query)
            if path.startswith("/tickets/") and path.endswith("/messages"):
                return self._thread(path.split("/")[2], query)
            kinds = {"orders": "order", "invoices": "invoice", "transfers": "transfer", "tickets": "ticket"}
            kind = kinds.get(path.split("/")[1], "")
            if not kind:
                return problem(404, "not-found")
            things = self.objects[kind]
            if path.count("/") == 1:
                return self._list(things, query)
            key = path.split("/")[2]
            return (200, things[key]) if key in things else problem(404, "not-found")

    def _list(self, things: dict[str, Json], query: dict[str, list[str]]) -> tuple[int, Json]:
        limit = int(query.get("limit", ["50"])[0])
        after = query.get("cursor", [""])[0]
        asked = set(query.get("id", things) if self.lists_by_id else things)
        keys = sorted(key for key in things if key > after and key in asked)
        page = keys[:limit]
        more = len(keys) > limit
        if self.lists_cut_at is not None and more:
            more = page[-1] < sorted(things)[self.lists_cut_at]
        items = [{k: v for k, v in things[key].items() if k not in ("lines", "history")} for key in page]
        answer = {"items": items, "next_cursor": page[-1] if more else None, "total": len(things)}
        if self.gone_after_a_page is not None and self.gone_after_a_page in page and more:
            answer["next_cursor"] = keys[limit]  # what moves up into its place is passed by
            del things[self.gone_after_a_page]
            self.gone_after_a_page = None
        return 200, answer

    def _thread(self, key: str, query: dict[str, list[str]]) -> tuple[int, Json]:
        if key not in self.objects["ticket"]:
            return problem(404, "not-found")
        return self._messages(self.threads.get(key, []), query)

    def _every_message(self, query: dict[str, list[str]]) -> tuple[int, Json]:
        since, states = query.get("since", [""])[0], query.get("state")
        every = sorted((one for thread in self.threads.values() for one in thread), key=lambda one: one["at"])
        chosen = [
            one for one in every
            if one["at"] >= since and (states is None or self.objects["ticket"][one["ticket_id"]]["state"] in states)
        ]  # fmt: skip
        return self._messages(chosen, query)

    @staticmethod
    def _messages(messages: list[Json], query: dict[str, list[str]]) -> tuple[int, Json]:
        ids = [one["id"] for one in messages]
        after = query.get("cursor", query.get("after", [""]))[0]
        if after and after not in ids:
            return problem(422, "invalid")
        rest = messages[ids.index(after) + 1 if after else 0 :]
        limit = int(query.get("limit", ["50"])[0])
        page = rest[:limit]
        return 200, {"items": page, "next_cursor": page[-1]["id"] if len(rest) > limit else None}

    def _changes(self, query: dict[str, list[str]], token: str) -> tuple[int, Json]:
        if "after" not in query:
            return 200, {"items": [], "cursor": str(len(self.feed))}
        after = int(query["after"][0])
        epoch = self.epoch
        self.polls += 1
        self.lock.notify_all()
        self.lock.wait_for(
            lambda: len(self.feed) > after or self.epoch != epoch, timeout=float(query.get("wait", ["0"])[0])
        )
        if token not in self.tokens:
            return problem(401, "session-expired")
        if after < self.oldest:
            return problem(410, "cursor-expired")
        return 200, {"items": self.feed[after:], "cursor": str(len(self.feed))}


def problem(status: int, code: str) -> tuple[int, Json]:
    return status, {"title": code, "status": status, "detail": f"{code}.", "code": code, "_problem": True}


class _Handler(BaseHTTPRequestHandler):
    small: SmallPanel
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        return

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/api/v1")
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}") if length else {}
        self.small.requests.append(f"{self.command} {path}")
        self.small.questions.append(self.path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        status, answer = self.small.answer(self.command, path, parse_qs(parts.query), body, token)
        kind = "application/problem+json" if answer.pop("_problem", False) else "application/json"
        content = b"" if status == 204 else json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close" if self.small.server is None else "keep-alive")
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_DELETE = do_PATCH = _serve  # noqa: N815 - names that the library looks for
