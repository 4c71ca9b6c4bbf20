"""``billtui optimize what-if``: nothing is sent."""

from __future__ import annotations

from typing import Any

from billtui.cli.choosing import chosen_orders, is_choosing
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import amount, count, day, iso_of, tier_json
from billtui.services.loyalty_words import UNKNOWN
from billtui.services.session import Session
from billtui.services.solver import amount_words
from billtui.services.store import epoch, money
from billtui.services.what_if import Changed, NewServers, Supposed, Tier, WhatIf, new_servers
from billtui.services.what_if import what_if as suppose

_LINES = (
    Column("id", right=True),
    Column("name", cut=True),
    Column("discount", right=True),
    Column("a month", right=True),
    Column("then", right=True),
    Column("next renewal"),
    Column("costs", right=True),
    Column("then", right=True),
)


async def what_if(context: Context) -> Exit:
    """How tier, discounts and costs would change (DSC-1 to DSC-5)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, _account):
        ids = frozenset(chosen_orders(context, session)) if is_choosing(context) else frozenset()
        added = await _added(session, options.add or ())
        if not ids and not added:
            raise CliError("usage", "What if what?", hint="Name orders that end, or add servers: --add vds-nano:nl:3")
        found = suppose(
            Supposed(
                rows=session.store.orders(),
                now=session.now(),
                lapsing=frozenset() if options.transfer else ids,
                transferred=ids if options.transfer else frozenset(),
                added=added,
                lead_days=options.lead_days,
                policy=session.policy,
            )
        )
        if context.out.as_json:
            context.out.document("what-if", **_json(found))
        else:
            _show(context, found, known=session.traits.loyalty)
    return Exit.DONE


async def _added(session: Session, texts: list[str] | tuple[str, ...]) -> list[NewServers]:
    if not texts:
        return []
    catalogue = await session.catalogue()
    try:
        return [new_servers(text, catalogue.plans) for text in texts]
    except ValueError as error:
        raise CliError("usage", f"--add: {error}") from None


def _show(context: Context, found: WhatIf, *, known: bool) -> None:
    out, currency = context.out, found.currency
    for line in [tier_words(tier) for tier in found.tiers] if known else [UNKNOWN]:
        out.line(line)
    gone = len(found.lapsing) + len(found.transferred)
    out.facts(
        [
            ("A month now", amount_words(found.monthly, currency)),
            ("Then", f"{amount_words(found.monthly_after, currency)}, {signed(found.difference, currency)}"),
            (
                "Of it",
                f"{signed(found.staying_difference, currency)} for {count(len(found.staying), 'order')} that stay, "
                f"{amount_words(found.added_monthly, currency)} for new ones; {count(gone, 'order')} less",
            ),
            (
                "Next renewals",
                f"{amount_words(found.next_costs, currency)}, then {amount_words(found.next_costs_after, currency)}",
            ),
        ]
    )
    for row in found.not_running:
        out.line(f"{row.name} is {row.state}: it does not count, so nothing changes by it.")
    changed = [one for one in found.staying if one.difference or one.next_cost != one.next_cost_after]
    out.line()
    out.table(_LINES, (_cells(one) for one in changed), empty="No order that stays changes its price.")
    out.note("Nothing was sent.")


def signed(cents: int, currency: str) -> str:
    """An amount with its sign."""
    return f"{'+' if cents >= 0 else '−'}{amount_words(abs(cents), currency)}"


def tier_words(tier: Tier) -> str:
    """How many services of a kind count, and what that gives."""
    text = f"{tier.kind}: {tier.count} → {tier.count_after} services, {tier.percent} % → {tier.percent_after} % (DSC-2)"
    when = [f"{percent} % {'at once' if at is None else f'from {at:%Y-%m-%d}'}" for at, percent in tier.changes]
    return f"{text}: {', '.join(when)}" if when else text


def _cells(one: Changed) -> list[str]:
    return [
        one.row.id,
        one.row.name,
        f"{one.percent} → {one.percent_after} %",
        amount_words(one.monthly, ""),
        amount_words(one.monthly_after, ""),
        f"{day(epoch(one.next_at))} {one.next_months} mo",
        amount_words(one.next_cost, ""),
        amount_words(one.next_cost_after, ""),
    ]


def _json(found: WhatIf) -> dict[str, Any]:
    def value(number: int) -> Any:
        return amount(money(number, found.currency)) if found.currency else None

    return {
        "tiers": [
            {**tier_json(tier), "changes": [{"from": iso_of(at), "percent": percent} for at, percent in tier.changes]}
            for tier in found.tiers
        ],
        "monthly": value(found.monthly),
        "monthly_after": value(found.monthly_after),
        "staying_difference": value(found.staying_difference),
        "added_monthly": value(found.added_monthly),
        "next_renewals": value(found.next_costs),
        "next_renewals_after": value(found.next_costs_after),
        "lapsing": [row.id for row in found.lapsing],
        "transferred": [row.id for row in found.transferred],
        "not_running": [row.id for row in found.not_running],
        "items": [
            {
                "id": one.row.id,
                "name": one.row.name,
                "discount_percent": one.percent,
                "discount_percent_after": one.percent_after,
                "monthly": value(one.monthly),
                "monthly_after": value(one.monthly_after),
                "next_renewal_at": iso_of(one.next_at),
                "next_period": one.next_months,
                "next_cost": value(one.next_cost),
                "next_cost_after": value(one.next_cost_after),
            }
            for one in found.staying
        ],
    }
