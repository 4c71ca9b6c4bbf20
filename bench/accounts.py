"""P-ACCOUNTS: the first view of all accounts, 10 profiles with 10,000 orders each, from their copies alone."""

from __future__ import annotations

import gc
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.harness import RUNS, Benchmark, Figure, Yardsticks
from bench.store import filled
from billtui.app import BilltuiApp
from billtui.config.credentials import Credential, SaveResult
from billtui.config.profiles import Profile, Profiles, make_profile
from billtui.config.settings import Settings
from billtui.domain.models import Account
from billtui.screens.accounts import AccountsScreen
from billtui.services.accounts import AccountsDesk, Roster
from billtui.services.session import Session
from billtui.services.session_settings import SessionSettings
from billtui.services.store import KnownAccount, KnownAccounts, Store, store_path

PROFILES = 10
ORDERS = 10_000
BUDGET_MS = 300
NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there: everything comes from the copies."""


class Nothing:
    """No credential."""

    def load(self) -> Credential | None:
        """There is none."""
        return None

    def save(self, credential: Credential) -> SaveResult:
        """Kept nowhere."""
        return SaveResult("memory", None)

    def forget(self) -> list[str]:
        """Nothing to forget."""
        return []

    def missed(self) -> str:
        """No keeper was asked."""
        return ""

    def cancel(self) -> None:
        """Nothing waits."""


def prepared(folder: Path, orders: int) -> Roster:
    """Copies of so many orders for each of the profiles."""
    first, _ = filled(folder, orders)
    balance = {"amount": "7.00", "currency": "EUR"}
    profiles: dict[str, Profile] = {}
    for number in range(PROFILES):
        name, account_id = f"account-{number}", str(1000 + number)
        path = store_path(folder, "bench", account_id)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(first, path)
        path.chmod(0o600)
        store = Store(path)
        body = {
            "panel_id": "bench", "account_id": account_id, "login": f"login-{number}", "email": "a@example.net",
            "balances": {"internal": balance, "affiliate": balance},
        }  # fmt: skip
        store.apply_account(Account.model_validate(body))
        store.close()
        profiles[name] = make_profile(name=name, url=NOWHERE, login=f"login-{number}")
        KnownAccounts(folder).put(name, KnownAccount("bench", account_id, NOWHERE, f"login-{number}"))
    return Roster(
        lambda: Profiles(profiles, None, []),
        lambda profile: replace(SessionSettings.of(profile, background=False), data_dir=folder, state_dir=folder),
    )


def reading(roster: Roster) -> float:
    """Milliseconds until the lines of all accounts are read."""

    def session(profile: Profile, listener: object, ask: object) -> Session:
        return Session(roster.settings(profile), credentials=Nothing())

    profiles = list(roster.profiles().profiles.values())
    times: list[float] = []
    for _ in range(RUNS):
        desk = AccountsDesk(session, roster)
        gc.collect()
        began = time.perf_counter()
        desk.read(profiles)
        rows = desk.rows()
        times.append((time.perf_counter() - began) * 1000)
        assert len(rows) >= PROFILES
    return statistics.median(times)


async def first_view(roster: Roster) -> tuple[float, int]:
    """Milliseconds from the key to the drawn list, and its rows."""

    def session(profile: Profile, listener: object, ask: object, *, background: bool = True) -> Session:
        return Session(roster.settings(profile), credentials=Nothing())

    profile = next(iter(roster.profiles().profiles.values()))
    app = BilltuiApp(settings=Settings(), profile=profile, make_session=session, make_roster=lambda: roster)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(1.0)  # its own first view is over
        times: list[float] = []
        rows = 0
        for _ in range(RUNS):
            began = time.perf_counter()
            app.show_accounts()
            while not (isinstance(app.screen, AccountsScreen) and app.screen.is_mounted and app.screen.table.row_count):
                await pilot.pause(0)
            await pilot._wait_for_screen()
            times.append((time.perf_counter() - began) * 1000)
            rows = app.screen.table.row_count
            app.pop_screen()
            await pilot.pause(0.5)
        await app.session.close()
        await app.close_accounts()
    return statistics.median(times), rows


def memory(orders: int) -> float:
    """Megabytes that the program holds more once the list was opened, in a process of its own."""
    code = f"from bench.accounts import weigh; print(weigh({orders}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def resident() -> int:
    """Bytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def weigh(orders: int) -> float:
    """The growth of this process by the list, in megabytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o700)
        roster = prepared(folder, orders)
        gc.collect()
        before = resident()
        desk = AccountsDesk(lambda profile, _listener, _ask: Session(roster.settings(profile)), roster)
        desk.read(roster.profiles().profiles.values())
        kept = desk.rows()
        after = resident()
        assert kept
        return (after - before) / 1024 / 1024


def measure(_yardsticks: Yardsticks) -> list[Figure]:
    """The figures."""
    import asyncio

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o700)
        roster = prepared(folder, ORDERS)
        read = reading(roster)
        shown, rows = asyncio.run(first_view(roster))
    what = f"{PROFILES} profiles with {ORDERS:,} orders each"
    return [
        Figure("P-ACCOUNTS", f"reading the copies of {what}", read, "ms"),
        Figure("P-ACCOUNTS", f"the first view of {what}, {rows:,} lines", shown, "ms", budget=BUDGET_MS),
        Figure("P-ACCOUNTS", f"what the lines of {what} weigh", memory(ORDERS), "MB", budget=40),
    ]


def benchmarks() -> list[Benchmark]:
    """All accounts."""
    return [Benchmark("accounts", measure, ("P-ACCOUNTS",))]
