"""``billtui account``: who it is, its loyalty, its notifications"""

from __future__ import annotations

from billtui.cli.carrying import busy, carry_out
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import amount, count, iso_of, when
from billtui.cli.verbs.account_care import show_sessions
from billtui.domain.models import Account, NotificationRule, SessionInfo
from billtui.domain.policy import DEFAULT_POLICY
from billtui.domain.rules.loyalty import LoyaltyStanding
from billtui.services import planner
from billtui.services.account_care import session_needed
from billtui.services.loyalty import Loyalty, loyalty_from
from billtui.services.loyalty_words import (
    UNKNOWN,
    kind_title,
    month_words,
    next_count_words,
    next_use_words,
    tier_words,
    use_tier_words,
)


async def show(context: Context) -> Exit:
    """The account in full, with its sessions where they may be seen (ACC-5)."""
    out = context.out
    async with context.signed_in() as (session, mine):
        sessions: list[SessionInfo] = []
        hidden = session_needed(mine) or session.unavailable("account.sessions")
        if hidden is None:
            sessions = await session.care.sessions()
        if out.as_json:
            out.document("account", account=mine, sessions=sessions)
            return Exit.DONE
        out.facts(
            [
                ("Account ID", str(mine.account_id)),
                ("Login", f"{mine.login} (not the e-mail: you sign in with it)"),
                ("Primary e-mail", str(mine.email)),
                ("E-mails", ", ".join(map(str, mine.emails)) or "–"),
                ("Role", str(mine.role)),
                ("Signed in by", str(mine.signed_in_by)),
                *((name.capitalize(), str(held)) for name, held in mine.purses.items()),
                ("Second factor", _factor(mine)),
                ("API access", "on" if mine.api_access else "off: no key works"),
                ("Ways to pay", ", ".join(map(str, mine.payment_methods)) or "–"),
                ("Can do", ", ".join(sorted(map(str, mine.capabilities))) or "–"),
            ]
        )
        out.line()
        if hidden is None:
            show_sessions(out, sessions)
        else:
            out.note(hidden)
    return Exit.DONE


def _factor(account: Account) -> str:
    left = account.recovery_codes_left
    codes = "" if left is None else f", {count(left, 'recovery code')} left"
    if account.totp is None:
        return "not told by this panel"
    return f"on{codes}" if account.totp else "off"


# -- loyalty


async def loyalty(context: Context) -> Exit:
    """Where each kind of service stands, and what reaches its next step (DSC)."""
    out = context.out
    async with context.signed_in(fresh=True) as (session, _account):
        if not session.traits.loyalty:
            raise CliError("capability-missing", UNKNOWN, Exit.REFUSED)
        found = loyalty_from(session.store, session.now())
        if found is None:
            raise CliError("no-copy", "The orders are not known yet; try again.", Exit.NOT_FOUND)
        if out.as_json:
            out.document("loyalty", **_loyalty_json(found))
            return Exit.DONE
        out.line(f"All services: {month_words(found.total, found.listed)}")
        for one in found.standings:
            has = one.kind in DEFAULT_POLICY.loyalty
            out.line()
            out.line(f"{kind_title(one.kind)}: {count(one.services, 'running service')}")
            facts = [
                ("  now", tier_words(one, has_loyalty=has)),
                ("  a month", month_words(one.total, one.listed)),
            ]
            if has:
                facts.append(("  in use", ", ".join(use_tier_words(one))))
                facts.append(("  by number", next_count_words(one)))
                if words := next_use_words(one, when):
                    facts.append(("  by time", words))
            out.facts(facts)
    return Exit.DONE


def _loyalty_json(found: Loyalty) -> dict[str, object]:
    return {
        "total": amount(found.total),
        "list_total": amount(found.listed),
        "saves": amount(found.saves),
        "kinds": [_standing_json(one) for one in found.standings],
    }


def _standing_json(one: LoyaltyStanding) -> dict[str, object]:
    by_count, by_time = one.next_count, one.next_use
    return {
        "kind": one.kind,
        "services": one.services,
        "individual_prices": one.individual,
        "count_percent": "0" if one.by_count is None else f"{one.by_count.percent.normalize():f}",
        "use_tiers": [{"percent": f"{tier.percent.normalize():f}", "services": tier.services} for tier in one.by_use],
        "total": amount(one.total),
        "list_total": amount(one.listed),
        "saves": amount(one.saves),
        "next_by_count": None if by_count is None else {
            "missing": by_count.missing, "count": by_count.least, "percent": f"{by_count.percent.normalize():f}",
            "saves": amount(by_count.saves),
        },
        "next_by_time": None if by_time is None else {
            "after": iso_of(by_time.at), "orders": list(by_time.names), "saves": amount(by_time.saves),
        },
    }  # fmt: skip


# -- notifications


async def notifications(context: Context) -> Exit:
    """The matrix, or a plan that changes it (ACC-8)."""
    options, out = context.options, context.out
    async with context.signed_in() as (session, account):
        if options.settings:
            wanted = _wanted(options.settings, account)
            if reason := session.unavailable("account.notifications"):
                raise CliError("capability-missing", reason, Exit.REFUSED)
            plan = planner.notifications(account, wanted, busy=busy(session, account), profile=context.profile.name)
            return await carry_out(context, session, plan)
        rules = account.notifications
        if out.as_json:
            out.document("notifications", items=rules)
            return Exit.DONE
        channels = _channels(rules)
        columns = (Column("event"), *(Column(channel) for channel in channels), Column("what", cut=True))
        rows = [[str(rule.event), *(_cell(rule, channel) for channel in channels), str(rule.title)] for rule in rules]
        out.table(columns, rows, empty="This panel does not tell its settings.")
    return Exit.DONE


def _channels(rules: list[NotificationRule]) -> list[str]:
    return list(dict.fromkeys(channel.raw for rule in rules for channel in rule.channels))


def _cell(rule: NotificationRule, channel: str) -> str:
    values = {name.raw: on for name, on in rule.channels.items()}
    if channel not in values:
        return "–"
    if channel in {one.raw for one in rule.fixed}:
        return "always"
    return "on" if values[channel] else "off"


def _wanted(texts: list[str], account: Account) -> dict[str, dict[str, bool]]:
    """``EVENT:CHANNEL=on|off`` as settings. Raises CliError naming what was meant to be there."""
    wanted: dict[str, dict[str, bool]] = {}
    for text in texts:
        where, equals, word = text.rpartition("=")
        event, colon, channel = where.rpartition(":")
        if not equals or not colon or word not in ("on", "off") or not event or not channel:
            raise CliError(
                "usage", f"--set: “{text[:60]}” is no setting.", hint="For example --set order-blocked:telegram=on"
            )
        wanted.setdefault(event, {})[channel] = word == "on"
    known = {rule.event.raw for rule in account.notifications}
    unknown = sorted(set(wanted) - known)
    if unknown and known:
        raise CliError(
            "usage", f"--set: there is no event “{unknown[0][:60]}”.", hint=f"One of: {', '.join(sorted(known))}"
        )
    return wanted
