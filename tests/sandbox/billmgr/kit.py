"""A client of BILLmanager as its wire document has it, and nothing of billtui's own driver."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pyotp

from tests.support.panel import InProcessPanel

Json = dict[str, Any]


def text(node: Any) -> str:
    """The text of a scalar: absent, empty, bare or wrapped."""
    if isinstance(node, list):
        return text(node[0]) if node else ""
    if isinstance(node, dict):
        return str(node.get("$", "")).strip()
    return "" if node is None else str(node).strip()


def amount(shown: str) -> Decimal:
    """An amount for people: without its currency, thousands apart by no-break spaces."""
    return Decimal(shown.replace("\N{NO-BREAK SPACE}", "").partition(" ")[0])


def many(node: Any) -> list[Json]:
    """A list node: absent, one object, or an array."""
    if node is None:
        return []
    return node if isinstance(node, list) else [node]


def named(node: Any, name: str) -> Json:
    """Of ``slist`` or ``list`` the one with that name."""
    return next(one for one in many(node) if one["$name"] == name)


@dataclass
class Browser:
    """Calls with a session, if there is one."""

    http: httpx.AsyncClient
    auth: str = ""
    base: str = "/billmgr"

    async def raw(self, func: str, *, out: str = "json", files: Any = None, **fields: Any) -> httpx.Response:
        """One POST; names with ``__`` for a dot."""
        data = {"func": func, "out": out, **{name.replace("__", "."): str(value) for name, value in fields.items()}}
        if not out:
            del data["out"]
        if self.auth:
            data["auth"] = self.auth
        return await self.http.post(self.base, data=data, files=files)

    async def doc(self, func: str, **fields: Any) -> Json:
        """The ``doc`` of an answer, error or not."""
        answer = await self.raw(func, **fields)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()["doc"]
        return found

    async def ok(self, func: str, **fields: Any) -> Json:
        """The ``doc`` of an answer that is no error."""
        doc = await self.doc(func, **fields)
        assert "error" not in doc, doc["error"]
        return doc

    async def error(self, func: str, **fields: Any) -> tuple[str, str]:
        """Type and object of an error."""
        doc = await self.doc(func, **fields)
        assert "error" in doc, doc
        assert text(doc["error"]["msg"])
        return doc["error"]["$type"], doc["error"].get("$object", "")

    async def rows(self, func: str, **fields: Any) -> list[Json]:
        """A page of a list, all its scalars as texts."""
        doc = await self.ok(func, **fields)
        return [{name: text(value) for name, value in row.items()} for row in many(doc.get("elem"))]

    async def balance(self) -> Decimal:
        """``realbalance``."""
        doc = await self.ok("dashboard.info")
        return amount(text(doc["elem"][0]["realbalance"]))


async def sign_in(panel: InProcessPanel, role: str = "client", number: int = 0) -> Browser:
    """A session of an account, its second factor shown where it has one."""
    account = panel.account(role, number)
    browser = Browser(panel.http)
    doc = await browser.ok("auth", username=account["login"], password=account["password"])
    browser.auth = doc["auth"]["$id"]
    if "totp_secret" in account:
        code = pyotp.TOTP(account["totp_secret"]).now()
        doc = await browser.ok("totp.confirm", qrcode=code, sok="ok", clicked_button="ok")
        browser.auth = doc["auth"]["$id"]
    panel.http.cookies.clear()
    return browser


def xml_doc(content: bytes) -> ElementTree.Element:
    """The document of an XML answer."""
    found = ElementTree.fromstring(content)
    assert found.tag == "doc"
    return found
