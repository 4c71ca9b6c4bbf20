"""Where billtui keeps its files, and how it reads and writes private ones (RELIABILITY "Secrets").

Directories follow XDG; ``BILLTUI_CONFIG_DIR``, ``BILLTUI_STATE_DIR``, ``BILLTUI_DATA_DIR`` and ``BILLTUI_CACHE_DIR``
override them. Directories are 0700 and files 0600, belong to the user, and looser ones are refused: the message holds
the command that puts it right. Files are replaced in one step, so a kill at any moment leaves the old or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from billtui.config.errors import UnsafePath
from billtui.config.places import NAME, place

_ELSEWHERE = (
    "BILLTUI_CONFIG_DIR, BILLTUI_STATE_DIR, BILLTUI_DATA_DIR and BILLTUI_CACHE_DIR put billtui's directories elsewhere."
)
MAX_PRIVATE_BYTES = 16 * 1024 * 1024


def config_dir() -> Path:
    """Settings, profiles and encrypted credentials."""
    return _directory("CONFIG")


def state_dir() -> Path:
    """The journal, drafts, logs and crash reports."""
    return _directory("STATE")


def data_dir() -> Path:
    """Local copies of the lists, and the demo's database."""
    return _directory("DATA")


def cache_dir() -> Path:
    """What can be lost at any time."""
    return _directory("CACHE")


def _directory(kind: str) -> Path:
    found = place(kind)
    if os.environ.get(f"BILLTUI_{kind}_DIR"):
        path = typed_path(str(found))
        if not path.is_absolute():
            raise UnsafePath(f"BILLTUI_{kind}_DIR must be an absolute path, not {found!r}.")
        return path
    if found is not None:
        return Path(found)
    import platformdirs  # 40 ms, and not needed where XDG says it all

    others: dict[str, str] = {
        "CONFIG": platformdirs.user_config_dir(NAME, appauthor=False),
        "STATE": platformdirs.user_state_dir(NAME, appauthor=False),
        "DATA": platformdirs.user_data_dir(NAME, appauthor=False),
        "CACHE": platformdirs.user_cache_dir(NAME, appauthor=False),
    }
    return Path(others[kind])


def typed_path(text: str) -> Path:
    """A path as a person types it: ``~`` is the home; where ``~somebody`` has none, it stands as it was typed."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def ensure_private_dir(path: Path) -> Path:
    """Make ``path`` if it is missing, and what is missing above it (0700, as XDG asks), and return it.

    Raises UnsafePath when it is no directory, belongs to somebody else, is open to others, or lies below a directory
    that everybody can change.
    """
    made = False
    try:
        missing = [path]
        while not missing[-1].parent.exists():  # a parent made open to others would be refused by whoever uses it next
            missing.append(missing[-1].parent)
        for one in reversed(missing):
            made = made or not one.exists()
            one.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        raise UnsafePath(f"{path} is in the way: a directory is needed there. Move it elsewhere.") from None
    except OSError as error:
        raise UnsafePath(f"{path} cannot be made: {error.strerror}. {_ELSEWHERE}") from error
    status = path.stat()
    if made and status.st_mode & 0o077 and status.st_uid == os.getuid():
        raise UnsafePath(f"The file system of {path} keeps no permissions, so others could read it. {_ELSEWHERE}")
    _check_owner_and_mode(path, status, "700")
    _check_above(path)
    return path


def check_private_dir(path: Path) -> None:
    """As :func:`ensure_private_dir`, for a directory to read from; one that is not there is no error."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnsafePath(f"{path} cannot be looked at: {error.strerror}.") from error
    _check_owner_and_mode(path, status, "700")
    _check_above(path)


def obstacle_to(path: Path) -> str | None:
    """Why ``path``, which is not there, cannot be made, as far as that shows without trying; ``None`` if it can."""
    above = path
    while not above.exists():
        if above.is_symlink():
            return f"{above} is a link to nothing"
        above = above.parent
    if not above.is_dir():
        return f"{above} is no directory"
    if not os.access(above, os.W_OK | os.X_OK):
        return f"nothing can be made in {above}"
    try:
        _check_above(path)
    except UnsafePath as error:
        return str(error)
    return None


def _check_above(path: Path) -> None:
    """Whoever can change a directory above can put another in our place. Sticky ones (/tmp) protect what is ours."""
    for above in (path.resolve() / "x").parents[1:]:
        try:
            mode = above.stat().st_mode
        except OSError:
            continue
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise UnsafePath(
                f"{above}, in which {path} lies, can be changed by everybody (mode {stat.S_IMODE(mode):04o}). "
                f"Run: chmod o-w -- {shlex.quote(str(above))}"
            )


def write_private(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step: temporary file, fsync, rename, fsync of the directory.

    Raises UnsafePath where the directory is open to others or ``path`` is a symbolic link, OSError (disk full …)
    with the old file untouched.
    """
    directory = ensure_private_dir(path.parent)
    if path.is_symlink():
        raise UnsafePath(f"{path} is a symbolic link; billtui does not write through it. {_instead_of_link(path)}")
    temporary = directory / f".{path.name}.{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            if os.fstat(descriptor).st_mode & 0o077:
                raise UnsafePath(
                    f"The file system of {directory} keeps no permissions, so others could read it. {_ELSEWHERE}"
                )
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    fsync_dir(directory)


def write_new(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600, whole or not at all, never over something and never through a link.

    Raises FileExistsError, OSError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read_private(path: Path, limit: int = MAX_PRIVATE_BYTES) -> bytes:
    """The content of a file that nobody else can read or change.

    Raises FileNotFoundError; UnsafePath for a symbolic link, a file of somebody else, mode looser than 0600, anything
    but a regular file, or more than ``limit`` bytes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafePath(
                f"{path} is a symbolic link; the file itself is wanted. {_instead_of_link(path)}"
            ) from None
        if error.errno == errno.ENOENT:
            raise
        raise UnsafePath(f"{path} cannot be read: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnsafePath(f"{path} is not a regular file. Move it elsewhere.")
        _check_owner_and_mode(path, status, "600")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnsafePath(f"{path} is larger than {limit} bytes, so it is not what it should be. Move it elsewhere.")
    return content


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that belongs to ``path``, so that two processes changing it do not lose one change."""
    lock = ensure_private_dir(path.parent) / f".{path.name}.lock"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def fsync_dir(directory: Path) -> None:
    """Make a rename in ``directory`` durable; file systems that cannot do so are left alone."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _instead_of_link(path: Path) -> str:
    """The command that puts a copy in a link's place."""
    quoted = shlex.quote(str(path))
    return f'Run: install -m 600 -- "$(readlink -f -- {quoted})" {quoted}'


def _check_owner_and_mode(path: Path, status: os.stat_result, wanted: str) -> None:
    if status.st_uid != os.getuid():
        raise UnsafePath(
            f"{path} belongs to another user (uid {status.st_uid}); billtui only uses your own. "
            f"As root: chown {os.getuid()} -- {shlex.quote(str(path))}"
        )
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise UnsafePath(
            f"{path} is open to others (mode {mode:04o}). Run: chmod {wanted} -- {shlex.quote(str(path))}",
        )
