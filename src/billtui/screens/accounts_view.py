"""How a line of all accounts looks: the account on every one, in words on its colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from rich.text import Text
from textual.content import Content

from billtui.services.accounts import AccountLine, AccountRow, AccountState, Kind
from billtui.services.accounts.copies import owing_words
from billtui.widgets.formats import DAY, age_text, cents_text, count_text, left_text, left_tone, state_cell
from billtui.widgets.profile_tag import tag, tag_style
from billtui.widgets.record_table import Cell, Column, Toned

_WORDS: dict[AccountState, tuple[str, str]] = {
    AccountState.COPY: ("local copy", "dim"),
    AccountState.REFRESHING: ("refreshing", "accent"),
    AccountState.FRESH: ("refreshed", "good"),
    AccountState.SIGN_IN: ("not signed in", "warning"),
    AccountState.PASSPHRASE: ("locked", "warning"),
    AccountState.FAILED: ("not reached", "bad"),
}


def account_row(line: AccountLine) -> AccountRow:
    """The line of an account itself, before all its invoices and orders."""
    copy = line.copy
    owing = copy.owing[0] if len(copy.owing) == 1 else None
    return AccountRow(
        key=f"{line.profile.name}/{Kind.ACCOUNT}",
        profile=line.profile.name,
        login=copy.login or line.profile.login or "no login yet",
        account_id=copy.account_id or "–",
        kind=Kind.ACCOUNT,
        id="",
        title=line_words(line),
        detail=copy.panel_name or line.profile.host,
        state=str(line.state),
        at=-1,
        amount=int(owing.total.amount.scaleb(2)) if owing is not None else 0,
        currency=owing.total.currency if owing is not None else "",
    )


def line_words(line: AccountLine) -> str:
    """How an account stands, and how old its copy is; why it cannot be asked."""
    if line.same_as:
        return f"the same account as {line.same_as}, which stands for it"
    if line.message:
        return line.message
    copy = line.copy
    if not copy.known:
        return "not opened here yet"
    if copy.is_staff:
        return f"a {copy.role} account: it sees other people's bills, and has none of its own"
    more = f"; {copy.not_listed} more end, open it to see them" if copy.not_listed else ""
    return f"{owing_words(copy.owing)}; data {age_text(copy.synced_at, datetime.now(UTC))}{more}"


def needs_attention(line: AccountLine) -> bool:
    """Whether the account itself stands in the list: it cannot be read, or was never."""
    if line.same_as:
        return False
    cannot = line.state.needs_somebody or line.state is AccountState.FAILED
    return cannot or not line.copy.known or line.copy.not_listed > 0


def account_columns(
    now: Callable[[], int], accents: Mapping[str, str | None], *, sixteen: Callable[[], bool], ascii_only: bool = False
) -> list[Column[AccountRow]]:
    """When, whose, what, how much."""

    def when(row: AccountRow) -> Cell:
        if row.kind is Kind.ACCOUNT or row.at is None:
            return Toned("–", "dim")
        words = left_text(row.at, now()).removeprefix("ended ")  # what is past says "ago"; the kind says what
        return Toned(words, left_tone(row.at, now()))

    def soonest(row: AccountRow) -> int | None:
        """An invoice before an order that ends in the same second: equal keys would leave the order to chance."""
        return None if row.at is None else 2 * row.at + (row.kind is Kind.ORDER)

    def profile(row: AccountRow) -> Cell:
        style = tag_style(accents.get(row.profile), sixteen=sixteen())
        if "$" in style or sixteen():  # the theme's own colours are not known to a table's text
            return Toned(f" {row.profile} ", "accent")
        return Text(f" {row.profile} ", style=style)

    def state(row: AccountRow) -> Cell:
        if row.kind is Kind.ACCOUNT:
            words, tone = _WORDS[AccountState(row.state)]
            return Toned(words, tone)  # type: ignore[arg-type]  # the table above holds tones
        return state_cell(row.state, ascii_only=ascii_only)

    def what(row: AccountRow) -> Cell:
        if row.kind is Kind.ACCOUNT:
            return Toned(row.title, "warning" if AccountState(row.state).needs_somebody else "")
        return f"invoice {row.title}" if row.kind is Kind.INVOICE else row.title

    def amount(row: AccountRow) -> str:
        if not row.currency:
            return ""
        per = "/mo" if row.kind is Kind.ORDER else ""
        return f"{cents_text(row.amount, row.currency)}{per}"

    def search(row: AccountRow) -> str:
        return f"{row.profile} {row.login} {row.account_id} {row.title} {row.detail} {row.id} {row.kind}"

    return [
        Column(key="when", title="When", cell=when, min_width=9, max_width=14, priority=9, sort_key=soonest),
        Column(key="profile", title="Profile", cell=profile, min_width=11, max_width=22, priority=12, sort_key=lambda r: r.profile, search=search),
        Column(key="account", title="Login · ID", cell=lambda r: f"{r.login} · {r.account_id}", min_width=20, max_width=32, flex=2, priority=11, sort_key=lambda r: r.login),
        Column(key="what", title="What", cell=what, min_width=13, flex=4, priority=10, sort_key=lambda r: r.title),
        Column(key="amount", title="Amount", cell=amount, width=15, align="right", priority=8, sort_key=lambda r: r.amount),
        Column(key="state", title="State", cell=state, min_width=11, max_width=13, priority=7, sort_key=lambda r: r.state),
        Column(key="auto", title="Auto", cell=lambda r: Toned("on", "good") if r.auto else Toned("off", "dim") if r.kind is Kind.ORDER else "", width=4, priority=4, sort_key=lambda r: int(r.auto)),
        Column(key="detail", title="Detail", cell=lambda r: Toned(r.detail, "dim"), min_width=12, max_width=34, flex=2, priority=3, sort_key=lambda r: r.detail),
    ]  # fmt: skip


def marked_words(rows: Sequence[AccountRow]) -> Content:
    """What the marked rows come to: for each account and currency by itself, never together."""
    sums: dict[tuple[str, Kind, str], tuple[int, int]] = {}
    for row in rows:
        if row.kind is not Kind.ACCOUNT:
            place = row.profile, row.kind, row.currency
            count, cents = sums.get(place, (0, 0))
            sums[place] = count + 1, cents + row.amount
    parts: list[Content] = []
    for (profile, kind, currency), (count, cents) in sorted(sums.items()):
        per = " a month" if kind is Kind.ORDER else ""
        words = f"{count_text(count, str(kind))} {cents_text(cents, currency)}{per}"
        parts.append(Content.assemble((f"{profile}: ", "$muted"), (words, "bold")))
    return Content("  ").join(parts)


def standing_words(lines: Sequence[AccountLine]) -> Content:
    """How many accounts there are and how fresh they are; who has to be helped is named."""
    own = [line for line in lines if not line.same_as]
    counts: dict[AccountState, int] = {}
    for line in own:
        counts[line.state] = counts.get(line.state, 0) + 1
    parts = [Content.styled(count_text(len(own), "account"), "bold")]
    parts += [
        Content.styled(f"{number} {_WORDS[state][0]}", "$muted")
        for state, number in counts.items()
        if not state.needs_somebody
    ]
    for state, way in ((AccountState.PASSPHRASE, "i unlocks"), (AccountState.SIGN_IN, "x switches to sign in")):
        names = [line.profile.name for line in own if line.state is state]
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            words = f"{_WORDS[state][0]}: {', '.join(names[:3])}{more} ({way})"
            parts.append(Content.styled(words, "$text-warning"))
    return Content(" · ").join(parts)


def account_detail(line: AccountLine, row: AccountRow, now: int, *, sixteen: bool = False) -> Content:
    """The account of a line beside the list, and the thing itself."""
    copy, profile = line.copy, line.profile
    facts: list[tuple[str, str]] = [
        ("Login", row.login),
        ("Account ID", row.account_id),
        *([("Panel", copy.panel_name)] if copy.panel_name and copy.panel_name not in profile.url else []),
        ("Address", profile.host),
        ("Data", age_text(copy.synced_at, datetime.now(UTC))),
    ]
    if copy.internal is not None:
        facts.append(("Internal", str(copy.internal)))
    if copy.affiliate is not None:
        facts.append(("Affiliate", str(copy.affiliate)))
    facts += [("Unpaid", f"{one.total} on {count_text(one.number, 'invoice')}") for one in copy.owing]
    if copy.ending:
        facts.append(("Ending", f"{count_text(copy.ending, 'order')} within 30 days"))
    parts = [tag(profile.name, profile.accent, sixteen=sixteen)]
    if profile.read_only:
        parts.append(Content.styled("READ-ONLY: nothing is changed through it", "bold $text-warning"))
    parts += [Content.assemble((f"{label:<11}", "$muted"), value) for label, value in facts]
    if line.message:
        parts.append(Content.styled(line.message, "$text-warning"))
    if row.kind is not Kind.ACCOUNT:
        parts += [Content(""), Content.styled(f"{row.kind} {row.title}", "bold"), Content(row.detail)]
        price = f"{cents_text(row.amount, row.currency)}{' a month' if row.kind is Kind.ORDER else ''}"
        parts.append(Content(f"{price}, {row.state}"))
        if row.at is not None:
            past = row.at <= now
            verb = "due" if row.kind is Kind.INVOICE else "ended" if past else "ends"
            left = left_text(row.at, now).removeprefix("ended ")
            parts.append(Content(f"{verb} {left}" if past else f"{verb} in {left}"))
        if row.refusal:
            parts.append(Content.styled(row.refusal, "$text-warning"))
    return Content("\n").join(parts)


def within(days: int) -> Callable[[AccountRow, int], bool]:
    """Orders that ended or end within so many days."""
    return lambda row, now: row.kind is Kind.ORDER and row.at is not None and row.at - now <= days * DAY
