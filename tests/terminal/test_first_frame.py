"""P-START-1: the first frame, before anything is imported: honest, harmless, and laid out where the program draws."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.content import Content

from billtui.cli import main, opening
from billtui.config.profiles import ProfileBook, make_profile
from billtui.config.settings import Settings, save_settings
from billtui.shell_frames import colours_of, pieces_of, write
from billtui.terminal import early, early_keys, first_frame
from billtui.terminal.first_frame import Look, draw
from billtui.terminal.frame_facts import COLOURS, FRAMES, TONES, Facts, decode, encode, picture_name, read, stamp
from billtui.theme import THEMES
from billtui.widgets.formats import age_text
from tests.terminal.ptys import Terminal

NOW = 1_795_655_150
SIZES = ((1, 1), (2, 1), (39, 11), (40, 12), (80, 24), (100, 30), (119, 40), (120, 40), (200, 60))


def some_facts(name: str = "main") -> Facts:
    facts = Facts(name)
    facts.panel, facts.account, facts.role = "Panel of the north", "olena.marsh · 204817", "client"
    facts.balance, facts.unread, facts.synced_at = "525.00 EUR", "3 unread", NOW - 7_500
    facts.areas = [(str(number), title) for number, title in enumerate(("Overview", "Invoices", "Orders", "Jobs"), 1)]
    facts.lines = [
        [
            ("muted", "Balance        "),
            ("bold", "525.00 EUR"),
            ("", "  and more than fits into eighty columns " * 3),
        ],
        [],
        [("muted", "Runs out in    "), ("bad", " 3 days: 432 orders")],
    ]
    facts.news = [[("muted", "Since your last visit")], [], [("", "web-1: 日本 → paid")]]
    facts.colours = dict.fromkeys(COLOURS, ("#102030", 17, 4))
    return facts


def on_screen(text: str, columns: int, rows: int) -> pyte.Screen:
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(early.ENTER + text)
    return screen


# --- what is kept


TEXT = st.text(max_size=40)
LINES = st.lists(st.lists(st.tuples(st.sampled_from(TONES), TEXT), max_size=3), max_size=4)


@given(LINES, LINES, TEXT, TEXT, st.integers(0, 2**33))
@settings(max_examples=150, deadline=None)
def test_facts_come_back_as_they_were_but_harmless(
    lines: list[list[tuple[str, str]]], news: list[list[tuple[str, str]]], name: str, panel: str, at: int
) -> None:
    facts = some_facts(name)
    facts.lines, facts.news, facts.panel, facts.synced_at = lines, news, panel, at
    found = decode(encode(facts))
    assert found is not None
    assert found.synced_at == at
    assert [[tone for tone, _ in line] for line in found.lines] == [[tone for tone, _ in line] for line in lines]
    every = [found.profile, found.panel, *(text for line in [*found.lines, *found.news] for _, text in line)]
    assert all(text.isprintable() for text in every)
    shown = on_screen(draw(found, Look({"TERM": "xterm-256color"}), 80, 24, NOW), 80, 24)
    assert shown.display[-1].startswith(" Opening")


def test_a_torn_or_changed_file_is_not_used(tmp_path: Path) -> None:
    content = encode(some_facts())
    assert decode(content) is not None
    for cut in range(len(content)):
        assert decode(content[:cut]) is None
    for place in range(0, len(content), 7):
        assert decode(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]) is None
    assert decode(content.replace(b"frame 1", b"frame 2")) is None
    path = tmp_path / "a.frame"
    path.write_bytes(content)
    path.chmod(0o644)
    assert read(str(path)) is None  # others could have read or made it
    path.chmod(0o600)
    assert read(str(path)) is not None
    (tmp_path / "b.frame").symlink_to(path)
    assert read(str(tmp_path / "b.frame")) is None
    os.mkfifo(tmp_path / "c.frame", 0o600)
    assert read(str(tmp_path / "c.frame")) is None
    before = stamp(str(path))
    path.write_bytes(content + b"x")
    assert stamp(str(path)) != before
    assert stamp(str(tmp_path / "none")) == "-"


# --- what is drawn


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "screen", "linux"])
def test_it_says_its_age_and_shows_nothing_to_press(size: tuple[int, int], term: str) -> None:
    columns, rows = size
    screen = on_screen(draw(some_facts(), Look({"TERM": term}), columns, rows, NOW), columns, rows)
    text = "\n".join(screen.display)
    assert screen.cursor.hidden
    if columns < 40 or rows < 12:
        assert "billtui: opening".startswith(text.strip(" …\n"))
        return
    assert "opening, data 2 h 5 min ago" in screen.display[0]
    assert "The figures as of" in screen.display[-1]
    assert columns < 80 or "What you type now is kept." in screen.display[-1]
    assert "525.00 EUR" in text
    assert not any(letter.isdigit() for letter in screen.display[1]), "no key is shown before it can be pressed"


def test_without_facts_it_says_so() -> None:
    facts = Facts("main")
    text = "\n".join(on_screen(draw(facts, Look({"TERM": "xterm"}), 80, 24, NOW), 80, 24).display)
    assert "No overview is known here yet." in text
    assert "ago" not in text


def test_ascii_and_no_colour() -> None:
    plain = draw(some_facts(), Look({"TERM": "xterm", "LANG": "C"}), 120, 40, NOW)
    assert plain.isascii()
    assert "…" in draw(some_facts(), Look({"TERM": "xterm", "LANG": "C"}, "off"), 120, 40, NOW)
    assert draw(some_facts(), Look({"TERM": "xterm"}, "on"), 120, 40, NOW).isascii()
    grey = draw(some_facts(), Look({"TERM": "xterm-256color", "NO_COLOR": "1"}), 120, 40, NOW)
    assert ";38;" not in grey
    assert ";48;" not in grey
    assert ";38;" in draw(some_facts(), Look({"TERM": "xterm-256color", "NO_COLOR": ""}), 120, 40, NOW)


@pytest.mark.parametrize("seconds", [0, 59, 60, 3_599, 3_600, 7_500, 86_399, 86_400, 90_000, 900_000, 9_000_000])
def test_ages_are_in_the_programs_words(seconds: int) -> None:
    then = datetime.fromtimestamp(NOW, UTC)
    assert first_frame.age_words(NOW, NOW + seconds) == age_text(then, then + timedelta(seconds=seconds))


@pytest.mark.parametrize("name", THEMES)
def test_every_theme_has_all_colours(name: str) -> None:
    theme = THEMES[name][0]
    colours = colours_of({**theme.to_color_system().generate(), **theme.variables}, "teal", sixteen=theme.ansi)
    assert set(colours) == set(COLOURS)
    ground = colours["background"]
    assert ground == (("", -1, -1) if theme.ansi else ground)
    facts = some_facts()
    facts.colours = colours
    found = decode(encode(facts))
    assert found is not None
    assert found.colours == colours


def test_styles_of_content_become_tones() -> None:
    content = Content.assemble(("Balance  ", "$muted"), ("5 EUR", "bold $text-error"), " x\n", ("y", "italic"))
    assert pieces_of(content) == [[("muted", "Balance  "), ("bad", "5 EUR"), ("", " x")], [("", "y")]]


def test_nothing_is_imported_before_it() -> None:
    """Beyond what `python -c pass` has: the house's own few files, and extensions that load at once."""
    shown = "import sys; print('\\n'.join(sys.modules))"

    def loaded(code: str) -> set[str]:
        done = subprocess.run([sys.executable, "-c", code + shown], check=True, capture_output=True, text=True)
        return set(done.stdout.split())

    more = loaded("import billtui.cli, billtui.cli.opening; ") - loaded("")
    ours = {name for name in more if name.split(".")[0] == "billtui"}
    assert more - ours <= {"__future__", "termios"}
    assert ours <= {
        "billtui", "billtui.cli", "billtui.cli.opening", "billtui.config", "billtui.config.places", "billtui.terminal",
        "billtui.terminal.early", "billtui.terminal.first_frame", "billtui.terminal.frame_facts",
        "billtui.terminal.harmless", "billtui.terminal.recognition",
    }  # fmt: skip


