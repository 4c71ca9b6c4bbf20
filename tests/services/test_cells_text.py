"""Lines such as ``nl micro 3``: understood in any order, or reported with what to write instead (BLK-3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models.catalogue import Location, Plan
from billtui.services.cells_text import MOST, CellsRead, read_cells

NAMES = {
    "vds-micro": "VDS micro",
    "vds-large": "VDS large",
    "vds-xlarge": "VDS extra large",
    "ds-e5": "Dedicated E5",
}
PLANS = [
    Plan.model_validate({"id": key, "name": name, "monthly_price": {"amount": "1.00", "currency": "EUR"}})
    for key, name in NAMES.items()
]
LOCATIONS = [
    Location.model_validate({"id": key, "name": name})
    for key, name in (
        ("nl", "Amsterdam"), ("de", "Frankfurt"), ("us-east", "New York"), ("us-west", "Los Angeles"),
    )
]  # fmt: skip


def read(text: str) -> CellsRead:
    return read_cells(text, PLANS, LOCATIONS)


def cells(text: str) -> list[tuple[str, str, int]]:
    found = read(text)
    assert not found.bad, found.bad
    return [(str(one.location), str(one.plan), one.quantity) for one in found.cells]


@pytest.mark.parametrize(
    ("line", "cell"),
    [
        ("nl micro 3", ("nl", "vds-micro", 3)),
        ("micro nl 3", ("nl", "vds-micro", 3)),
        ("3 micro nl", ("nl", "vds-micro", 3)),
        ("nl:vds-micro=3", ("nl", "vds-micro", 3)),
        ("NL\tMicro\tx3", ("nl", "vds-micro", 3)),
        ("3x micro amsterdam", ("nl", "vds-micro", 3)),
        ("nl, micro, 003  # the new ones", ("nl", "vds-micro", 3)),
        ("new york large 2", ("us-east", "vds-large", 2)),
        ("us-west extra large × 2", ("us-west", "vds-xlarge", 2)),
        ("e5 los angeles 1", ("us-west", "ds-e5", 1)),
        ("frank mic 12", ("de", "vds-micro", 12)),
        ("de larg 2", ("de", "vds-large", 2)),
    ],
)
def test_a_line_is_understood_however_it_is_written(line: str, cell: tuple[str, str, int]) -> None:
    assert cells(line) == [cell]


def test_lines_keep_their_order_and_the_same_cell_is_added_up() -> None:
    text = "de micro 2\n\n# more\nnl micro 1\r\nmicro de 5\n"
    assert cells(text) == [("de", "vds-micro", 7), ("nl", "vds-micro", 1)]
    assert read(text).count == 8


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nl micro", "How many?"),
        ("nl micro 0", "1 or more"),
        ("nl micro 1000000", f"at most {MOST:,}"),
        ("micro 3", "a location, a plan and a number"),
        ("nl mikro 3", "No plan is called “mikro”: write one of vds-micro, vds-large, vds-xlarge, ds-e5."),
        ("nn micro 3", "No location is called “nn”: write one of nl, de, us-east, us-west."),
        ("us micro 3", "It could be us-east vds-micro, us-west vds-micro"),
        ("nl micro rescue 3", "leave the rest away"),
        ("foo bar 3", "Neither a location nor a plan"),
    ],
)
def test_a_bad_line_says_what_to_write_and_the_rest_is_kept(line: str, words: str) -> None:
    found = read(f"de micro 2\n{line}\nnl micro 1")
    assert [(str(one.location), one.quantity) for one in found.cells] == [("de", 2), ("nl", 1)]
    [bad] = found.bad
    assert bad.number == 2 and words in bad.reason and str(bad).startswith(f"Line 2, “{line}”: ")


def test_a_line_without_an_end_is_no_names() -> None:
    """A document pasted by a slip is refused at once; each way of parting its words would take minutes."""
    [bad] = read(f"{'a ' * 200_000}3").bad
    assert "a location, a plan and a number" in bad.reason and len(bad.text) <= 80


def test_control_characters_of_a_paste_are_drawn_not_sent() -> None:
    [bad] = read("nl \x1b[2Jmicro 3").bad
    assert "\x1b" not in str(bad)


@given(
    st.lists(
        st.tuples(st.sampled_from(PLANS), st.sampled_from(LOCATIONS), st.integers(1, MOST), st.booleans()), max_size=20
    )
)
def test_what_is_written_with_ids_is_read_back(rows: list[tuple[Plan, Location, int, bool]]) -> None:
    text = "\n".join(
        f"{plan.id} {place.id} {number}" if first else f"{place.id} {plan.id} {number}"
        for plan, place, number, first in rows
    )
    wanted: dict[tuple[str, str], int] = {}
    for plan, place, number, _ in rows:
        key = (str(place.id), str(plan.id))
        wanted[key] = wanted.get(key, 0) + number
    assert cells(text) == [(*key, number) for key, number in wanted.items()]


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    """Every line with something in it is a cell or is reported, once."""
    found = read(text)
    numbers = [bad.number for bad in found.bad]
    assert len(set(numbers)) == len(numbers) and all(1 <= one <= len(text.splitlines()) for one in numbers)
    silent = [line for at, line in enumerate(text.splitlines(), 1) if at not in numbers]
    assert not [line for line in silent if line.partition("#")[0].strip(" \t").isalnum() and not found.cells]
