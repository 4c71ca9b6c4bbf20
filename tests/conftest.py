"""Every test runs with its own directories and without the developer's configuration, secrets or proxy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ("tests.support.sandbox", "tests.support.panel", "tests.support.engine", "tests.support.command_line")

# Examples are counted, not timed: the machine may be busy.
settings.register_profile("billtui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("billtui")

_PROXY = {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"}
_OTHERS = {"SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CREDENTIALS_DIRECTORY", "PYTHON_KEYRING_BACKEND"}


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Points all of billtui's directories into the test's own one, and returns it."""
    for name in list(os.environ):
        ours = name.startswith("BILLTUI_") and name != "BILLTUI_FAULTS"
        if ours or name.lower() in _PROXY or name in _OTHERS:
            monkeypatch.delenv(name)
    root = tmp_path / "billtui"
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"BILLTUI_{kind}_DIR", str(root / kind.lower()))
    # Nothing of a test may reach the desktop's own secret store.
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "no-runtime-dir"))
    return root
