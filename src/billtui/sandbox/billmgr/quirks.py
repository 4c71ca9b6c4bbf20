"""Ways in which live panels differ from one another, to order: clients must live with all of them (wire: 17)."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from billtui.sandbox.billmgr.nodes import Doc, Node
from billtui.sandbox.http.calls import dump
from billtui.sandbox.http.routes.sandbox import only_from_here


class Quirk(StrEnum):
    """What some panel does."""

    LONE_ROWS = "lone-rows"
    """A list of one entry is an object in JSON, also at the top."""
    BARE_SCALARS = "bare-scalars"
    """A scalar without attributes is a bare string in JSON."""
    COMMA_AMOUNTS = "comma-amounts"
    """Amounts for people have a decimal comma."""
    NO_ITEM_STATUS = "no-item-status"
    """Services have no ``item_status``, only ``item_real_status``."""
    SLOW_OPENING = "slow-opening"
    """A new server is being set up for some seconds after it was paid: status 5, and no address."""
    STATUS_CODES = "status-codes"
    """``item_status`` is the code itself, without its detail and without a label."""
    RENAMED_LIST = "renamed-list"
    """``vds`` is empty; the servers are in ``vds.vps``, which the menu names."""
    FILTER_ECHO = "filter-echo"
    """A filter that is sent with ``out`` is echoed and not kept; without ``out`` it is kept."""
    EXPIRY_WORDS = "expiry-words"
    """``expiredate`` is a phrase; the day is in ``real_expiredate`` alone."""
    TEXT_PLAIN = "text-plain"
    """JSON comes as ``text/plain``."""


Quirks = Collection[Quirk]
RENAMED = "vds.vps"
"""The list of servers under :attr:`Quirk.RENAMED_LIST`."""
_AMOUNT = re.compile(r"(\d)\.(\d\d)(?=[ \u00a0][A-Z]{3}\b)")


class QuirkOrder(BaseModel):
    """``POST /sandbox/billmgr``: the whole set; it replaces the present one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quirks: list[Quirk] = []


def with_commas(doc: Doc) -> Doc:
    """The same answer with decimal commas in amounts for people."""
    waiting: list[Node] = [doc]
    while waiting:
        node = waiting.pop()
        node.text = _AMOUNT.sub(r"\1,\2", node.text)
        waiting += [child for _, child in node.children]
    return doc


router = APIRouter(prefix="/sandbox", include_in_schema=False, dependencies=[Depends(only_from_here)])


def _shown(request: Request) -> Response:
    quirks: frozenset[Quirk] = request.app.state.billmgr_quirks
    return Response(dump({"quirks": sorted(quirks)}), media_type="application/json")


@router.get("/billmgr")
async def read_quirks(request: Request) -> Response:
    """The quirks that are set."""
    return _shown(request)


@router.post("/billmgr")
async def set_quirks(request: Request, body: QuirkOrder) -> Response:
    """Replace them; an empty list ends all of them."""
    request.app.state.billmgr_quirks = frozenset(body.quirks)
    return _shown(request)