# --- whose figures they are


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of frames of a program whose one profile is ``main``, which opens by itself."""
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"BILLTUI_{kind}_DIR", str(tmp_path / kind))
    ProfileBook().add(make_profile(name="main", url="https://one.example", login="olena.marsh"))
    ProfileBook().use("main")
    return tmp_path / "DATA" / FRAMES


def overview_of_main(kept: Path) -> None:
    """The program writes the overview of the profile ``main`` that it has opened."""
    facts = some_facts()
    facts.url, facts.login = "https://one.example", "olena.marsh"
    write(facts, kept.parent, in_book=True)


@pytest.mark.parametrize(
    ("url", "login", "read_only"),
    [
        ("https://other.example", "olena.marsh", False),
        ("https://one.example", "kofi.brandt", False),
        ("https://one.example", "olena.marsh", True),
    ],
)
def test_a_profile_changed_while_the_program_runs_shows_nothing_of_the_one_before(
    kept: Path, url: str, login: str, read_only: bool
) -> None:
    """``billtui profile edit`` in a second terminal; then the program, which knows the old one, is left."""
    overview_of_main(kept)
    assert opening._of_profile() is not None
    assert opening._of_profile("main") is not None
    ProfileBook().add(make_profile(name="main", url=url, login=login, read_only=read_only), replace=True)
    overview_of_main(kept)
    assert opening._of_profile() is None
    assert opening._of_profile("main") is None
    assert not any(b"204817" in path.read_bytes() for path in kept.iterdir())


def test_a_profile_removed_while_the_program_runs_leaves_nothing(kept: Path) -> None:
    overview_of_main(kept)
    ProfileBook().remove("main")
    overview_of_main(kept)
    assert not any(b"204817" in path.read_bytes() for path in kept.iterdir())


def test_settings_changed_while_the_program_runs_hold_for_the_next_start(kept: Path) -> None:
    save_settings(Settings(ascii="on"))
    overview_of_main(kept)
    assert opening._of_profile() is None, "it was drawn with other letters than the settings ask for"


# --- the whole program


def test_the_program_takes_it_over_and_keeps_what_was_typed(tmp_path: Path) -> None:
    places = {f"BILLTUI_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
    frame = tmp_path / "DATA" / "demo" / "data" / FRAMES / "demo.frame"
    command = [sys.executable, "-m", "billtui", "--demo"]

    with Terminal(command, columns=100, rows=30, variables=places) as terminal:
        terminal.wait_for(b"No overview is known here yet.")  # before the panel is filled
        terminal.wait_for(b"Runs out in", 60)
        terminal.wait_for(frame.exists, 30)
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait_end(10)[0] == 128 + signal.SIGTERM
    assert frame.stat().st_mode & 0o777 == 0o600
    assert b"password" not in frame.read_bytes()
    assert b"demo-fleet" not in frame.read_bytes()

    with Terminal(command, columns=100, rows=30, variables=places) as terminal:
        terminal.wait_for(b"Opening")
        assert "Runs out in" in "\n".join(terminal.screen().display)
        assert "opening, data" in terminal.screen().display[0]
        terminal.send(b"3")
        terminal.wait_for(b"A month", 60)
        assert terminal.output.count(b"\x1b[?1049h") == 1, "entered once, so nothing flickers"
        assert b"Nothing is known yet" not in terminal.output, "nor between the known and the same from the copy"
        assert b"not signed in" not in terminal.output
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait_end(10)[0] == 128 + signal.SIGTERM
        assert termios.tcgetattr(terminal.slave) == terminal.attributes
        assert not terminal.screen().cursor.hidden

    frame.write_bytes(frame.read_bytes()[:-30])
    with Terminal(command, columns=100, rows=30, variables=places) as terminal:
        terminal.wait_for(b"No overview is known here yet.")
        assert "Overview" in terminal.screen().display[1], "how it looks is known all the same"
        os.kill(terminal.pid, signal.SIGTERM)  # while it opens: there is nobody to ask yet, so it ends at once
        code, seconds = terminal.wait_end(10)
        assert code == 128 + signal.SIGTERM
        assert seconds < 2.5
        assert termios.tcgetattr(terminal.slave) == terminal.attributes
        assert terminal.output.rfind(b"\x1b[?1049l") > terminal.output.rfind(b"\x1b[?1049h")


def test_an_error_while_it_opens_is_read_on_the_shells_screen(tmp_path: Path) -> None:
    places = {f"BILLTUI_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
    config = tmp_path / "CONFIG"
    config.mkdir(mode=0o700)
    book = config / "profiles.toml"
    book.write_text('last_used = "main"\n[profiles.main\n')
    book.chmod(0o600)
    facts = some_facts()
    facts.profiles_stamp, facts.settings_stamp = stamp(str(book)), "-"
    folder = tmp_path / "DATA" / FRAMES
    folder.mkdir(parents=True, mode=0o700)
    (folder / ".last.frame").write_bytes(encode(facts))
    (folder / ".last.frame").chmod(0o600)
    with Terminal([sys.executable, "-m", "billtui"], columns=80, rows=24, variables=places) as terminal:
        terminal.wait_for(b"204817")
        code, _ = terminal.wait_end(10)
        assert code != 0
        left = bytes(terminal.output).rindex(b"\x1b[?1049l")
        assert b"billtui" in terminal.output[left:], "the words come after the screen is left"
        assert termios.tcgetattr(terminal.slave) == terminal.attributes


def test_ctrl_c_before_anything_is_drawn_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(opening, "begun", interrupted)
    assert main(["--demo"]) == 130
    assert capsys.readouterr().err == "billtui: Interrupted; nothing was sent.\n"


def test_signals_wait_until_somebody_watches() -> None:
    code = (
        "import os, signal, sys\n"
        "from billtui.terminal import early\n"
        "screen = early.take('FRAME')\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "print('still here')\n"
        "from billtui.terminal.guard import Guard\n"
        "import time\n"
        "with Guard(lambda number: guard.end_at_once(), attributes=screen.attributes) as guard:\n"
        "    screen.guarded()\n"
        "    time.sleep(30)\n"
    )
    with Terminal.python(code) as terminal:
        ended, _ = terminal.wait_end(10)
        assert ended == 128 + signal.SIGTERM
        assert b"still here" in terminal.output
        assert termios.tcgetattr(terminal.slave) == terminal.attributes


def test_who_sees_the_first_frame_may_press_ctrl_z_or_type_at_once() -> None:
    """Stopped between the two it would leave the shell on this screen, and what is typed would be echoed over it."""
    code = """
