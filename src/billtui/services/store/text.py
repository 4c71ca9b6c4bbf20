"""The search over lists: what is indexed of each object, and how words become a question to the index."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from billtui.domain.safetext import clean
from billtui.services.store import schema

if TYPE_CHECKING:
    from billtui.domain.models import Invoice, Order, Ticket, Transfer

MAX_WORDS = 8
MAX_QUERY = 200
BEFORE = 12
"""Characters of a message that are shown before the word that was found."""

_ORDER_HIT = "'order', o.id, o.name, o.plan || ' · ' || o.location || ' · ' || o.address, o.state"
_INVOICE_HIT = "'invoice', i.id, i.number, i.title, i.state"
_TRANSFER_HIT = (
    "'transfer', t.id, t.order_name, CASE t.direction WHEN 'in' THEN 'from ' ELSE 'to ' END || t.counterparty, t.state"
)

_TICKET_HIT = (
    "'ticket', k.id, k.number || ' ' || k.subject, "
    "k.department || CASE k.login WHEN '' THEN '' ELSE ' · ' || k.login END, k.state"
)

_KINDS = (
    (_ORDER_HIT, "orders AS o ON o.n"),
    (_INVOICE_HIT, "invoices AS i ON i.n"),
    (_TRANSFER_HIT, "transfers AS t ON t.n"),
    (_TICKET_HIT, "tickets AS k ON k.n"),
)


def order_text(order: Order) -> str:
    """What is found of an order: id, name, plan, location, address."""
    return "\n".join((order.id, order.name, order.plan, order.location, order.address or ""))


def invoice_text(invoice: Invoice) -> str:
    """What is found of an invoice: id, number, title, amount, and its lines where they are known."""
    parts = [str(invoice.id), str(invoice.number), str(invoice.title), f"{invoice.total.amount:.2f}"]
    parts += [str(line.title) for line in invoice.lines]
    return "\n".join(parts)


def transfer_text(transfer: Transfer) -> str:
    """What is found of a transfer: its order's id, name and address, and whom it comes from or goes to."""
    other = str(transfer.counterparty_account_id or "")
    parts = (transfer.id, transfer.order_id, transfer.order_name, transfer.address or "", transfer.counterparty, other)
    return "\n".join(map(str, parts))


def ticket_text(ticket: Ticket) -> str:
    """What is found of a ticket: id, number, subject, whose it is, its tags. Messages have an index of their own."""
    parts = (ticket.id, ticket.number, ticket.subject, ticket.login, *ticket.tags)
    return "\n".join(map(str, parts))


def words_of(text: str) -> list[str]:
    """The words that are looked for."""
    return clean(text[:MAX_QUERY].replace("\0", " ")).split()[:MAX_WORDS]


def quoted(words: Iterable[str]) -> str:
    """Words of three letters or more as a question to a trigram index: all of them, anywhere."""
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words)


def search_conditions(text: str, kinds: Collection[str] | None = None) -> list[tuple[str, list[object]]] | None:
    """Questions in SQL, best hits first, each wanting a limit as last parameter; ``None`` for nothing to look for.

    ``kinds`` narrows to ``order``, ``invoice``, ``transfer`` or ``ticket``.
    """
    words = words_of(text)
    if not words:
        return None
    questions = _questions(words)
    if kinds is None:
        return questions
    return [question for question in questions if question[0].split("'", 2)[1] in kinds]


def _questions(words: list[str]) -> list[tuple[str, list[object]]]:
    questions: list[tuple[str, list[object]]] = []
    if len(words) == 1:
        word = words[0].lstrip("#") or words[0]
        questions += [
            (f"SELECT {_ORDER_HIT} FROM orders AS o WHERE o.id = ? LIMIT ?", [word]),
            (f"SELECT {_INVOICE_HIT} FROM invoices AS i WHERE i.id = ? LIMIT ?", [word]),
            (f"SELECT {_INVOICE_HIT} FROM invoices AS i WHERE i.number = ? COLLATE NOCASE LIMIT ?", [word]),
            (f"SELECT {_TRANSFER_HIT} FROM transfers AS t WHERE t.id = ? LIMIT ?", [word]),
            (f"SELECT {_TICKET_HIT} FROM tickets AS k WHERE k.id = ? LIMIT ?", [word]),
            (f"SELECT {_TICKET_HIT} FROM tickets AS k WHERE k.number = ? COLLATE NOCASE LIMIT ?", [word]),
        ]
    long = [word for word in words if len(word) >= 3]
    short = [word for word in words if len(word) < 3]
    if not long:
        first = short[0]
        end = first + "\U0010ffff"
        questions += [
            (
                f"SELECT {_ORDER_HIT} FROM orders AS o WHERE o.name >= ? COLLATE NOCASE AND o.name < ? COLLATE NOCASE "
                + "".join(" AND o.name LIKE ? ESCAPE '\\'" for _ in short[1:])
                + " LIMIT ?",
                [first, end, *(like(word) for word in short[1:])],
            ),
            (
                f"SELECT {_INVOICE_HIT} FROM invoices AS i WHERE i.number >= ? COLLATE NOCASE "
                "AND i.number < ? COLLATE NOCASE "
                + "".join(" AND i.number LIKE ? ESCAPE '\\'" for _ in short[1:])
                + " LIMIT ?",
                [first, end, *(like(word) for word in short[1:])],
            ),
        ]
        return questions
    match = quoted(long)
    narrow = "".join(" AND w.text LIKE ? ESCAPE '\\'" for _ in short)
    rest = [like(word) for word in short]
    for rank, (hit, table) in enumerate(_KINDS):
        begins = rank << schema.KIND_BITS
        questions.append(
            (
                f"SELECT {hit} FROM words AS w JOIN {table} = w.rowid - {begins} WHERE words MATCH ? "
                f"AND w.rowid BETWEEN {begins} AND {begins + (1 << schema.KIND_BITS) - 1}{narrow} LIMIT ?",
                [match, *rest],
            )
        )
    return questions


def like(word: str) -> str:
    """``word`` anywhere in a text, for SQL's LIKE with ``\\`` as escape."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def excerpt(body: str, words: Iterable[str], width: int) -> str:
    """One line of ``body`` from shortly before the first place of one of ``words``, at most ``width`` characters."""
    folded = body.lower()
    places = [at for word in words if (at := folded.find(word.lower())) >= 0]
    first = max(0, min(places, default=0) - BEFORE)
    start = body.find(" ", first, first + BEFORE) + 1 if first else 0  # no word begins in its middle
    part = " ".join(body[start or first : first + 2 * width].split())
    return ("…" if first else "") + (part if len(part) <= width else part[: width - 1] + "…")
