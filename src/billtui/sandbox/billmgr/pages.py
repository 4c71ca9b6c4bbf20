"""What a browser gets that asks for no form of answer: pages, which a client must take for a lost session (wire: 2)."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

from billtui.sandbox.billmgr.nodes import Doc

_NO_STORE = {"Cache-Control": "no-store"}
_PAGE = "<!DOCTYPE html>\n<html><head><title>BILLmanager</title></head><body>{}</body></html>\n"


def login_page() -> HTMLResponse:
    """Who is not signed in, or no longer."""
    form = (
        '<form action="/billmgr" method="post"><input type="hidden" name="func" value="auth">'
        '<input name="username"><input name="password" type="password"></form>'
    )
    return HTMLResponse(_PAGE.format(form), headers=_NO_STORE)


def plain_page(doc: Doc) -> HTMLResponse:
    """That it was done, or why not; the sandbox has no pages of its own."""
    error = doc.first("error")
    message = None if error is None else error.first("msg")
    text = "The sandbox has no pages: ask with out=json." if message is None else message.text
    return HTMLResponse(_PAGE.format(f"<p>{escape(text)}</p>"), headers=_NO_STORE)


def long_page(ticket: str) -> HTMLResponse:
    """That a request takes long, and where its answer will be (wire: 2.3)."""
    where = f"long/{ticket}/billmgr"
    text = f"<html><body onload=\"location.href = '{where}'\"><p>Please wait</p></body></html>\n"
    return HTMLResponse(text, headers=_NO_STORE)
