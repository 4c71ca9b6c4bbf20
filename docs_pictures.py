"""The pictures of docs/pictures: ``python docs_pictures.py [NAME …]`` drives the demo by keys and draws what it shows.

Look at every picture before it is committed; no test compares them.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import sys
import tempfile
from pathlib import Path

PICTURES = Path(__file__).parent / "docs" / "pictures"
SHOTS: dict[str, tuple[tuple[int, int], str]] = {
    "overview": ((100, 28), "1"),
    "orders": ((100, 28), "3 space j space j j space"),
    "renew": ((100, 28), "3 space j space j j space R enter"),
    "bulk": ((140, 40), "b j 3 f"),
    "pay": ((100, 28), "2 p"),
    "invoices": ((140, 40), "2 j j"),
}
"""Name → size in columns and lines, and the keys that lead there."""
_TEXT = re.compile(r'<text ([^>]*?)x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"([^>]*)>(.*?)</text>', re.DOTALL)
_PIECE = re.compile(r"[!-~]+(?: [!-~]+)*|[^ ]")


def standing_alone(svg: str) -> str:
    """``svg`` without any address but the one of its format, and with every word at its own place.

    A line drawn as one text moves when one of its signs is missing in the reader's font and comes from a wider one.
    """
    svg = re.sub(r"@font-face\s*\{.*?\}\s*|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family:[^;]*;", "font-family: monospace;", svg)

    def placed(match: re.Match[str]) -> str:
        before, x, y, length, after, content = match.groups()
        text = html.unescape(content).replace("\xa0", " ")
        cell = float(length) / len(text)
        return "".join(
            f'<text {before}x="{float(x) + piece.start() * cell:.1f}" y="{y}"'
            f' textLength="{len(piece[0]) * cell:.1f}" lengthAdjust="spacingAndGlyphs"{after}>'
            f"{html.escape(piece[0])}</text>"
            for piece in _PIECE.finditer(text)
        )

    return _TEXT.sub(placed, svg)


async def draw(name: str) -> None:
    """Draw one picture on a fresh demo."""
    from billtui.app import BilltuiApp
    from billtui.cli.demo import running_demo
    from billtui.cli.start import make_session
    from billtui.config.settings import Settings

    size, keys = SHOTS[name]
    with running_demo(reset=True) as demo:
        app = BilltuiApp(
            settings=Settings(theme="dark"),
            profile=demo.profile,
            make_session=lambda profile, listener, _ask, *, background=True: make_session(
                profile, listener, demo=demo, read_only=False, background=background
            ),
        )
        async with app.run_test(size=size) as pilot:
            while not (app.session.account and app.session.store.is_complete):
                await pilot.pause(0.05)
            await pilot.pause(0.5)
            for key in keys.split():
                await pilot.press(key)
                await pilot.pause(0.7)
            svg = standing_alone(app.export_screenshot(title="billtui"))
            (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")
            await app.session.close()


def main() -> None:
    """Draw the pictures named on the command line, or all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as root:
        for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
            os.environ[f"BILLTUI_{kind}_DIR"] = str(Path(root, kind.lower()))
        for name in sys.argv[1:] or SHOTS:
            asyncio.run(draw(name))


if __name__ == "__main__":
    main()
