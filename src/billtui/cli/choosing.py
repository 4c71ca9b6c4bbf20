"""Which orders a command is about: named, from a saved selection, from a list, by an expression; never a guess."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.shapes import count
from billtui.cli.targets import order_ids
from billtui.config.paths import typed_path
from billtui.services.order_choice import GONE, chosen_by
from billtui.services.order_matching import Tags
from billtui.services.order_query import Query, QueryError, parse
from billtui.services.order_references import MAX_TEXT, Ambiguous, References
from billtui.services.own_files import OwnFiles
from billtui.services.session import NotSignedIn, Session
from billtui.services.store import OrderRow

_SHOWN = 20


def own_files(session: Session) -> OwnFiles:
    """Tags and selections of the account. Raises NotSignedIn where none is known."""
    if session.own is None:
        raise NotSignedIn("Nobody is signed in yet; nothing was sent.")
    return session.own


def tags_of(session: Session) -> Tags:
    """The person's own tags, by the order's id."""
    return session.own.tags.all() if session.own is not None else {}


def is_choosing(context: Context) -> bool:
    """Whether any option says which orders are meant."""
    options = context.options
    named = getattr(options, "order", None)
    return bool(named or options.where is not None or options.select or options.from_file)


def chosen_orders(context: Context, session: Session, named: Sequence[str] | None = None) -> list[str]:
    """The ids that the options mean, each once.

    Named orders, ``--select`` and ``--from`` add up; ``--where`` keeps of them what it matches, or chooses among all
    that are not gone. Raises CliError where nothing is named or left, where a word is unknown or could be two.
    """
    options = context.options
    words: Sequence[str] = options.order if named is None else named
    rows = session.store.orders()
    if not (words or options.select or options.from_file or options.where is not None):
        raise CliError(
            "usage",
            "Which orders?",
            hint="Name them, or use --where EXPR, --select NAME or --from FILE; see --help.",
        )
    ids = dict.fromkeys(order_ids(session.store, words) if words else ())
    if options.select:
        ids |= dict.fromkeys(_saved(context, session, {row.id for row in rows}))
    if options.from_file:
        ids |= dict.fromkeys(_listed(context, rows))
    if options.where is not None:
        named_any = bool(words or options.select or options.from_file)
        ids = dict.fromkeys(_matching(session, rows, options.where, ids if named_any else None))
        if not ids:
            raise CliError("nothing-chosen", f"No order matches “{options.where[:200]}”.", Exit.NOT_FOUND)
    if not ids:
        raise CliError("nothing-chosen", "No order is left; nothing was sent.", Exit.NOT_FOUND)
    return list(ids)


def query_of(text: str) -> Query:
    """The expression of ``--where``. Raises CliError that says where it cannot be read, and what to write."""
    try:
        return parse(text)
    except QueryError as error:
        raise CliError("bad-expression", f"--where: {error}", hint="Fields and examples: docs/bulk.md") from None


def matching_rows(session: Session, rows: Sequence[OrderRow], text: str) -> list[OrderRow]:
    """The rows that an expression chooses. Raises CliError."""
    return list(chosen_by(query_of(text), rows, int(session.now().timestamp()), tags_of(session)))


def _matching(session: Session, rows: Sequence[OrderRow], text: str, among: Iterable[str] | None) -> list[str]:
    found = [row.id for row in matching_rows(session, rows, text)]
    if among is None:
        return found
    matching = set(found)
    return [one for one in among if one in matching]


def _saved(context: Context, session: Session, there: set[str]) -> list[str]:
    selections, name = own_files(session).selections, context.options.select
    ids = selections.get("order", name)
    if ids is None:
        names = ", ".join(selections.names("order")[:_SHOWN]) or "none"
        raise CliError(
            "not-found", f"There is no saved selection “{name[:60]}”.", Exit.NOT_FOUND, hint=f"There are: {names}"
        )
    _tell_unknown(context, f"--select {name[:60]}", sorted(ids - there), "not there any more")
    return sorted(ids & there, key=lambda one: (len(one), one))


def _listed(context: Context, rows: Sequence[OrderRow]) -> list[str]:
    try:
        found = References(rows).read(_text_of(context.options.from_file))
    except ValueError as error:
        raise CliError("usage", f"--from: {error}") from None
    if found.ambiguous:
        raise _several(found.ambiguous[0], len(found.ambiguous))
    _tell_unknown(context, "--from", found.unknown, "no order's id, name or address")
    return found.ids


def _several(one: Ambiguous, count_of_them: int) -> CliError:
    more = f" (and {count_of_them - 1} more such words)" if count_of_them > 1 else ""
    return CliError(
        "ambiguous",
        f"--from: “{one.word[:80]}” could be {len(one.ids)} orders{more}.",
        hint=f"Write {' or '.join(f'id:{key}' for key in one.ids[:5])}",
    )


def _tell_unknown(context: Context, source: str, words: Sequence[str], what: str) -> None:
    """Report what was named and is not there; without ``--skip-unknown`` that ends the command."""
    if not words:
        return
    shown = ", ".join(f"“{one[:80]}”" for one in words[:_SHOWN])
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    text = f"{source}: {count(len(words), 'word')} {what}: {shown}{more}."
    if not context.options.skip_unknown:
        raise CliError(
            "not-found",
            text,
            Exit.NOT_FOUND,
            hint="Correct the list, or add --skip-unknown to go on without them; nothing was sent.",
        )
    context.out.note(text)


def _text_of(name: str) -> str:
    if name == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise CliError("usage", "--from - reads standard input, and nothing is piped into it.")
        return sys.stdin.read(MAX_TEXT + 1)
    path = typed_path(name)
    try:
        with path.open("rb") as file:  # what has no size of its own (a pipe, a device) is not read without end
            content = file.read(4 * MAX_TEXT + 1)
        if len(content) > 4 * MAX_TEXT:
            raise CliError("usage", f"--from: {path} is too large for a list.")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CliError("usage", f"--from: {path} is not UTF-8 at byte {error.start}.") from None
    except FileNotFoundError:
        raise CliError("file", f"--from: there is no file {path}.", Exit.NOT_FOUND) from None


def not_gone(rows: Sequence[OrderRow]) -> list[OrderRow]:
    """What is left of ``rows`` without deleted and cancelled orders."""
    return [row for row in rows if row.state not in GONE]
