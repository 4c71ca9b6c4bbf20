"""A way of signing in whose token is the password: it is kept nowhere, and nobody is asked where."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from billtui.client.drivers.kinds import make_driver
from billtui.config.credentials import CredentialStore
from billtui.config.profile_files import changes
from billtui.config.profiles import make_profile
from billtui.services.session_keeping import Keeping
from tests.support.secret_service import SecretService

URL = "https://panel.example"


def test_only_authinfo_leaves_the_password() -> None:
    assert make_driver("billmanager", "ivan", {"sign_in": "authinfo"}).traits.token_is_password
    for kind in ("billing_v1", "billmanager", "fossbilling", "rootpanel"):
        assert not make_driver(kind, "ivan").traits.token_is_password


@pytest.mark.parametrize("of_password", [True, False])
async def test_a_password_is_in_no_keyring_and_no_file(of_password: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with SecretService("works") as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.address)
        store = CredentialStore("main", panel_url=URL, ask_passphrase=lambda _purpose, _why: SecretStr("a passphrase"))
        keeping = Keeping(store, "ivan")
        places = [one.where for one in await keeping.places(of_password=of_password)]
        kept = await keeping.keep(SecretStr("pass word"), "keyring", of_password=of_password)
        keeping.stop()
        assert places == (["memory"] if of_password else ["keyring", "file", "memory"])
        assert kept is not None
        assert (kept.where == "memory") is of_password
        assert bool(service.items) is not of_password
        found = store.load()
        assert found is not None
        assert found.kind == ("password" if of_password else "token")


@pytest.mark.parametrize("options", [{}, {"sign_in": "authinfo"}, {"path": "/elsewhere"}])
def test_an_imported_profile_with_other_options_gets_no_secret(options: dict[str, str]) -> None:
    """They say where on the host a secret goes, and how."""
    command = ["pass", "show", "panel"]
    mine = make_profile(name="work", url=URL, kind="billmanager", login="ivan", password_command=command)
    theirs = make_profile(name="work", url=URL, kind="billmanager", login="ivan", panel_options=options)
    [change] = changes([theirs], {"work": mine})
    assert change.profile.password_command == ([] if options else command)
    assert change.dropped_command == (tuple(command) if options else ())
