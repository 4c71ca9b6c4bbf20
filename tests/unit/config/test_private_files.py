"""Private files and directories (RELIABILITY "Secrets"): modes, owners, links, one-step replacement."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from billtui.config import paths
from billtui.config.errors import UnsafePath


def test_every_directory_can_be_overridden(own_environment: Path) -> None:
    assert paths.config_dir() == own_environment / "config"
    assert paths.state_dir() == own_environment / "state"
    assert paths.data_dir() == own_environment / "data"
    assert paths.cache_dir() == own_environment / "cache"


def test_without_override_xdg_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.delenv(f"BILLTUI_{kind}_DIR")
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    assert paths.config_dir() == tmp_path / "CONFIG" / "billtui"
    assert paths.state_dir() == tmp_path / "STATE" / "billtui"
    assert paths.data_dir() == tmp_path / "DATA" / "billtui"
    assert paths.cache_dir() == tmp_path / "CACHE" / "billtui"


def test_relative_override_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLTUI_STATE_DIR", "somewhere")
    with pytest.raises(UnsafePath, match="BILLTUI_STATE_DIR must be an absolute path"):
        paths.state_dir()


def test_directory_is_made_private_and_a_loose_one_refused_with_the_cure(tmp_path: Path) -> None:
    made = paths.ensure_private_dir(tmp_path / "a" / "b c")
    assert made.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700, "else the next one who uses it refuses it"
    made.chmod(0o750)
    with pytest.raises(UnsafePath) as refused:
        paths.ensure_private_dir(made)
    cure = str(refused.value).rsplit("Run: ", 1)[1]
    subprocess.run(cure, shell=True, check=True)  # noqa: S602  the message must be right as it stands
    assert paths.ensure_private_dir(made) == made


def test_a_file_in_the_way_of_a_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(UnsafePath, match="in the way"):
        paths.ensure_private_dir(tmp_path / "x")
    with pytest.raises(UnsafePath, match="cannot be made"):
        paths.ensure_private_dir(tmp_path / "x" / "y")


def test_write_then_read(tmp_path: Path) -> None:
    path = tmp_path / "d" / "f"
    old = os.umask(0)
    try:
        paths.write_private(path, b"one")
        paths.write_private(path, b"two")
    finally:
        os.umask(old)
    assert paths.read_private(path) == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["f"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o777, 0o610])
def test_looser_files_are_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "d" / "it's"
    paths.write_private(path, b"x")
    path.chmod(mode)
    with pytest.raises(UnsafePath) as refused:
        paths.read_private(path)
    subprocess.run(str(refused.value).rsplit("Run: ", 1)[1], shell=True, check=True)  # noqa: S602
    assert paths.read_private(path) == b"x"


def test_links_fifos_directories_and_huge_files_are_refused(tmp_path: Path) -> None:
    directory = paths.ensure_private_dir(tmp_path / "d")
    paths.write_private(directory / "real", b"x" * 100)
    (directory / "link").symlink_to(directory / "real")
    os.mkfifo(directory / "fifo", 0o600)
    for name, reason in (("link", "symbolic link"), ("fifo", "not a regular file")):
        with pytest.raises(UnsafePath, match=reason):
            paths.read_private(directory / name)
    with pytest.raises(UnsafePath, match="larger than 99 bytes"):
        paths.read_private(directory / "real", 99)
    with pytest.raises(UnsafePath, match="symbolic link"):
        paths.write_private(directory / "link", b"y")
    assert paths.read_private(directory / "real") == b"x" * 100
    with pytest.raises(FileNotFoundError):
        paths.read_private(directory / "missing")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_files_of_somebody_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "d" / "f"
    paths.write_private(path, b"x")
    os.chown(path, 12345, -1)
    with pytest.raises(UnsafePath, match="belongs to another user"):
        paths.read_private(path)
    os.chown(path.parent, 12345, -1)
    with pytest.raises(UnsafePath, match="belongs to another user"):
        paths.write_private(path, b"y")


def test_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "d" / "f"
    paths.write_private(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        paths.write_private(path, b"new")
    monkeypatch.undo()
    assert paths.read_private(path) == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["f"]


def test_kill_in_mid_write_never_tears_the_file(tmp_path: Path) -> None:
    path = tmp_path / "d" / "f"
    size = 300_000
    program = (
        "import sys; from pathlib import Path; from billtui.config.paths import write_private\n"
        f"path = Path({str(path)!r}); number = 0\n"
        "while True:\n"
        f"    write_private(path, bytes([65 + number % 26]) * {size}); number += 1\n"
        "    print(number, flush=True)\n"
    )
    for _ in range(12):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        content = paths.read_private(path)
        assert len(content) == size and len(set(content)) == 1


def test_changes_under_the_lock_are_never_lost(tmp_path: Path) -> None:
    path = tmp_path / "d" / "count"
    paths.write_private(path, b"0")
    program = (
        "from pathlib import Path; from billtui.config.paths import locked, read_private, write_private\n"
        f"path = Path({str(path)!r})\n"
        "for _ in range(25):\n"
        "    with locked(path):\n"
        "        write_private(path, str(int(read_private(path)) + 1).encode())\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert paths.read_private(path) == b"75"


def test_a_directory_that_is_read_from_must_be_private_too(tmp_path: Path) -> None:
    """Settings and profiles name programs to run: a looser directory is refused before its files are read."""
    from billtui.config.profiles import ProfileBook
    from billtui.config.settings import load_settings

    folder = paths.ensure_private_dir(tmp_path / "c")
    paths.write_private(folder / "settings.toml", b"")
    paths.write_private(folder / "profiles.toml", b"")
    folder.chmod(0o755)
    for read in (lambda: load_settings(folder / "settings.toml"), lambda: ProfileBook(folder / "profiles.toml").load()):
        with pytest.raises(UnsafePath, match=f"{folder} is open to others") as refused:
            read()
    cure(refused.value)
    assert load_settings(folder / "settings.toml").warnings == []
    assert ProfileBook(folder / "profiles.toml").load().profiles == {}


def cure(refused: BaseException) -> None:
    """Run the command that the message gives."""
    subprocess.run(str(refused).rsplit("Run: ", 1)[1], shell=True, check=True)  # noqa: S602


def test_a_directory_above_that_everybody_can_change_is_refused(tmp_path: Path) -> None:
    """Whoever can change it can put another directory in our place; /tmp, which is sticky, is no danger."""
    above = tmp_path / "shared by all"
    own = paths.ensure_private_dir(above / "x" / "own")
    above.chmod(0o777)
    with pytest.raises(UnsafePath, match=r"in which .* can be changed by everybody") as refused:
        paths.ensure_private_dir(own)
    with pytest.raises(UnsafePath, match="shared by all"):
        paths.check_private_dir(own)
    above.chmod(0o1777)
    assert paths.ensure_private_dir(own) == own
    above.chmod(0o777)
    cure(refused.value)
    assert paths.ensure_private_dir(own) == own


def test_a_linked_directory_is_judged_by_where_it_leads(tmp_path: Path) -> None:
    real = paths.ensure_private_dir(tmp_path / "real")
    (tmp_path / "link").symlink_to(real)
    paths.write_private(tmp_path / "link" / "f", b"x")
    assert paths.read_private(real / "f") == b"x"
    real.chmod(0o755)
    with pytest.raises(UnsafePath, match="open to others") as refused:
        paths.ensure_private_dir(tmp_path / "link")
    cure(refused.value)
    assert real.stat().st_mode & 0o777 == 0o700
    tmp_path.chmod(0o777)  # the directory above the link's end
    with pytest.raises(UnsafePath, match="can be changed by everybody"):
        paths.ensure_private_dir(tmp_path / "link")


def test_the_cure_of_a_link_puts_a_private_copy_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "it's mine"
    real.write_bytes(b"x")
    link = paths.ensure_private_dir(tmp_path / "d") / "it's"
    link.symlink_to(real)
    for use in (lambda: paths.read_private(link), lambda: paths.write_private(link, b"y")):
        with pytest.raises(UnsafePath, match="symbolic link") as refused:
            use()
    cure(refused.value)
    assert paths.read_private(link) == b"x"
    assert not link.is_symlink() and real.read_bytes() == b"x"


def test_a_file_system_without_permissions_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As FAT, and some network shares: chmod cures nothing there, so the way out is another directory."""
    change = os.fchmod
    folder = paths.ensure_private_dir(tmp_path / "d")
    monkeypatch.setattr(os, "fchmod", lambda descriptor, _mode: change(descriptor, 0o755))
    with pytest.raises(UnsafePath, match=r"keeps no permissions.*BILLTUI_CONFIG_DIR"):
        paths.write_private(folder / "f", b"secret")
    assert list(folder.iterdir()) == []
    make = Path.mkdir
    monkeypatch.setattr(Path, "mkdir", lambda path, mode=0, **more: (make(path, **more), path.chmod(0o755))[0])
    with pytest.raises(UnsafePath, match=r"keeps no permissions.*BILLTUI_CONFIG_DIR"):
        paths.ensure_private_dir(tmp_path / "e")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_the_cure_of_somebody_elses_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d" / "a b"
    paths.write_private(path, b"x")
    os.chown(path, 12345, -1)
    with pytest.raises(UnsafePath) as refused:
        paths.read_private(path)
    subprocess.run(str(refused.value).rsplit("As root: ", 1)[1], shell=True, check=True)  # noqa: S602
    assert paths.read_private(path) == b"x"
