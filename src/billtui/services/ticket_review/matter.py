"""What a ticket is about: whose department it is, whether something is broken, and how well that is told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from billtui.services.ticket_review.draft import ABUSE, FINANCE, SALES, TECHNICAL
from billtui.services.ticket_review.lexicon import Hit
from billtui.services.ticket_review.named_orders import Named, named_orders
from billtui.services.ticket_review.reading import WORDS_READ, Reading

WEIGHTS: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    TECHNICAL: (("fault", 2), ("inside", 2), ("technical", 1), ("software-work", 2), ("work", 1)),
    FINANCE: (("finance-sure", 3), ("finance", 1)),
    SALES: (("sales-sure", 3), ("sales", 1)),
    ABUSE: (("abuse-sure", 4), ("abuse", 1)),
}
"""What a phrase of each category says for a department; the same phrase counts once."""
MUCH: Final = 3
"""So many times the score of the chosen department another one needs to be proposed."""
SURE: Final = 4
"""From this score on a text is about a department."""
PLACE: Final = re.compile(
    r"https?://\S|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}\b|(?<!\w)/(?:[a-z]{2,12}/)[\w./-]"
    r"|\b(?:[a-z0-9-]{1,40}\.){1,4}(?:com|net|org|example|io|de|ua|ru)\b",
    re.IGNORECASE,
)
_MONTHS: Final = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бер|кві|тра|чер|лип|сер|вер|жов|лис|гру"
)
_WHEN: Final = re.compile(
    r"\b\d{1,2}[:.]\d{2}\b|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}\.\d{1,2}\.(?:\d{2,4})?\b|\b\d{1,2}\s?(?:am|pm)\b"
    rf"|\b\d{{1,2}}\s(?:{_MONTHS})|\b(?:{_MONTHS})\s\d",
    re.IGNORECASE,
)
_UNITS: Final = "%|ms\\b|мс\\b|MB|МБ|GB|ГБ|Mbit|Мбит|Мбіт|seconds|секунд|s\\b|packets"
_WHAT: Final = re.compile(
    r"[\"“«„`'][^\"”»“`\n]{8,200}[\"”»“`']"
    rf"|\b\d{{1,4}}(?:[.,]\d{{1,2}})?\s?(?:{_UNITS})"
    r"|\berr(?:or)?[ _]?(?:code)?[ #:]?\d{2,5}\b|\b(?:ECONN|ETIMED|ERR_)[A-Z_]{3,30}"
    r"|\b(?:code|status|кодом|код)\s\d{1,4}\b"
    r"|\b[a-z]{2,20}\.[a-z]{2,20}\.[A-Z]\w{3,60}|\b[A-Z]\w{2,60}(?:Error|Exception)\b|`[^`\n]{2,120}`",
    re.IGNORECASE,
)


@dataclass
class Matter:
    """What is read out of a draft; every value is found out when a rule first asks for it."""

    reading: Reading
    body: str | None = None
    """The whole body, where only its beginning is read."""

    @cached_property
    def scores(self) -> dict[str, int]:
        """How much the text speaks for each department."""
        return scores_of(self.reading.all(*(name for weights in WEIGHTS.values() for name, _ in weights)))

    @cached_property
    def department(self) -> str | None:
        """The department that the text is clearly for, if there is one."""
        ranked = sorted(self.scores.items(), key=lambda one: -one[1])
        (best, score), (_, next_score) = ranked[0], ranked[1]
        if score < SURE or score < 2 * next_score:
            return None
        chosen = self.reading.draft.department
        own = self.scores.get(chosen, 0)
        near = {best, chosen} == {SALES, FINANCE}  # both speak of money
        if best != chosen and (score < MUCH * own or (near and own > 0)):
            return None
        return best

    @cached_property
    def named(self) -> list[Named]:
        """Own orders that are named."""
        return named_orders(
            f"{self.reading.subject}\n\n{self.reading.draft.body[:WORDS_READ]}", self.reading.known.orders
        )

    @cached_property
    def is_fault(self) -> bool:
        """Whether something technical does not do what it should."""
        if not self.reading.has("fault"):
            return False
        scores = self.scores
        others = max(scores[FINANCE], scores[SALES], scores[ABUSE])
        here = self.reading.draft.department == TECHNICAL
        return scores[TECHNICAL] > others or (here and scores[TECHNICAL] == others)

    @cached_property
    def is_software_work(self) -> bool:
        """Whether somebody is asked to set something up inside a server."""
        if not self.reading.has("software-work"):
            return False
        scores = self.scores
        return scores[TECHNICAL] > max(scores[FINANCE], scores[SALES], scores[ABUSE])

    @cached_property
    def is_about_the_account(self) -> bool:
        """Whether it is the panel or the account that is at fault, and no server."""
        reading = self.reading
        return reading.has("account") and not reading.has("inside")

    def details(self) -> set[str]:
        """Which of “where”, “since when” and “what exactly” are told."""
        reading, found = self.reading, set()
        if reading.draft.order_id is not None or self.named or PLACE.search(reading.text):
            found.add("where")
        if reading.has("when") or _WHEN.search(reading.text):
            found.add("since when")
        if reading.prose.logs or reading.prose.cut or reading.has("what") or _WHAT.search(reading.text):
            found.add("what exactly")
        return found


def scores_of(hits: Iterable[Hit]) -> dict[str, int]:
    """The scores of departments by these phrases, each counted once."""
    seen = {(hit.category, hit.phrase) for hit in hits}
    by_category: dict[str, int] = {}
    for category, _ in seen:
        by_category[category] = by_category.get(category, 0) + 1
    return {
        department: sum(weight * by_category.get(category, 0) for category, weight in weights)
        for department, weights in WEIGHTS.items()
    }
