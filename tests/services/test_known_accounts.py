"""Whether a start asks somebody is noted beside the account that is shown first."""

from __future__ import annotations

from pathlib import Path

from billtui.services.store.known import KnownAccount, KnownAccounts

ONE = KnownAccount("p", "7", "https://panel.example", "olena")


def test_it_is_kept_with_the_account_and_goes_with_it(tmp_path: Path) -> None:
    known = KnownAccounts(tmp_path)
    known.put_asks("main", True)
    assert not known.asks("main"), "nobody was signed in yet"
    known.put("main", ONE)
    known.put_asks("main", True)
    known.put("main", ONE._replace(account_id="8"))
    again = KnownAccounts(tmp_path)
    assert again.asks("main") and again.get("main", ONE.url, ONE.login) == ONE._replace(account_id="8")
    again.put_asks("main", False)
    assert not again.asks("main") and again.get("main", ONE.url, ONE.login) is not None
    again.put_asks("main", True)
    again.forget("main")
    assert not again.asks("main")
