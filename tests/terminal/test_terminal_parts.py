"""Environment, clipboard, QR code, editor, crash report."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from billtui.terminal import qr
from billtui.terminal.clipboard import MAX_BASE64, clip
from billtui.terminal.crash import KEPT_REPORTS, describe_error, report_crash
from billtui.terminal.editor import EditedTextUnusable, EditorFailed, NoEditor, edit_text, editor_command
from billtui.terminal.environment import describe, settle
from billtui.terminal.harmless import many_lines, one_line
from tests.terminal.ptys import Terminal

# --- environment ------------------------------------------------------------------------------------------------------


def test_no_color_counts_only_when_it_is_not_empty() -> None:
    empty, set_ = {"NO_COLOR": ""}, {"NO_COLOR": "1"}
    assert settle(empty).no_color is False and "NO_COLOR" not in empty
    assert settle(set_).no_color is True and set_["NO_COLOR"] == "1"


def test_animations_are_off_unless_asked_for() -> None:
    plain, asked = {"TERM": "xterm"}, {"TEXTUAL_ANIMATIONS": "basic"}
    settle(plain)
    settle(asked)
    assert plain["TEXTUAL_ANIMATIONS"] == "none" and asked["TEXTUAL_ANIMATIONS"] == "basic"


def test_nothing_in_the_environment_makes_textual_write_down_what_is_typed() -> None:
    """A log and a socket for developers are told every key; so is a foreign driver. Looks stay as they were set."""
    telltale = {"TEXTUAL": "devtools", "TEXTUAL_LOG": "/tmp/keys.log", "TEXTUAL_DRIVER": "x:Y", "TEXTUAL_PRESS": "q"}
    pictures = {"TEXTUAL_SCREENSHOT": "1", "TEXTUAL_SCREENSHOT_LOCATION": "/tmp"}
    found = {**telltale, **pictures, "TEXTUAL_FPS": "10", "TERM": "xterm"}
    settle(found)
    assert {name for name in found if name.startswith("TEXTUAL")} == {"TEXTUAL_FPS", "TEXTUAL_ANIMATIONS"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm"}, "auto"),
        ({"TERM": "xterm-256color"}, "auto"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-kitty"}, "truecolor"),
        ({"TERM": "alacritty"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "xterm-256color", "WT_SESSION": "x"}, "truecolor"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "truecolor"),
        ({"TERM": "tmux-256color", "TMUX": "x", "TERM_PROGRAM": "iTerm.app"}, "auto"),
        ({"TERM": "tmux-256color", "TMUX": "x", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "screen.xterm-256color", "STY": "1", "COLORTERM": "truecolor"}, "256"),
        ({"TERM": "screen", "STY": "1"}, "standard"),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "standard", "COLORTERM": "truecolor"}, "standard"),
    ],
)
def test_colours(environment: dict[str, str], expected: str) -> None:
    facts = settle(environment)
    assert facts.color_system == expected
    assert environment.get("TEXTUAL_COLOR_SYSTEM", "auto") == expected


@pytest.mark.parametrize(
    ("environment", "utf8"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "uk_UA.utf8"}, True),
        ({"LANG": "ru_RU.KOI8-R"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, True),
        ({"LANG": "C"}, False),
        ({"LANG": "en_US"}, False),
        ({}, True),
    ],
)
def test_ascii_where_the_locale_is_not_utf8(environment: dict[str, str], utf8: bool) -> None:
    assert settle(environment).utf8 is utf8


@pytest.mark.parametrize(("language", "said"), [("C", "False"), ("C.UTF-8", "True")])
def test_the_locale_that_python_puts_there_itself_is_not_believed(language: str, said: str) -> None:
    code = "import os; from billtui.terminal.environment import settle; print(os.environ['LANG'], settle().utf8)"
    process = subprocess.run(
        [sys.executable, "-c", code], env={"LANG": language}, capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == [language, said]


def test_describe_is_harmless_and_textual_is_not_loaded() -> None:
    facts = settle({"TERM": "\x1b[2J", "SSH_TTY": "/dev/pts/1", "TMUX": "x", "NO_COLOR": "1"})
    said = dict(describe(facts))
    assert said["TERM"] == "\\x1b[2J" and said["over SSH"] == "yes" and said["inside"] == "tmux"
    assert said["colours"].startswith("none")
    code = (
        "import sys, billtui.terminal.environment, billtui.terminal.guard, billtui.terminal.clipboard, "
        "billtui.terminal.crash, billtui.terminal.editor, billtui.terminal.qr\n"
        "print([name for name in sys.modules if name in ('textual', 'rich', 'segno', 'pydantic')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


# --- harmless text, clipboard -----------------------------------------------------------------------------------------


@given(st.text())
def test_harmless_text_is_printable_whatever_came_in(text: str) -> None:
    assert one_line(text).isprintable()
    assert all(character.isprintable() or character in "\n\t" for character in many_lines(text))
    assert one_line(one_line(text)) == one_line(text)


def decoded(sequence: str) -> str:
    assert sequence.startswith("\x1b]52;c;") and sequence.endswith("\x07")
    return base64.b64decode(sequence[7:-1]).decode()


def test_clipboard_text_is_cleaned_and_one_line_unless_asked() -> None:
    assert decoded(clip("a\nrm -rf /\x1b[201~\r\n", environment={}).sequence) == "a rm -rf /␛[201~"
    assert decoded(clip("a\r\nb\tc\x03", multi_line=True, environment={}).sequence) == "a\nb\tc␃"
    assert clip("5531", environment={}).message == "Sent to the terminal's clipboard: 5531"
    assert clip(" \n", environment={}) == ("", "Nothing to copy.")


def test_clipboard_is_wrapped_for_tmux_and_screen() -> None:
    plain = clip("x" * 300, environment={}).sequence
    tmux = clip("x" * 300, environment={"TMUX": "x", "STY": "y"}).sequence
    assert tmux == "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    screen = clip("x" * 300, environment={"STY": "y"}).sequence
    assert "".join(part.removeprefix("\x1bP") for part in screen.split("\x1b\\")) == plain
    assert max(map(len, screen.split("\x1b\\"))) < 256


def test_clipboard_has_a_cap_and_says_so() -> None:
    most = MAX_BASE64 // 4 * 3
    assert clip("x" * most, environment={}).sequence
    too_long = clip("x" * (most + 3), environment={})
    assert too_long.sequence == "" and "nothing was sent" in too_long.message


# --- QR code ----------------------------------------------------------------------------------------------------------

ADDRESS = "https://pay.example/i/5531?t=0123456789abcdef"


def modules(code: qr.QrCode) -> list[list[bool]]:
    upper = [[character in "▀█" for character in line] for line in code.lines]
    lower = [[character in "▄█" for character in line] for line in code.lines]
    return [row for pair in zip(upper, lower, strict=True) for row in pair]


@pytest.mark.parametrize("inverted", [False, True])
def test_the_code_drawn_is_the_code_of_the_address(inverted: bool) -> None:
    code = qr.qr_code(ADDRESS, 80, 24, inverted=inverted)
    assert code is not None
    expected = [
        [bool(m) != inverted for m in row]
        for row in segno.make(ADDRESS, error="l", boost_error=False).matrix_iter(border=qr.QUIET)
    ]
    assert modules(code)[: len(expected)] == expected
    assert (code.width, code.height) == (len(expected), (len(expected) + 1) // 2)
    assert {len(line) for line in code.lines} == {code.width}


def test_plain_ascii_has_the_same_modules() -> None:
    half, plain = qr.qr_code(ADDRESS, 80, 24), qr.qr_code(ADDRESS, 200, 60, ascii_only=True)
    assert half is not None and plain is not None
    assert "".join(plain.lines).isascii()
    assert [[line[at] == "#" for at in range(0, plain.width, 2)] for line in plain.lines] == modules(half)[
        : plain.height
    ]


def test_no_code_where_there_is_no_room() -> None:
    code = qr.qr_code(ADDRESS, 80, 24)
    assert code is not None
    assert qr.qr_code(ADDRESS, code.width, code.height) == code
    assert qr.qr_code(ADDRESS, code.width - 1, 24) is None
    assert qr.qr_code(ADDRESS, 80, code.height - 1) is None
    assert qr.qr_code("x" * 10_000, 1000, 1000) is None


# --- editor -----------------------------------------------------------------------------------------------------------


def editor(code: str) -> list[str]:
    return [sys.executable, "-c", f"import sys, os\npath = sys.argv[1]\n{code}"]


def test_editor_command_is_split_but_never_a_shell(tmp_path: Path) -> None:
    program = tmp_path / "my editor"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environment = {"VISUAL": f"'{program}' --wait ';id'", "EDITOR": "vi", "PATH": "/usr/bin"}
    assert editor_command(environment) == [str(program), "--wait", ";id"]
    for value, reason in (("vi 'x", "quotes"), ("/nowhere/ed", "not there"), ("$(id)", "not there")):
        with pytest.raises(NoEditor, match=reason):
            editor_command({"EDITOR": value, "PATH": "/usr/bin"})
    with pytest.raises(NoEditor, match="export EDITOR"):
        editor_command({"PATH": str(tmp_path)})


def test_edited_text_comes_back_and_nothing_is_left(tmp_path: Path) -> None:
    code = (
        "assert os.stat(path).st_mode & 0o777 == 0o600 and os.stat(os.path.dirname(path)).st_mode & 0o777 == 0o700\n"
        "text = open(path).read()\nos.rename(path, path + '~')\nopen(path, 'w').write(text + ' мир\\n')"
    )
    assert edit_text("hello", tmp_path, argv=editor(code)) == "hello мир"
    assert edit_text("kept\n", tmp_path, argv=editor("")) == "kept\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        ("sys.exit(1)", EditorFailed, "exit code 1"),
        ("os.remove(path)", EditedTextUnusable, "cannot be read"),
        ("os.remove(path); os.symlink('/etc/passwd', path)", EditedTextUnusable, "cannot be read"),
        ("open(path, 'wb').write(b'\\xff')", EditedTextUnusable, "not UTF-8"),
        ("open(path, 'w').write('x' * (1024 * 1024 + 1))", EditedTextUnusable, "larger than"),
    ],
)
def test_failing_editors_are_told_apart(tmp_path: Path, code: str, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        edit_text("x", tmp_path, argv=editor(code))
    assert list(tmp_path.iterdir()) == []


def test_an_editor_that_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(NoEditor, match="cannot be started"):
        edit_text("x", tmp_path, argv=["/nowhere/ed"])


@pytest.mark.pty
def test_the_editor_gets_the_terminal_even_when_output_is_redirected(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from billtui.terminal.editor import edit_text\n"
        "inner = 'import sys, os; print(\"tty\", [os.isatty(n) for n in (0, 1, 2)])'\n"
        f"edit_text('x', Path({str(tmp_path)!r}), argv=[sys.executable, '-c', inner])"
    )
    with Terminal(["/bin/sh", "-c", '"$0" -c "$1" </dev/null >/dev/null 2>&1', sys.executable, code]) as terminal:
        terminal.wait_for(b"tty [True, True, True]")


# --- crash report -----------------------------------------------------------------------------------------------------


def fail(password: str) -> None:
    token = f"token-{password}"
    try:
        raise KeyError(token)
    except KeyError as error:
        raise ValueError(f"wrong: {password}") from error


def crash(password: str = "c4nary") -> BaseException:
    try:
        fail(password)
    except ValueError as error:
        group = ExceptionGroup(f"all {password}", [error, OSError(password)])
        group.__context__ = error
        return group
    raise AssertionError


def test_a_crash_report_has_places_but_no_values(tmp_path: Path) -> None:
    report = report_crash(crash(), tmp_path / "crashes", version="1.2")
    assert report.path is not None and report.path.stat().st_mode & 0o777 == 0o600
    assert report.path.parent.stat().st_mode & 0o777 == 0o700
    content = report.path.read_text()
    assert "c4nary" not in content + report.text
    for part in ("ExceptionGroup", "part of it: builtins.ValueError", "caused by: builtins.KeyError", "in fail"):
        assert part in content
    assert "billtui 1.2" in content and str(Path.home()) not in content.replace("/tmp", "")
    assert str(report.path) in report.text and "ExceptionGroup" in report.text


def test_old_reports_go_and_a_full_disk_is_no_second_crash(tmp_path: Path) -> None:
    for _ in range(KEPT_REPORTS + 5):
        report_crash(crash(), tmp_path, version="1")
    assert len(list(tmp_path.glob("crash-*.txt"))) == KEPT_REPORTS
    (tmp_path / "file").touch()
    report = report_crash(crash(), tmp_path / "file", version="1")
    assert report.path is None and "No report could be kept" in report.text


@pytest.mark.pty
@pytest.mark.parametrize("where", ["handler", "worker", "thread", "compose", "render"])
def test_a_crashing_app_tells_nothing_and_ends_with_an_error(where: str, tmp_path: Path) -> None:
    with Terminal.python(CRASHING, where, str(tmp_path)) as terminal:
        code, _seconds = terminal.wait_end(15)
    assert code == 1
    (report,) = tmp_path.glob("crash-*.txt")
    assert "c4nary" not in terminal.output.decode() + report.read_text()
    assert "ZeroDivisionError" in report.read_text() and "in fail" in report.read_text()
    assert terminal.output.count(b"billtui stopped because of a fault in itself") == 1
    assert b"textual run" not in terminal.output


CRASHING = r"""
import sys
from pathlib import Path
from rich.text import Text
from textual.app import App
from textual.widgets import Label, Static
from billtui.terminal.crash import report_crash

where = sys.argv[1]

def fail(password="c4nary-password"):
    token = {"token": "c4nary-token"}
    return 1 / (len(token) - 1)

class Failing(Static):
    def render(self):
        return fail() if where == "render" else ""

class Crashing(App):
    def compose(self):
        if where == "compose": fail()
        yield Failing()
    async def on_mount(self):
        if where == "handler": fail()
        if where == "worker": self.run_worker(self.work())
        if where == "thread": self.run_worker(lambda: fail(), thread=True)
    async def work(self):
        fail()
    def _fatal_error(self):
        if self._exit_renderables: return
        report = report_crash(sys.exception() or self._exception, Path(sys.argv[2]), version="1")
        self._exit_renderables.append(Text(report.text))
        self._close_messages_no_wait()

app = Crashing()
app.run()
sys.exit(app.return_code)
"""


def test_deep_and_circular_errors_are_cut() -> None:
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    assert describe_error(first) == ["builtins.ValueError", "while handling: builtins.KeyError"]

    def deep(level: int) -> None:
        if level:
            deep(level - 1)
        raise ValueError

    try:
        deep(500)
    except ValueError as error:
        assert 20 < len(describe_error(error)) < 70
