"""P-GROWTH as a picture: what things cost at 1,000, 10,000 and 100,000, beside the line that they must stay below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from bench.harness import Figure

WIDTH, HEIGHT = 1080, 420
PANEL, TOP, BOTTOM = 340, 56, 380
LEFT, PLOT = 48, 130
"""Where the plot of a panel begins, and how wide it is; its names stand beside it."""
SIZES = (1_000, 10_000, 100_000)
LEAST, MOST = -2.0, 4.0
"""Of the scale, powers of ten of a millisecond."""
LINE = 13
"""Height of a name."""
COLOURS = ("#1b6ca8", "#b5541c", "#2e7d4f", "#8a3f8f", "#8a6d00", "#a3264a", "#3f5f66")
MARKS = ("circle", "square", "diamond")


@dataclass(frozen=True)
class Panel:
    """Things that may grow alike."""

    title: str
    growth: float
    """How much ten times as many may cost at most; the dashed line."""
    figures: list[Figure]


def panels(figures: Sequence[Figure]) -> list[Panel]:
    """Figures with a series, by what their budget allows."""
    found = [
        Panel("must not grow", 1.0, []),
        Panel("at most in proportion", 10.0, []),
        Panel("at most n log n", 10 * math.log(1e5) / math.log(1e4), []),
    ]
    for one in figures:
        if len(one.series) == len(SIZES) and one.budget is not None:
            found[0 if one.budget < 5 else 1 if one.budget <= 10 else 2].figures.append(one)
    return [panel for panel in found if panel.figures]


def _x(size: float) -> float:
    return LEFT + PLOT * (math.log10(size) - 3) / 2


def _y(value: float) -> float:
    power = min(MOST, max(LEAST, math.log10(max(value, 1e-9))))
    return BOTTOM - (BOTTOM - TOP) * (power - LEAST) / (MOST - LEAST)


def _apart(wanted: list[float]) -> list[float]:
    """Places for names near where they belong, none over another; in the order given, which is that of the places."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, places[-1] + LINE) if places else place)
    over = places[-1] - BOTTOM if places else 0.0
    for number in range(len(places) - 1, -1, -1):
        ceiling = places[number + 1] - LINE if number + 1 < len(places) else BOTTOM
        places[number] = min(places[number], ceiling) if over > 0 else places[number]
    return places


def _mark(kind: str, x: float, y: float, colour: str) -> str:
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if kind == "diamond" else ""
    return f'<rect x="{x - 2.7:.1f}" y="{y - 2.7:.1f}" width="5.4" height="5.4" fill="{colour}"{turn}/>'


def _panel(panel: Panel) -> list[str]:
    lines = [f'<text x="{LEFT}" y="34" font-weight="bold">{escape(panel.title)}</text>']
    for power in range(int(LEAST), int(MOST) + 1):
        y = _y(10.0**power)
        words = f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
        lines.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + PLOT}" y2="{y:.1f}" stroke="#e2e2e2"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555">{words}</text>')
    for size in SIZES:
        words = f"{size // 1000}k"
        lines.append(f'<text x="{_x(size):.1f}" y="{BOTTOM + 18}" text-anchor="middle" fill="#555">{words}</text>')
    at = 10.0 ** (LEAST + 1.2)
    ends = (at, at * panel.growth**2)
    lines.append(
        f'<line x1="{_x(SIZES[0]):.1f}" y1="{_y(ends[0]):.1f}" x2="{_x(SIZES[-1]):.1f}" y2="{_y(ends[1]):.1f}" '
        'stroke="#777" stroke-dasharray="4 4"/>'
    )
    named = sorted(panel.figures, key=lambda one: -one.series[str(SIZES[-1])])
    places = _apart([_y(one.series[str(SIZES[-1])]) for one in named])
    for number, (one, place) in enumerate(zip(named, places, strict=True)):
        colour, kind = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
        points = [(_x(size), _y(one.series[str(size)])) for size in SIZES]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        lines += [_mark(kind, x, y, colour) for x, y in points]
        words = one.what.removesuffix(", 100,000")
        words = words if len(words) <= 30 else f"{words[:29]}…"
        lines.append(f'<text x="{LEFT + PLOT + 9}" y="{place + 4:.1f}" fill="{colour}">{escape(words)}</text>')
    return lines


def growth_svg(figures: Sequence[Figure]) -> str:
    """The picture; the same figures give the same text."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="11" fill="#222">',
        "<title>Milliseconds at 1,000, 10,000 and 100,000</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="16" fill="#555">Milliseconds by how many there are; both scales logarithmic. Dashed: the '
        "steepest that the budget allows.</text>",
    ]
    for number, panel in enumerate(panels(figures)):
        lines += [f'<g transform="translate({number * PANEL} 0)">', *_panel(panel), "</g>"]
    return "\n".join([*lines, "</svg>"]) + "\n"
