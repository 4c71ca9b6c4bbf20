"""The application: routes under ``/api/v1`` and ``/sandbox``, and what wraps every request."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from billtui.sandbox.apih import endpoint as apih
from billtui.sandbox.billmgr import endpoint as billmgr
from billtui.sandbox.database import Database
from billtui.sandbox.engine import sessions as kept_sessions
from billtui.sandbox.engine.callers import authenticate
from billtui.sandbox.engine.errors import NotWithThisKey, SessionExpired
from billtui.sandbox.http import openapi, problems
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.faults import Faults
from billtui.sandbox.http.middleware import BodyLimit, Envelope
from billtui.sandbox.http.panel import Panel
from billtui.sandbox.http.routes import (
    access,
    attachments,
    balance,
    catalogue,
    feed,
    invoices,
    me,
    orders,
    quotes,
    recovery,
    sandbox,
    sessions,
    staff,
    tickets,
    transfers,
    web,
)
from billtui.sandbox.http.routes import accounts as account_cards
from billtui.sandbox.http.routing import serve


def create_app(database: Database) -> FastAPI:
    """The reference panel over an open, seeded ``database``, which stays the caller's to close.

    The application's ``state.panel`` is its :class:`Panel`. Middleware, from the outside in: envelope (request id,
    panel time), body limit, faults, then the routes.
    """
    panel = Panel(database)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        panel.close()

    app = _routes(lifespan=lifespan)
    app.state.panel = panel

    async def expire_session(token: str) -> None:
        await panel.write(lambda: _end_session(database, token))

    inner = app.build_middleware_stack

    def build() -> ASGIApp:
        # Around FastAPI's own stack, so that also the answer to a bug has its request id.
        dialects = (billmgr.dialect(panel), apih.dialect())
        faults = Faults(inner(), panel.faults, expire_session, dialects)
        return Envelope(BodyLimit(faults, dialects=dialects), panel.time)

    app.build_middleware_stack = build  # type: ignore[method-assign]  # add_middleware stays inside the error handler
    return app


def _end_session(database: Database, token: str) -> None:
    with contextlib.suppress(SessionExpired, NotWithThisKey), database.write() as tx:
        caller = authenticate(tx, token)
        caller.need_session()
        kept_sessions.sign_out(tx, caller.account_id, caller.session_id)


def describe() -> str:
    """The OpenAPI description as text, without opening any database."""
    return openapi.as_text(_routes())


def _routes(lifespan: object = None) -> FastAPI:
    app = FastAPI(
        title=openapi.TITLE,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,  # type: ignore[arg-type]  # absent when only the description is wanted
    )
    problems.install(app)
    openapi.install(app)
    for part in (
        sessions,
        recovery,
        me,
        access,
        account_cards,
        catalogue,
        orders,
        quotes,
        invoices,
        balance,
        transfers,
        tickets,
        attachments,
        staff,
        feed,
    ):
        serve(app, part.router)
    serve(app, sandbox.router)
    serve(app, web.router)
    billmgr.install(app)
    apih.install(app)
    return app
