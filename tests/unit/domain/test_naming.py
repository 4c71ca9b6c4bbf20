"""Names by pattern (BLK-1, ORD-4): numbering, clashes, and what a wrong pattern is told."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.naming import MAX_NAME, NameSlot, NamingError, expand_names

NL = NameSlot("vds-micro", "nl")
PL = NameSlot("vds-micro", "pl")
OWN = NameSlot("vds-micro", "nl", "web-1", "1001", "192.0.2.10")

WORDS = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="{}"), min_size=1, max_size=12)
SLOTS = st.lists(
    st.builds(NameSlot, st.sampled_from(["micro", "small"]), st.sampled_from(["nl", "pl", "us-east"])),
    max_size=30,
)


def test_numbers_begin_again_in_each_location() -> None:
    """``{n}`` counts separately for each distinct rest of the pattern."""
    assert expand_names("web-{loc}-{n:02}", [NL, PL, NL, PL, NL], ()) == [
        "web-nl-01",
        "web-pl-01",
        "web-nl-02",
        "web-pl-02",
        "web-nl-03",
    ]
    assert expand_names("web-{n}", [NL, PL], ()) == ["web-1", "web-2"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a{n:02@5}", ["a05", "a06"]),
        ("a{n@98}", ["a98", "a99"]),
        ("a{n:3}", ["a001", "a002"]),
        ("{{{n}}}", ["{1}", "{2}"]),
        ("{{n}}-{n}", ["{n}-1", "{n}-2"]),
        ("{n}-{n:03}", ["1-001", "2-002"]),
        ("{plan}.{loc}.{n@0}", ["vds-micro.nl.0", "vds-micro.nl.1"]),
        ("  пошта {n} ", ["пошта 1", "пошта 2"]),
    ],
)
def test_patterns(pattern: str, names: list[str]) -> None:
    """Width, start, literal braces, blanks at the ends."""
    assert expand_names(pattern, [NL, NL], set()) == names


def test_taken_numbers_are_skipped() -> None:
    """A name that a server has already is passed over, not refused."""
    assert expand_names("web-{n:02}", [NL, NL, NL], {"web-01", "web-03"}) == ["web-02", "web-04", "web-05"]
    assert expand_names("web-{n}", [NL], ["web-1"]) == ["web-2"]


def test_two_counts_that_meet_give_two_names() -> None:
    """Different rests can lead to one text: the later server gets the next number."""
    one, eleven = NameSlot("a", "x1"), NameSlot("a", "x")
    assert expand_names("{loc}{n@1}", [one, *[eleven] * 11], ())[0] == "x11"
    assert len(set(expand_names("{loc}{n@1}", [one, *[eleven] * 11], ()))) == 12


def test_renaming_knows_name_id_and_address() -> None:
    """Placeholders of a server that exists."""
    assert expand_names("{name}-old", [OWN], {"web-1"}) == ["web-1-old"]
    assert expand_names("{loc}-{id}-{ip}", [OWN], ()) == ["nl-1001-192.0.2.10"]


@pytest.mark.parametrize(
    ("pattern", "slots", "taken", "words"),
    [
        ("web-{loc}", [NL, NL], (), ("“web-nl”", "add {n}")),
        ("web-{loc}", [NL, PL], ("web-pl",), ("“web-pl”", "add {n}")),
        ("web-{region}", [NL], (), ("{region}", "{loc}", "{plan}", "{n}")),
        ("web-{name}", [NL], (), ("{name}", "before it is bought")),
        ("web-{name}", [NL, OWN], (), ("{name}", "before it is bought")),
        ("web-{n:x}", [NL], (), ("{n:x}", "{n:02}")),
        ("web-{n:99}", [NL], (), ("{n:99}", "at most 12")),
        ("{n@1}{n@2}", [NL], (), ("two numbers",)),
        ("web-{", [NL], (), ("{{",)),
        ("web-}", [NL], (), ("}}",)),
        ("web-{}", [NL], (), ("{}", "{loc}")),
        ("", [NL], (), ("empty",)),
        ("   ", [NL], (), ("empty",)),
        ("{name}", [NameSlot("p", "l", " ", "7")], (), ("empty name",)),
        ("{ip}", [NameSlot("p", "l", "x", "7")], (), ("Server 7", "no address")),
        ("a" * 201, [NL], (), ("201 characters", "at most 200")),
        ("a\x1b[31m{n}", [NL], (), ("U+001B",)),
        ("{name}", [NameSlot("p", "l", "a\x07b", "7")], (), ("U+0007",)),
        ("a\u2028b", [NL], (), ("U+2028",)),
    ],
)
def test_what_a_wrong_pattern_is_told(
    pattern: str, slots: list[NameSlot], taken: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """Each refusal names the thing and the way out."""
    with pytest.raises(NamingError) as caught:
        expand_names(pattern, slots, taken)
    for word in words:
        assert word in str(caught.value)


def test_the_pattern_is_checked_without_servers_too() -> None:
    """A preview of nothing still says that a placeholder is unknown."""
    assert expand_names("{name}-{n}", [], ()) == []
    with pytest.raises(NamingError):
        expand_names("{what}", [], ())


@given(WORDS, SLOTS, st.sets(st.integers(1, 40)))
def test_law_names_are_distinct_free_and_smallest(word: str, slots: list[NameSlot], numbers: set[int]) -> None:
    """Distinct, none taken, as many as servers, and per location the smallest free numbers in order."""
    taken = {f"{word}-{loc}-{number}" for loc in ("nl", "pl") for number in numbers}
    names = expand_names(f"{word}-{{loc}}-{{n}}", slots, taken)
    assert len(names) == len(set(names)) == len(slots)
    assert not taken & set(names)
    for loc in ("nl", "pl", "us-east"):
        free = (n for n in range(1, 1_000) if loc == "us-east" or n not in numbers)
        wanted = [f"{word}-{loc}-{next(free)}" for slot in slots if slot.location == loc]
        assert [name for name, slot in zip(names, slots, strict=True) if slot.location == loc] == wanted


@given(st.text(max_size=30), SLOTS, st.sets(st.text(max_size=6), max_size=5))
def test_law_any_text_gives_names_or_one_sentence(pattern: str, slots: list[NameSlot], taken: set[str]) -> None:
    """No pattern crashes, and every name that comes out can be kept."""
    try:
        names = expand_names(pattern, slots, taken)
    except NamingError as error:
        assert str(error)
        return
    assert len(set(names)) == len(slots)
    assert not set(names) & taken
    assert all(1 <= len(name) <= MAX_NAME and name == name.strip() for name in names)
    assert all(ord(char) >= 0x20 and not 0x7F <= ord(char) < 0xA0 for name in names for char in name)


def test_a_thousand_names_against_a_hundred_thousand_taken_are_at_once() -> None:
    """Also when every number up to 100,000 is taken: the preview runs on every key."""
    taken = {f"web-{number}" for number in range(1, 100_001)}
    begin = time.perf_counter()
    names = expand_names("web-{n}", [NL] * 1_000, taken)
    assert time.perf_counter() - begin < 1.0
    assert names[0] == "web-100001"
    assert names[-1] == "web-101000"
