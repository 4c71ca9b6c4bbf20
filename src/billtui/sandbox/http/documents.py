"""Invoices as documents: PDF, CSV and JSON (INV-9)."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from billtui.domain.periods import parse_instant

_FONT_PLACES = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/Library/Fonts/Arial Unicode.ttf",
)
_COLUMNS = ("order_id", "title", "months", "list_price", "discounts", "addons", "amount", "currency")
Wire = Mapping[str, Any]


def render(invoice: Wire, account: Wire, form: str) -> bytes:
    """The document of ``invoice`` (as on the wire, with lines) as one of ``DOCUMENT_TYPES`` (INV-9)."""
    if form == "pdf":
        return _pdf(invoice, account)
    if form == "csv":
        return _csv(invoice)
    return json.dumps(dict(invoice), ensure_ascii=False, indent=1).encode() + b"\n"


def _discounts(line: Wire) -> str:
    return "; ".join(f"{discount['name']} {discount['percent']} %" for discount in line.get("discounts", ()))


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _csv(invoice: Wire) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("invoice", "state", "issued_at", *_COLUMNS))
    head = (invoice["number"], invoice["state"], invoice["issued_at"])
    for line in invoice["lines"]:
        row = {
            **line,
            "list_price": line["list_price"]["amount"],
            "amount": line["amount"]["amount"],
            "discounts": _discounts(line),
            "addons": "; ".join(f"{part['name']} {part['amount']['amount']}" for part in line.get("addons", ())),
            "currency": line["amount"]["currency"],
        }
        writer.writerow([_cell(value) for value in (*head, *(row.get(name) for name in _COLUMNS))])
    total = invoice["total"]
    sums = {"title": "Total", "amount": total["amount"], "currency": total["currency"]}
    writer.writerow([_cell(value) for value in (*head, *(sums.get(name) for name in _COLUMNS))])
    return out.getvalue().encode()


def _latin(text: str) -> str:
    """``text`` in the characters of the built-in fonts; what has no likeness there becomes ``?``."""
    if text.isascii():
        return text
    out = []
    for char in text.replace("€", "EUR"):
        for candidate in (char, unicodedata.normalize("NFKD", char)):
            kept = candidate.encode("latin-1", "ignore").decode("latin-1")
            if kept:
                out.append(kept)
                break
        else:
            out.append("" if unicodedata.combining(char) else "?")
    return "".join(out)


class _Page(FPDF):
    """An A4 page that can draw any text: in a built-in font, or in a Unicode font where one is at hand."""

    def __init__(self, texts: str, moment: str) -> None:
        super().__init__()
        self.set_creation_date(parse_instant(moment))
        self.set_margin(18)
        self._unicode = False
        beyond = not texts.isascii() and _latin(texts) != texts
        place = next((place for place in _FONT_PLACES if Path(place).is_file()), None) if beyond else None
        if place is not None:
            self.add_font("text", fname=place)
            self._unicode = True
        self.add_page()

    def pen(self, size: float, bold: bool = False) -> None:
        """Choose the size in points, and whether the writing is bold."""
        if self._unicode:
            self.set_font("text", size=size)
        else:
            self.set_font("helvetica", style="B" if bold else "", size=size)

    def fit(self, text: str) -> str:
        """``text`` as this page can draw it: one line, no control characters."""
        plain = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
        return plain if self._unicode else _latin(plain)

    def row(self, cells: tuple[tuple[str, float, str], ...], height: float = 6) -> None:
        """Cells of (text, width in mm, alignment); long texts are cut with an ellipsis of dots."""
        for text, width, align in cells:
            shown = self.fit(text)
            while len(shown) > 1 and self.get_string_width(shown) > width - 2:
                shown = shown[: max(1, int(len(shown) * 0.9) - 3)] + "..."
                if len(shown) <= 4:
                    break
            self.cell(width, height, shown, align=align, new_x=XPos.RIGHT, new_y=YPos.TOP)
        self.ln(height)


def _pdf(invoice: Wire, account: Wire) -> bytes:
    facts = [
        ("Invoice", str(invoice["number"])),
        ("State", str(invoice["state"])),
        ("Issued", str(invoice["issued_at"])),
        ("Due", str(invoice.get("due_at") or "-")),
        ("Paid", str(invoice.get("paid_at") or "-")),
        ("Account", f"{account['account_id']} ({account['login']})"),
    ]
    titles = [str(line["title"]) for line in invoice["lines"]]
    titles += [str(part["name"]) for line in invoice["lines"] for part in line.get("addons", ())]
    page = _Page("".join([*titles, *(text for _, text in facts), str(account["email"])]), str(invoice["issued_at"]))
    page.set_title(page.fit(f"Invoice {invoice['number']}"))
    page.pen(18, bold=True)
    page.row(((f"Invoice {invoice['number']}", 174, "L"),), 12)
    page.pen(10)
    for name, text in facts:
        page.row(((name, 30, "L"), (text, 144, "L")))
    page.ln(4)
    page.pen(9, bold=True)
    widths = (80.0, 16.0, 26.0, 28.0, 24.0)
    aligns = ("L", "R", "R", "R", "R")
    heads = ("Service", "Months", "List price", "Discount", "Amount")
    page.row(tuple(zip(heads, widths, aligns, strict=True)))
    page.line(page.l_margin, page.get_y(), 210 - page.r_margin, page.get_y())
    page.pen(9)
    for line in invoice["lines"]:
        texts = (
            str(line["title"]),
            str(line.get("months") or ""),
            str(line["list_price"]["amount"]),
            _discounts(line),
            str(line["amount"]["amount"]),
        )
        page.row(tuple(zip(texts, widths, aligns, strict=True)), 5)
        for part in line.get("addons", ()):
            texts = (f"    with {part['name']}", "", str(part["amount"]["amount"]), "", "")
            page.row(tuple(zip(texts, widths, aligns, strict=True)), 5)
    page.line(page.l_margin, page.get_y(), 210 - page.r_margin, page.get_y())
    page.pen(11, bold=True)
    total = invoice["total"]
    page.row((("Total", 120, "L"), (f"{total['amount']} {total['currency']}", 54, "R")), 9)
    return bytes(page.output())
