"""``/sandbox``: what a real panel never has. Time on demand, the mails, the ledger, faults, the external provider.

No sign-in: whoever reaches it is on this machine. So the Host header must be a loopback name (no page of the web gets
here by a name of its own that points to 127.0.0.1), and a browser's request from elsewhere is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from billtui.domain.periods import format_instant
from billtui.sandbox import mail
from billtui.sandbox.engine import balance, books, payments, shopkeeping
from billtui.sandbox.engine.shopkeeping import PromoCode
from billtui.sandbox.http.bodies import ClockBody, Reset, Settle, ShopBody
from billtui.sandbox.http.calls import dump
from billtui.sandbox.http.fault_set import FaultOrder
from billtui.sandbox.http.listing import only_once
from billtui.sandbox.http.panel import panel_of
from billtui.sandbox.http.problems import ApiProblem

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


async def only_from_here(request: Request) -> None:
    """Refuses a request that was not meant for this machine by whoever sent it."""
    host = _host("//" + request.headers.get("host", ""))
    origin = request.headers.get("origin")
    foreign = origin is not None and _host(origin) not in LOOPBACK
    if host not in LOOPBACK or foreign or request.headers.get("sec-fetch-site") == "cross-site":
        raise ApiProblem(403, "forbidden", "The sandbox answers to 127.0.0.1 and localhost only.")


router = APIRouter(prefix="/sandbox", include_in_schema=False, dependencies=[Depends(only_from_here)])


def _json(value: Any) -> Response:
    return Response(dump(value), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/accounts")
async def accounts(request: Request) -> Response:
    """Who can sign in, as the first line of a start says it."""
    panel = panel_of(request)
    return _json({"items": await panel.read(panel.database.seed_accounts)})


@router.get("/clock")
async def read_clock(request: Request) -> Response:
    """What time it is on the panel."""
    panel = panel_of(request)
    return _json({"now": format_instant(await panel.read(panel.database.now))})


@router.post("/clock")
async def move_clock(request: Request, body: ClockBody) -> Response:
    """Let time pass: every rule that falls due meanwhile fires in its order. It never goes back."""
    panel = panel_of(request)
    if (body.now is None) == (body.advance is None):
        raise ApiProblem(
            422, "invalid-input", "Send either now or advance.", fields={"now": "or advance, not both and not neither"}
        )
    target = body.now
    seconds = body.advance or 0.0

    def work() -> datetime:
        now = panel.database.advance(seconds) if target is None else panel.database.set_clock(target)
        panel.clock_moved()
        return now

    return _json({"now": format_instant(await panel.write(work))})


@router.get("/mail")
async def mails(request: Request) -> Response:
    """The mails that a real panel would have sent, oldest first; ``to``: only those to one address."""
    only_once(request, "to")
    panel = panel_of(request)
    to = request.query_params.get("to")
    url = str(request.base_url).rstrip("/")

    def work() -> list[Any]:
        with panel.database.read() as tx:
            return list(mail.mails(tx, to, url))

    return _json({"items": await panel.read(work)})


@router.get("/ledger")
async def ledger(request: Request, check: bool = False) -> Response:
    """Every movement of money; with ``check=true`` also what is wrong with the books (nothing, it is to be hoped)."""
    panel = panel_of(request)

    def work() -> dict[str, Any]:
        with panel.database.read() as tx:
            answer: dict[str, Any] = {"items": balance.whole_ledger(tx)}
            if check:
                answer["problems"] = books.check_books(tx.conn)
            return answer

    return _json(await panel.read(work))


@router.get("/catalogue")
async def read_catalogue(request: Request) -> Response:
    """Prices, stock and promo codes as they are, with how often each code was used."""
    panel = panel_of(request)

    def work() -> Any:
        with panel.database.read() as tx:
            return shopkeeping.shown(tx)

    return _json(await panel.read(work))


@router.post("/catalogue")
async def set_catalogue(request: Request, body: ShopBody) -> Response:
    """Change prices, stock and promo codes, all or nothing; orders that there are keep their price."""
    panel = panel_of(request)

    def work() -> Any:
        with panel.database.write() as tx:
            for price in body.prices:
                if (price.plan is None) == (price.addon is None):
                    detail = "A price is of a plan or of an add-on."
                    raise ApiProblem(422, "invalid-input", detail, fields={"prices": "plan or addon"})
                table, item = ("plans", price.plan) if price.addon is None else ("addons", price.addon)
                shopkeeping.set_price(tx, table, item or "", price.monthly_price.money())
            for cell in body.stock:
                shopkeeping.set_stock(tx, cell.plan, cell.location, cell.available)
            for code in body.promo_codes:
                shopkeeping.set_promo_code(tx, PromoCode(**{name: _plain(value) for name, value in code}))
            return shopkeeping.shown(tx)

    return _json(await panel.write(work))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@router.get("/faults")
async def read_faults(request: Request) -> Response:
    """The faults that are set, and how often each one struck."""
    return _json(panel_of(request).faults.view())


@router.post("/faults")
async def set_faults(request: Request, body: FaultOrder) -> Response:
    """Replace the set of faults; an empty one ends them."""
    faults = panel_of(request).faults
    faults.replace(body)
    return _json(faults.view())


@router.post("/provider/{payment_id}/settle")
async def settle(request: Request, payment_id: str, body: Settle | None = None) -> Response:
    """Play the external provider: it reports that a payment came in (INV-3, INV-11)."""
    panel = panel_of(request)
    event_id = body.event_id if body is not None else None

    def work() -> Any:
        with panel.database.write() as tx:
            return payments.settle(tx, payment_id, event_id)

    return _json(await panel.write(work))


@router.post("/reset")
async def reset(request: Request, body: Reset | None = None) -> Response:
    """Throw everything away and seed anew; faults end, every session is over."""
    panel = panel_of(request)
    wanted = body or Reset()
    panel.faults.replace(FaultOrder())

    def work() -> None:
        panel.database.reset(seed=wanted.seed, fleet=wanted.fleet, tickets=wanted.tickets)
        panel.clock_moved()

    await panel.write(work)
    return _json({"items": await panel.read(panel.database.seed_accounts)})
