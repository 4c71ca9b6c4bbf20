"""Which invoice, order, transfer or ticket a person means: an id, a number, a name; never a guess between two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.domain.models import Invoice, Order, Ticket, Transfer
from billtui.domain.transfer_states import RUNNING_STATES
from billtui.services.store import StoreReader, TransferRow

Found = TypeVar("Found", Invoice, Order, Ticket, Transfer)


def invoice_ids(store: StoreReader, references: Sequence[str]) -> list[str]:
    """The ids that ``references`` mean, each once. Raises CliError for one that is unknown or could be two."""
    rows = store.invoices()
    return _resolve(references, rows, "invoice", "number", lambda row: row.number, "billtui invoices list")


def order_ids(store: StoreReader, references: Sequence[str]) -> list[str]:
    """The same for orders, by id or name."""
    rows = store.orders()
    return _resolve(references, rows, "order", "name", lambda row: row.name, "billtui orders list")


def ticket_ids(store: StoreReader, references: Sequence[str]) -> list[str]:
    """The same for tickets, by id or number."""
    return _resolve(references, store.tickets(), "ticket", "number", lambda row: row.number, "billtui tickets list")


def transfer_ids(store: StoreReader, references: Sequence[str]) -> list[str]:
    """The same for transfers, by id, by the name of their order, or by its id as ``order:ID``.

    An order may have been in several transfers: of those the one that goes on is meant.
    """
    rows = store.transfers()
    going = {row.order_id: row.id for row in rows if row.state in RUNNING_STATES}
    meant = {row.id for row in rows if going.get(row.order_id, row.id) == row.id}

    def by_name(row: TransferRow) -> str:
        return row.order_name if row.id in meant else f"\0{row.id}"

    found: dict[str, None] = {}
    for reference in references:
        kind, _, order_id = reference.partition(":")
        of_order = [row.id for row in rows if kind == "order" and row.order_id == order_id and row.id in meant]
        if len(of_order) != 1:
            of_order = _resolve([reference], rows, "transfer", "name", by_name, "billtui transfers list")
        found |= dict.fromkeys(of_order)
    return list(found)


def all_found(keys: Sequence[str], found: Sequence[Found], thing: str) -> list[Found]:
    """``found`` if it is all that ``keys`` ask for: one that vanished meanwhile is never silently left out.

    Raises CliError.
    """
    missing = sorted(set(keys) - {str(one.id) for one in found})
    if missing:
        words = f"There is no {thing} “{missing[0][:80]}” any more; nothing was sent."
        raise CliError("not-found", words, Exit.NOT_FOUND)
    return list(found)


def _resolve(
    references: Sequence[str],
    rows: Iterable[Any],
    thing: str,
    other: str,
    called: Callable[[Any], str],
    listing: str,
) -> list[str]:
    by_id: set[str] = set()
    by_name: dict[str, list[str]] = {}
    for row in rows:
        by_id.add(row.id)
        by_name.setdefault(called(row), []).append(row.id)
    found: list[str] = []
    for reference in references:
        one = _one(reference, by_id, by_name, thing, other, listing)
        if one not in found:
            found.append(one)
    return found


def _one(reference: str, by_id: set[str], by_name: dict[str, list[str]], thing: str, other: str, listing: str) -> str:
    kind, colon, rest = reference.partition(":")
    as_id = as_name = True
    wanted = reference
    if colon and kind in ("id", other):
        as_id, as_name, wanted = kind == "id", kind == other, rest
    elif reference.startswith("#") and other == "number":
        as_id, wanted = False, reference[1:]
    meant = [wanted] if as_id and wanted in by_id else []
    meant += [one for one in by_name.get(wanted, []) if as_name and one not in meant]
    if not meant:
        raise CliError("not-found", f"There is no {thing} “{reference[:80]}”.", Exit.NOT_FOUND, hint=f"See: {listing}")
    if len(meant) > 1:
        ways = [f"id:{one}" for one in meant[:5]]
        if as_id and wanted in by_id and len(meant) == 2:
            ways = [f"id:{wanted}", f"{other}:{wanted}"]
        raise CliError(
            "ambiguous",
            f"“{reference[:80]}” is more than one {thing}: one has that id, another that {other}."
            if wanted in by_id
            else f"“{reference[:80]}” is the {other} of {len(meant)} {thing}s.",
            hint=f"Write {' or '.join(ways)}",
        )
    return meant[0]