import signal, termios
from billtui.terminal import early
write = early._write
def writes(data, before=b""):
    kept = not termios.tcgetattr(0)[3] & (termios.ECHO | termios.ICANON)
    return write(data + f" kept {kept}, stops {signal.getsignal(signal.SIGTSTP) != signal.SIG_IGN}".encode(), before)
early._write = writes
early.take("frame").give_back()
"""
    with Terminal.python(code) as terminal:
        assert terminal.wait_end(10)[0] == 0, bytes(terminal.output)
        assert b"frame kept True, stops False" in terminal.output
        assert termios.tcgetattr(terminal.slave) == terminal.attributes


def test_where_nothing_can_be_drawn_the_terminal_stays_as_it_was() -> None:
    """Its modes were changed before the first byte."""
    code = """
import signal
from billtui.terminal import early
early._write = lambda data, before=b"": None
print("taken", early.take("frame"), signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL)
"""
    with Terminal.python(code) as terminal:
        assert terminal.wait_end(10)[0] == 0
        assert b"taken None True" in terminal.output
        assert termios.tcgetattr(terminal.slave) == terminal.attributes


def test_a_stuck_line_does_not_hold_it_up() -> None:
    code = (
        "from billtui.terminal import early\n"
        "screen = early.take('x' * 300_000)\n"
        "rest = len(screen.rest)\n"
        "import os; os._exit(7 if 100_000 < rest < 300_000 else 1)\n"
    )
    with Terminal.python(code) as terminal:
        assert terminal.wait_end(10, reading=False)[0] == 7


def test_in_the_background_the_terminal_is_the_shells() -> None:
    """`billtui &`: nothing is drawn over the prompt, and nothing said of keys that the shell gets."""
    code = """
