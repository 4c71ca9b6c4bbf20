"""What a person gives for the cheapest way: how long, which budget, which codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billtui.domain.money import parse_amount
from billtui.screens.modals.form import Field, FormDialog, FormProblem
from billtui.services.solver import MAX_HORIZON, MAX_LEAD_DAYS, amount_words


@dataclass(frozen=True)
class Inputs:
    """What a person gives."""

    months: int = 12
    budget: int | None = None
    codes: tuple[str, ...] = ()
    lead_days: int = 3
    effort: int = 5
    others_end: bool = False


def inputs_dialog(inputs: Inputs) -> FormDialog:
    """The form, filled with ``inputs``."""
    return FormDialog(
        "Cheapest way to renew",
        [
            Field("months", "Months to be kept paid", str(inputs.months), f"1 to {MAX_HORIZON}"),
            Field("budget", "Budget for now", amount_field(inputs.budget), "no limit"),
            Field("codes", "Promo codes", " ".join(inputs.codes), "none; several with blanks between"),
            Field("lead", "Buy days before the end", str(inputs.lead_days), f"1 to {MAX_LEAD_DAYS}"),
            Field("effort", "A purchase less is worth", amount_field(inputs.effort), "0"),
            Field("others", "Other orders end (y/n)", "y" if inputs.others_end else "n", "n"),
        ],
        check=_check,
        button="Work it out",
        note="Codes are asked about with quotes; nothing is bought by it.",
    )


def amount_field(cents: int | None) -> str:
    """An amount as it is typed; empty for none."""
    return "" if cents is None else amount_words(cents, "").replace(" ", "")


def inputs_of(given: Mapping[str, str]) -> Inputs:
    """The inputs that were typed. Raises ValueError with a sentence."""
    return Inputs(
        months=_whole(given["months"] or "12", 1, MAX_HORIZON, "Months"),
        budget=int(parse_amount(given["budget"]).scaleb(2)) if given["budget"] else None,
        codes=tuple(dict.fromkeys(given["codes"].replace(",", " ").split())),
        lead_days=_whole(given["lead"] or "3", 1, MAX_LEAD_DAYS, "Days before the end"),
        effort=int(parse_amount(given["effort"] or "0").scaleb(2)),
        others_end=_yes(given["others"]),
    )


def _whole(text: str, least: int, most: int, what: str) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ValueError(f"{what}: a whole number from {least} to {most}.")
    return int(text)


def _yes(text: str) -> bool:
    if text.lower() not in ("y", "yes", "n", "no", ""):
        raise ValueError("Type y or n.")
    return text.lower() in ("y", "yes")


def _check(given: Mapping[str, str]) -> FormProblem | None:
    for field, text in given.items():
        try:
            inputs_of({**dict.fromkeys(given, ""), field: text})
        except ValueError as error:
            return FormProblem(field, str(error))
    return None
