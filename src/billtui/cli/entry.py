"""The way in: take the arguments apart, run a verb or the program, and end with the right exit code."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from billtui.cli.exits import Exit
from billtui.cli.output import Output, open_standard_streams, send_to_nowhere
from billtui.cli.problems import CliError, Problem, problem_of

if TYPE_CHECKING:
    from billtui.cli.opening import Opening

_SETTING_UP = (("profile", "add"), ("profile", "edit"))
"""Verbs for which ``--login`` is a value of the profile."""


def run(arguments: Sequence[str], opening: Opening | None = None) -> int:
    """Run billtui with ``arguments`` and return its exit code. Nothing it meets reaches the person as a trace.

    ``opening`` is the first frame of the full-screen program, where that stands already.
    """
    os.environ.setdefault(
        "PYDANTIC_DISABLE_PLUGINS", "__all__"
    )  # foreign code in our models, looked for in every start
    open_standard_streams()
    out = Output(as_json="--json" in arguments)
    try:
        with opening or contextlib.nullcontext():
            code = _run(list(arguments), out, opening)
    except SystemExit as end:  # --help has printed
        code = end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        out.problem(Problem("interrupted", "Interrupted; nothing was sent.", Exit.INTERRUPTED))
        code = Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line: known errors are told in words, faults without values
        code = _told(error, out)
    finally:
        gc.enable()
        _flush(out)
    return int(Exit.UNEXPECTED if code == 0 and out.failed else code)


def _run(arguments: list[str], out: Output, opening: Opening | None) -> int:
    if arguments[:2] == ["sandbox", "serve"]:
        return _serve(arguments[2:])
    gc.disable()  # loading makes many objects that stay; whoever has loaded switches it on again
    from billtui.cli.parser import parse

    options = parse(arguments)
    out.as_json = bool(options.json)
    if options.version:
        from billtui import __version__

        if out.as_json:
            out.document("version", version=__version__)
        else:
            out.line(f"billtui {__version__}")
        return Exit.DONE
    _check(options)
    from billtui.config.process_memory import keep_out_of_cores  # needs what --help does without

    keep_out_of_cores()
    verb = getattr(options, "verb", None)
    if verb is None:
        from billtui.cli.opening import Opening
        from billtui.cli.program import open_program

        return open_program(options, out, opening or Opening())
    if options.json and getattr(options, "offline", False):
        from billtui.cli.straight import answer

        if (code := answer(options, out)) is not None:
            return code
    return run_verb(options, out)


def run_verb(options: argparse.Namespace, out: Output) -> int:
    """Run one verb. Raises what problem_of knows, and KeyboardInterrupt where nothing was sent yet."""
    import asyncio  # 200 ms with all it loads: not for --version and --help (P-START-3)
    import inspect

    from billtui.cli.context import Context

    module, _, name = options.verb.run.partition(":")
    function = getattr(importlib.import_module(f"billtui.cli.verbs.{module}"), name)
    context = Context(options, out)
    _loaded()
    with contextlib.ExitStack() as stack:
        if options.verb.panel:
            context.prepare(stack)
        if not inspect.iscoroutinefunction(function):
            return int(function(context))
        try:
            return int(asyncio.run(function(context)))
        except KeyboardInterrupt:
            from billtui.cli.carrying import interrupted

            return int(interrupted(context))


def _loaded() -> None:
    """What a verb needs is loaded and stays: the collector need not look at it again and again."""
    gc.freeze()
    gc.enable()


def _check(options: argparse.Namespace) -> None:
    """What cannot stand together."""
    ways = [name for name in ("profile", "demo", "url") if getattr(options, name, None)]
    if len(ways) > 1:
        raise CliError("usage", f"--{ways[0]} and --{ways[1]} exclude each other: choose one panel.")
    for name in ("fleet", "seed", "hostile", "reset"):
        if getattr(options, name, None) and not options.demo:
            raise CliError("usage", f"--{name} belongs to the demo.", hint=f"Add --demo, or leave --{name} away.")
    verb = getattr(options, "verb", None)
    if options.reset and verb is not None and not verb.panel:
        way = "Alone it does: billtui --demo --reset"
        raise CliError("usage", f"{' '.join(verb.path)} does not start the demo, so it begins nothing anew.", hint=way)
    setting_up = getattr(options, "verb", None) is not None and options.verb.path in _SETTING_UP
    if options.login and not (options.url or options.demo or setting_up):
        raise CliError("usage", "--login belongs to --url; a profile has its own login.")


def _serve(arguments: list[str]) -> int:
    from billtui.config.secret_sources import take_environment
    from billtui.sandbox.serve import main as serve

    take_environment()
    return serve(arguments)


def _told(error: Exception, out: Output) -> int:
    problem = problem_of(error)
    if problem is None:
        from billtui import __version__
        from billtui.config.errors import ConfigError
        from billtui.config.paths import state_dir
        from billtui.terminal.crash import report_crash

        try:
            folder = state_dir() / "crashes"
        except ConfigError as unusable:
            return _told(unusable, out)
        report = report_crash(error, folder, version=__version__)
        more = {"report": str(report.path)} if report.path else {}
        problem = Problem("internal", report.text, Exit.UNEXPECTED, more=more)
    out.problem(problem)
    return problem.exit


def _flush(out: Output) -> None:
    """Argparse writes help by itself; a reader that is gone must not become a trace at the very end."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            out.failed = out.failed or not isinstance(error, BrokenPipeError)
            send_to_nowhere(stream)