import os
from billtui.terminal import early
child = os.fork()
if not child:
    os.setpgid(0, 0)
    print("behind", early.can_be_drawn(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print("before", early.can_be_drawn(), flush=True)
"""
    with Terminal.python(code) as terminal:
        terminal.wait_for(b"before True")
        assert b"behind False" in terminal.output


def test_what_is_pasted_while_it_opens_is_marked_as_pasted() -> None:
    """Otherwise its letters would be commands once the program is there."""
    code = """
import os
from billtui.terminal import early
screen = early.take("frame")
os.read(0, 1)
screen.give_back()
"""
    with Terminal.python(code) as terminal:
        terminal.wait_for(b"frame")
        assert terminal.output.index(b"\x1b[?2004h") < terminal.output.index(b"frame")
        terminal.send(b"x")
        terminal.wait_end(10)
        assert terminal.output.index(b"\x1b[?2004l") > terminal.output.index(b"frame")
        assert termios.tcgetattr(terminal.slave) == terminal.attributes


def test_a_terminal_that_no_shell_shares_has_no_background() -> None:
    """In a container the terminal may be nobody's controlling one: the first frame is drawn there as well."""
    master, slave = os.openpty()
    code = "from billtui.terminal import early; print(early.can_be_drawn())"
    environment = {**os.environ, "TERM": "xterm-256color"}
    try:
        subprocess.run(
            [sys.executable, "-c", code],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            check=True,
        )
        assert os.read(master, 100).strip() == b"True"
    finally:
        os.close(master)
        os.close(slave)


def test_where_a_password_is_awaited_no_area_takes_its_first_digit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for at the last start is asked for again: a digit typed blind is the beginning of that."""
    begun: list[object] = []
    monkeypatch.setenv("BILLTUI_CONFIG_DIR", str(tmp_path))
    monkeypatch.setattr(early_keys, "EarlyKeys", begun.append)
    (tmp_path / picture_name("main", "3")).write_bytes(b"a list")
    facts = some_facts()
    for asks in (True, False):
        facts.asks = asks
        kept = decode(encode(facts))
        assert kept is not None and kept.asks is asks
        kept.folder = str(tmp_path)
        opening.Opening()._answer_keys(None, kept, Look({}), (80, 24))  # type: ignore[arg-type]  # no key, no screen
        assert bool(begun) is not asks
