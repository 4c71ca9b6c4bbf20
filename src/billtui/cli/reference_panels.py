"""docs/panels.md, made from the drivers: capability by driver, how panels differ, what is assumed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billtui.client.drivers import Driver

HEAD = """# Kinds of panels

billtui speaks with several kinds of panels, each through a driver of its own. A profile names the kind (`kind` in
[configuration.md](configuration.md)); `billtui profile add` recognises it. What a panel cannot do stays visible and
says why: keys are dim, verbs end with exit code 5 (`capability-missing`), a list that the panel does not have names the
web page where it is.

What an account may do can be less than what its kind of panel can: then the refusal speaks of the account. *staff*:
only of a profile with the option `role=staff`, which has this, tickets, and nothing of a client's money."""

WRITES = """## How writes are kept safe

A panel with idempotency keys is asked by its key what became of a write. The others know no keys: what the panel looked
like (balance, invoices, ends, newest orders) is written to the journal before the one request is sent. If its answer
is lost, the panel is read again and compared. Only what proves itself counts as done; everything else stays with you,
with both states shown. Nothing that costs money is sent again by itself. See [reliability.md](reliability.md)."""

ASSUMED = """## What is assumed

Where nobody documents how a panel behaves, its driver assumes something, and says so here and in
`billtui profile show`. An assumption that has an option is said otherwise for one profile:

    billtui profile edit NAME --panel-option OPTION=VALUE"""


def panels_document() -> str:
    """The whole document."""
    from billtui.client.drivers.capabilities import CAPABILITIES
    from billtui.client.drivers.kinds import HOMES, make_driver, title_of

    drivers = {kind: make_driver(kind) for kind in HOMES}
    staff = {
        kind: make_driver(kind, "", {"role": "staff"}).capabilities
        for kind, driver in drivers.items()
        if "role" in getattr(driver, "options", {})
    }
    lines = [HEAD, "", "## What each can do"]
    for group in dict.fromkeys(one.group for one in CAPABILITIES.values()):
        lines += ["", f"### {group}", ""]
        lines += _table(["", *(title_of(kind) for kind in drivers), "name"])
        for name, one in CAPABILITIES.items():
            if one.group == group:
                marks = [
                    "yes" if name in driver.capabilities else "staff" if name in staff.get(kind, ()) else "–"
                    for kind, driver in drivers.items()
                ]
                lines.append(_row([one.words, *marks, f"`{name}`"]))
    lines += ["", "## How they differ", "", *_table(["", *(title_of(kind) for kind in drivers)])]
    lines.append(_row(["`kind` in a profile", *(f"`{kind}`" for kind in drivers)]))
    lines += [_row([words, *(told(driver) for driver in drivers.values())]) for words, told in WAYS]
    lines += ["", WRITES, "", ASSUMED]
    for kind, driver in drivers.items():
        lines += ["", f"### {title_of(kind)}", "", *_assumptions(driver)]
    return "\n".join(lines) + "\n"


def _pace(driver: Driver) -> str:
    pace = driver.traits.pace
    parts = [f"{pace.at_once} at once"] if pace.at_once else []
    parts += [f"{pace.between:g} s between two"] if pace.between else []
    return ", ".join(parts) or "as it says itself"


def _yes(true: bool) -> str:
    return "yes" if true else "no"


WAYS = (
    ("writes carry an idempotency key", lambda driver: _yes(driver.traits.keys)),
    (
        "safe to send again without one",
        lambda driver: ", ".join(f"`{one}`" for one in sorted(driver.traits.repeatable)) or "–",
    ),
    ("several orders on one renewal", lambda driver: _yes(driver.traits.renews_together)),
    ("several servers on one order", lambda driver: _yes(driver.traits.buys_together)),
    ("each purchase is paid before the next", lambda driver: _yes(driver.traits.one_basket)),
    ("a renewal is paid from the balance at once", lambda driver: _yes(driver.traits.renewal_pays)),
    ("a purchase is paid from the balance at once", lambda driver: _yes(driver.traits.purchase_pays)),
    ("that is only assumed", lambda driver: _yes(driver.traits.ways_assumed)),
    ("its loyalty discounts are known", lambda driver: _yes(driver.traits.loyalty)),
    ("what is typed when signing in", lambda driver: driver.traits.secret.lower().replace("api", "API")),
    ("how hard it is asked", _pace),
    ("page for what cannot be done from here", lambda driver: f"`{driver.traits.web}`" if driver.traits.web else "–"),
)
"""What is told of every driver's traits."""


def _assumptions(driver: Driver) -> Iterable[str]:
    options: dict[str, str] = getattr(driver, "options", {})
    if not driver.assumed and not options:
        return ["Nothing: its documentation leaves nothing open."]
    lines = list(_table(["topic", "what is assumed"])) if driver.assumed else []
    lines += [_row([topic, words]) for topic, words in driver.assumed.items()]
    if options:
        lines += ["", *_table(["option", "what it says"])]
        lines += [_row([f"`{name}`", words]) for name, words in options.items()]
    return lines


def _table(titles: Sequence[str]) -> list[str]:
    return [_row(titles), "|" + "---|" * len(titles)]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
