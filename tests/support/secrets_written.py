"""Whether a secret stands in anything that the program wrote or shows."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path

from tests.support.driving import Driver


def written_with(root: Path, secrets: Iterable[str]) -> list[str]:
    """Each file below ``root`` that holds one of ``secrets``, whatever its kind; and how many files were read."""
    wanted = [secret.encode() for secret in secrets]
    assert wanted and all(len(secret) >= 6 for secret in wanted)
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files, "the program wrote something"
    return [str(path) for path in files if any(secret in path.read_bytes() for secret in wanted)]


def shown_with(driver: Driver, secrets: Iterable[str]) -> list[str]:
    """Which of ``secrets`` stand on the screen, in a message so far, or in a picture of the screen."""
    picture = html.unescape(driver.app.export_screenshot()).replace("\xa0", " ")
    everything = "\n".join([driver.text(), *driver.said, picture])
    return [secret for secret in secrets if secret in everything]
