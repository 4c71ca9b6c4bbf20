"""The labelled tickets of tests/data/tickets, and how well the review does on them.

A ticket begins with ``## DEPARTMENT [order=ID] [access] [attach=NAME,…] [turn=support|client] | FINDING …``; its
subject is the next line, its body what follows. All are of one account, whose orders are :data:`KNOWN`.
``python -m tests.support.labelled_tickets`` writes the figures into docs/tickets.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from billtui.services.ticket_review import RULES, Known, KnownOrder, TicketDraft, Turn, review

FOLDER = Path(__file__).parents[1] / "data" / "tickets"
PARTS = ("tuning", "holdout")
LANGUAGES = ("en", "ru", "uk")
KNOWN = Known(
    (
        KnownOrder("1041", "web-kyiv-1", ("192.0.2.10",)),
        KnownOrder("1042", "db-main", ("192.0.2.20",)),
        KnownOrder("1043", "mail.example.net", ("198.51.100.7", "2001:db8:10::7")),
        KnownOrder("1044", "shop-prod", ("203.0.113.44",)),
        KnownOrder("1045", "backup", ("203.0.113.60",)),
        KnownOrder("1046", "vpn-ams", ("198.51.100.77",)),
    )
)


@dataclass(frozen=True)
class Labelled:
    """A ticket, where it stands, and the findings that it should have."""

    place: str
    language: str
    draft: TicketDraft
    expected: frozenset[str]


def labelled(part: str, language: str) -> list[Labelled]:
    """The tickets of one file. Raises ValueError where a finding is unknown."""
    name = f"{part}-{language}"
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    found = []
    for number, block in enumerate(text.split("\n## "), 1):
        head, _, rest = block.removeprefix("## ").partition("\n")
        subject, _, body = rest.partition("\n")
        facts, bar, labels = head.partition("|")
        expected = frozenset(labels.split())
        if not bar or expected - RULES.keys():
            raise ValueError(f"{name}, ticket {number}: {head}")
        found.append(Labelled(f"{name}:{number}", language, _draft(facts.split(), subject, body.strip()), expected))
    return found


def _draft(facts: list[str], subject: str, body: str) -> TicketDraft:
    values = dict(fact.partition("=")[::2] for fact in facts[1:])
    if values.keys() - {"order", "access", "attach", "turn"}:
        raise ValueError(f"unknown facts: {facts}")
    return TicketDraft(
        department=facts[0],
        subject=subject,
        body=body,
        order_id=values.get("order"),
        attachments=tuple(values["attach"].split(",")) if "attach" in values else (),
        access_given="access" in values,
        turn=Turn(values.get("turn", "new")),
    )


def of_part(part: str) -> list[Labelled]:
    """The tickets of all languages."""
    return [one for language in LANGUAGES for one in labelled(part, language)]


class Figures(NamedTuple):
    """How often a finding was rightly made, wrongly made, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of what was found, how much is right; 1 where nothing was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Of what should be found, how much was."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def figures(tickets: Iterable[Labelled]) -> dict[str, Figures]:
    """Figures by finding."""
    counted = {name: [0, 0, 0] for name in RULES}
    for ticket in tickets:
        made = {finding.id for finding in review(ticket.draft, KNOWN)}
        for name in RULES:
            if name in made or name in ticket.expected:
                counted[name][0 if name in made & ticket.expected else 1 if name in made else 2] += 1
    return {name: Figures(*numbers) for name, numbers in counted.items()}


def mistakes(tickets: Iterable[Labelled]) -> list[str]:
    """A line for each ticket whose findings are not the expected ones."""
    lines = []
    for ticket in tickets:
        made = {finding.id for finding in review(ticket.draft, KNOWN)}
        if made != ticket.expected:
            extra, missing = sorted(made - ticket.expected), sorted(ticket.expected - made)
            lines.append(f"{ticket.place} {ticket.draft.subject[:60]!r}: +{extra} -{missing}")
    return lines


DOCUMENT = Path(__file__).parents[2] / "docs" / "tickets.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def table() -> str:
    """The figures as they stand in docs/tickets.md."""
    tickets = {part: of_part(part) for part in PARTS}
    found = {part: figures(tickets[part]) for part in PARTS}
    lines = [
        f"| finding | rule | {' | '.join(f'{part}: tickets | precision | recall' for part in PARTS)} |",
        "|---|---|" + "--:|" * 3 * len(PARTS),
    ]
    for name, rule in RULES.items():
        cells = [
            f"{one.right + one.missed} | {one.precision:.2f} | {one.recall:.2f}"
            for one in (found[part][name] for part in PARTS)
        ]
        lines.append(f"| `{name}` | {rule} | {' | '.join(cells)} |")
    clean = [sum(not one.expected for one in tickets[part]) for part in PARTS]
    cells = [f"{number} of {len(tickets[part])} | | " for number, part in zip(clean, PARTS, strict=True)]
    lines.append(f"| none | | {' | '.join(cells)}|")
    return "\n".join(lines)


def written() -> str:
    """The figures that docs/tickets.md holds. Raises ValueError where it has no place for them."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()


def main() -> None:
    """Write the figures into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    DOCUMENT.write_text(f"{before}\n{table()}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
