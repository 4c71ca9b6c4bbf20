OUT = open("/tmp/wt-tmp/door/measure.txt", "a")
import builtins


def print(*a, **k):
    builtins.print(*a, **k, file=OUT, flush=True)


import time, cProfile, pstats, os
import pytest
from textual.drivers import headless_driver
from tests.support import through_door
from tests.screens.conftest import *
from billtui.terminal.changes import changes


class Lean(through_door.Watched):
    mode = "door"
    cpu = 0.0
    raw = 0

    def show(self, s):
        t = time.process_time()
        w = changes(self.shown, s, self.can)
        self.shown = s
        Lean.cpu += time.process_time() - t
        self.frames.append(through_door.Frame(w, s))

    @property
    def door_open(self):
        return Lean.mode == "door"

    def write(self, d):
        Lean.raw += len(d.encode())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_measure(large_program, size, monkeypatch):
    headless_driver.HeadlessDriver = Lean
    async with large_program.open(size=size) as d:
        await d.go("3", "OrdersScreen")
        drv = d.app._driver

        async def run(label, keys):
            drv.frames.clear()
            Lean.cpu = 0
            Lean.raw = 0
            t = time.process_time()
            for k in keys:
                await d.press(k)
            c = time.process_time() - t
            n = len(keys)
            print(
                f"{size} {Lean.mode} {label}: bytes/key {drv.bytes() / n:.0f} raw {Lean.raw / n:.0f} frames/key {len(drv.frames) / n:.2f} cpu/key {c / n * 1000:.2f} ms changes {Lean.cpu / n * 1000:.3f} ms"
            )

        await d.quiet()
        await run("down", ["j"] * 10)
        for mode in ("door", "plain", "door", "plain"):
            Lean.mode = mode
            await d.press("home")
            await d.quiet()
            await run("down", ["j"] * 10)
            await run("more", ["j"] * 40)
            await run("edge", ["j"] * 100)
            print(repr(drv.frames[-1].written[:3000]) if drv.frames else "")
            await run("page", ["pagedown"] * 10)
        Lean.mode = "door"
        await run("screens", ["2", "3", "5", "1", "3"])
        for f in drv.frames:
            print(len(f.written.encode()), end=" ")
        if os.environ.get("PROF"):
            p = cProfile.Profile()
            p.enable()
            for k in range(100):
                await d.press("j")
            p.disable()
            pstats.Stats(p, stream=OUT).sort_stats("tottime").print_stats(35)
