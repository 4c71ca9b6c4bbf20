"""From the grammar to an argument parser whose errors say what to type next."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from billtui.cli.grammar import COMMON, GROUPS, PROGRAM_OPTIONS, VERBS, Option, Verb
from billtui.cli.problems import CliError


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of printing and ending."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raises CliError with the next step."""
        raise CliError("usage", f"{message[:1].upper()}{message[1:]}.", hint=f"See: {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Says which verb is nearest to one that does not exist."""
        if isinstance(action, argparse._SubParsersAction) and value not in action.choices:
            raise unknown_verb(self.prog, str(value), list(action.choices))
        super()._check_value(action, value)


class LateParser:
    """The parser of a verb or group, made when it is asked for the first time.

    A run uses one of a hundred and thirty; making them all took longer than everything else of ``--help`` (P-START-3).
    """

    def __init__(self, **settings: Any) -> None:
        """With what its parser is made of, once it is."""
        self._settings = settings
        self._parser: Parser | None = None
        self.fill: Callable[[Parser], None] = _nothing

    def __getattr__(self, name: str) -> Any:
        """Whatever it is asked for, the parser itself answers."""
        if self._parser is None:
            self._parser = Parser(**self._settings)
            self.fill(self._parser)
        return getattr(self._parser, name)


def _nothing(_parser: Parser) -> None:
    """A parser without anything of its own."""


def unknown_verb(program: str, name: str, there: Sequence[str]) -> CliError:
    """The error for a verb that does not exist."""
    import difflib

    near = difflib.get_close_matches(name, there, 1, 0.5)
    hint = f"Did you mean: {program} {near[0]}" if near else f"There are: {', '.join(there)}"
    return CliError("unknown-verb", f"There is no “{name[:40]}” after {program}.", hint=hint)


def build() -> Parser:
    """The whole parser. Cheap: nothing of the house is loaded."""
    root = Parser(
        prog="billtui",
        description="The bill of a fleet of virtual servers: a full-screen program, and the same as commands.",
        epilog=(
            "Without a verb the full-screen program opens (with the last profile). First steps:\n"
            "  billtui --demo             look around on the built-in panel, nothing is real\n"
            "  billtui profile add        name your panel, then: billtui login"
        ),
    )
    for option in PROGRAM_OPTIONS:
        _add(root, option)
    verbs = _verbs_of(root)
    groups: dict[str, list[Verb]] = {}
    for verb in VERBS:
        if len(verb.path) == 1:
            _add_verb(verbs, verb)
            continue
        name = verb.path[0]
        if name not in groups:
            groups[name] = []
            late = verbs.add_parser(name, help=GROUPS[name], description=f"{GROUPS[name]}.")
            late.fill = partial(_fill_group, name, groups[name])
        groups[name].append(verb)
    return root


def _fill_group(name: str, verbs: Sequence[Verb], parser: Parser) -> None:
    parser.set_defaults(group=name)
    inside = _verbs_of(parser)
    for verb in verbs:
        _add_verb(inside, verb)
    for option in COMMON:
        _add(parser, option, inherited=True)


def _add_verb(verbs: Any, verb: Verb) -> None:
    late = verbs.add_parser(verb.path[-1], help=verb.help, description=f"{verb.help}\n{verb.more}".strip())
    late.fill = partial(_fill_verb, verb)


def _fill_verb(verb: Verb, parser: Parser) -> None:
    parser.set_defaults(verb=verb)
    for option in verb.all_options():
        _add(parser, option, inherited=not option.own)


def _verbs_of(parser: argparse.ArgumentParser) -> Any:
    return parser.add_subparsers(metavar="VERB", parser_class=LateParser, title="verbs", prog=parser.prog)


def _add(parser: argparse.ArgumentParser, option: Option, *, inherited: bool = False) -> None:
    """``inherited``: it may stand before the verb as well, so a missing one here must not undo that."""
    settings = dict(option.settings)
    if inherited:
        settings["default"] = argparse.SUPPRESS
    parser.add_argument(*option.names, help=option.help, **settings)


def _with_default(arguments: Sequence[str]) -> list[str]:
    """``accounts --offline`` is ``accounts show --offline``: options alone behind a group that has a default."""
    words = list(arguments)
    groups = {verb.path[0] for verb in VERBS if verb.default}
    values = {name for one in PROGRAM_OPTIONS if one.takes_value for name in one.names}
    for place, word in enumerate(words):
        if word in groups and not (place and words[place - 1] in values):
            behind = words[place + 1 :]
            verbs = {verb.path[1] for verb in VERBS if verb.path[0] == word} | {"-h", "--help"}
            if behind and behind[0].startswith("-") and not verbs & set(behind):
                words.insert(place + 1, "show")
            break
    return words


def _known(arguments: Sequence[str]) -> argparse.Namespace:
    """Raises CliError for what nothing is known of, with the help of the verb that it was said to."""
    options, left = build().parse_known_args(arguments)
    if left:
        verb: Verb | None = getattr(options, "verb", None)
        where = " ".join(("billtui", *(verb.path if verb is not None else ())))
        raise CliError("usage", f"Unrecognized arguments: {' '.join(left)}.", hint=f"See: {where} --help")
    return options


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Take the arguments apart. Raises CliError; SystemExit(0) after ``--help``."""
    arguments = _with_default(arguments)
    options = _known(arguments)
    verb: Verb | None = getattr(options, "verb", None)
    group = getattr(options, "group", None)
    if verb is None and group is not None:
        alone = next((one for one in VERBS if one.path == (group, "show") and one.default), None)
        if alone is None:
            there = [one.path[1] for one in VERBS if one.path[0] == group]
            raise CliError("usage", f"What of billtui {group}?", hint=f"One of: {', '.join(there)}")
        return _known([*arguments, "show"])
    return options
