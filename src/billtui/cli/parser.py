"""From the grammar to an argument parser whose errors say what to type next."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
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


class VerbParser(Parser):
    """The parser of one verb or group: what it takes is added when it is asked for the first time.

    A run uses one of eighty; making all their options took longer than everything else of ``--help`` (P-START-3).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.late: list[tuple[Option, bool]] = []
        """Options to come, with whether each is inherited."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Take the arguments apart, once the options are there."""
        while self.late:
            option, inherited = self.late.pop(0)
            _add(self, option, inherited=inherited)
        return super().parse_known_args(args, namespace)


def unknown_verb(program: str, name: str, there: Sequence[str]) -> CliError:
    """The error for a verb that does not exist."""
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
    verbs = _verbs_of(root, "VERB")
    groups: dict[str, Any] = {}
    for verb in VERBS:
        parent = verbs
        if len(verb.path) == 2:
            group = verb.path[0]
            if group not in groups:
                parser = verbs.add_parser(group, help=GROUPS[group], description=f"{GROUPS[group]}.")
                parser.set_defaults(group=group)
                groups[group] = _verbs_of(parser, "VERB")
                parser.late += [(option, True) for option in COMMON]
            parent = groups[group]
        parser = parent.add_parser(verb.path[-1], help=verb.help, description=f"{verb.help}\n{verb.more}".strip())
        parser.set_defaults(verb=verb)
        parser.late += [(option, not option.own) for option in verb.all_options()]
    return root


def _verbs_of(parser: argparse.ArgumentParser, metavar: str) -> Any:
    return parser.add_subparsers(metavar=metavar, parser_class=VerbParser, title="verbs", prog=parser.prog)


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


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Take the arguments apart. Raises CliError; SystemExit(0) after ``--help``."""
    arguments = _with_default(arguments)
    options = build().parse_args(arguments)
    verb: Verb | None = getattr(options, "verb", None)
    group = getattr(options, "group", None)
    if verb is None and group is not None:
        alone = next((one for one in VERBS if one.path == (group, "show") and one.default), None)
        if alone is None:
            there = [one.path[1] for one in VERBS if one.path[0] == group]
            raise CliError("usage", f"What of billtui {group}?", hint=f"One of: {', '.join(there)}")
        return build().parse_args([*arguments, "show"])
    return options
