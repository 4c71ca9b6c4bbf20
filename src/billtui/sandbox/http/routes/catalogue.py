"""What is sold, where, and whether it is in stock."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from billtui.sandbox.engine import catalogue
from billtui.sandbox.http.calls import Reading
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import SHORT_LIST
from billtui.sandbox.http.openapi import list_of, reads

router = APIRouter(prefix=PREFIX, tags=["catalogue"])
Wanted = Annotated[str | None, Query(min_length=1, max_length=200)]


@router.get("/plans", responses=reads(list_of("Plan")), openapi_extra=SHORT_LIST)
async def plans(call: Reading) -> Response:
    """Every plan with its price a month and the locations where it is sold."""
    return await call.items(lambda tx, _caller: list(catalogue.plans(tx)))


@router.get("/locations", responses=reads(list_of("Location")), openapi_extra=SHORT_LIST)
async def locations(call: Reading) -> Response:
    """Where servers stand."""
    return await call.items(lambda tx, _caller: list(catalogue.locations(tx)))


@router.get("/addons", responses=reads(list_of("Addon")), openapi_extra=SHORT_LIST)
async def addons(call: Reading) -> Response:
    """What can be added to an order (ORD-5)."""
    return await call.items(lambda tx, _caller: list(catalogue.addons(tx)))


@router.get("/stock", responses=reads(list_of("Stock"), 422), openapi_extra=SHORT_LIST)
async def stock(call: Reading, plan: Wanted = None, location: Wanted = None) -> Response:
    """How many of each plan can be had in each location now (BLK-2)."""
    return await call.items(lambda tx, _caller: list(catalogue.stock(tx, plan, location)), "plan", "location")
