"""Documents go to a file: whole and private, or not at all (INV-9)."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from billtui.client import BadAnswer, ClientError, ConfigurationProblem, ConnectionLost, NotFound
from tests.client.client_kit import Connect
from tests.client.panel_stub import PanelStub, Script, answer, head, keeps, problem, reset, sends

PDF = b"%PDF-1.7 " + bytes(range(256)) * 40_000


def files_in(folder: Path) -> list[str]:
    """The names of the files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir() if path.is_file())


async def test_a_document_beyond_the_caps_of_memory_is_streamed(connect: Connect, tmp_path: Path) -> None:
    target = tmp_path / "invoice.pdf"
    target.write_text("the old one")
    async with PanelStub(keeps(answer(PDF, kind="application/pdf"))) as panel, connect(panel.url) as client:
        assert await client.invoices.document("5531", "pdf", target) == len(PDF) > 8 * 1024 * 1024
        assert panel.seen[0].target.endswith("/invoices/5531/document?format=pdf")
        assert panel.seen[0].headers["accept-encoding"] == "identity"
    assert target.read_bytes() == PDF
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert files_in(tmp_path) == ["invoice.pdf"]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (sends(answer(PDF, kind="application/pdf")[:-1000]), ConnectionLost),
        (sends(head("200 OK", "Content-Type: application/pdf", "Content-Length: 99") + b"%PDF"), ConnectionLost),
        (keeps(answer(b"<html>", kind="text/html")), BadAnswer),
        (keeps(answer(PDF, "200 OK", "Content-Encoding: gzip", kind="application/pdf")), BadAnswer),
        (keeps(problem(404, "not-found")), NotFound),
        (reset, ConnectionLost),
    ],
)
async def test_what_is_not_whole_leaves_nothing(
    connect: Connect, tmp_path: Path, script: Script, error: type[ClientError]
) -> None:
    target = tmp_path / "invoice.pdf"
    target.write_text("the old one")
    async with PanelStub(script) as panel, connect(panel.url, tries=2) as client:
        with pytest.raises(error):
            await client.invoices.document("5531", "pdf", target)
    assert target.read_text() == "the old one"
    assert files_in(tmp_path) == ["invoice.pdf"]


async def test_a_place_that_cannot_be_written_is_said(connect: Connect, tmp_path: Path) -> None:
    async with PanelStub(keeps(answer(PDF, kind="application/pdf"))) as panel, connect(panel.url) as client:
        with pytest.raises(ConfigurationProblem, match="Cannot write"):
            await client.invoices.document("5531", "pdf", tmp_path / "no" / "such" / "folder.pdf")
        with pytest.raises(ValueError, match="pdf, csv, json"):
            await client.invoices.document("5531", "exe", tmp_path / "x")


async def test_a_link_at_the_target_is_replaced_not_followed(connect: Connect, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    target = tmp_path / "invoice.csv"
    target.symlink_to(precious)
    async with PanelStub(keeps(answer(b"a;b\n", kind="text/csv"))) as panel, connect(panel.url) as client:
        await client.invoices.document("5531", "csv", target)
    assert precious.read_text() == "mine"
    assert not target.is_symlink() and target.read_text() == "a;b\n"
