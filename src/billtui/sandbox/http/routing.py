"""How an application comes to its routes."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI


def serve(app: FastAPI, router: APIRouter) -> None:
    """Serve the routes of ``router`` from ``app``, as they are: their paths are whole.

    ``include_router`` would work out every route once more, at the first request of each application: its parameters
    are known since the router was loaded, and an application adds nothing to them.
    """
    app.router.routes.extend(router.routes)
