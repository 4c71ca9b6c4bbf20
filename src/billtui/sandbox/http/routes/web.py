"""Where the links of the mails lead: a real panel has a page there, this one says where to take the link instead."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

router = APIRouter(include_in_schema=False)
_TEXT = """\
This is the reference panel of billtui. It has no pages of its own.

Copy the whole address of this page, with what stands behind the #, and paste it into the program where it asks for the
code of the transfer; or on the command line:

    billtui transfers confirm      (the sender)
    billtui transfers accept       (the recipient)

What stands behind the # has not been sent to anybody by opening this page.
"""


@router.get("/transfers/{transfer_id}")
async def transfer_link(transfer_id: str) -> PlainTextResponse:
    """The same words for every transfer, whether it exists or not; the code never arrives here."""
    del transfer_id
    return PlainTextResponse(_TEXT, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
