"""Papers from the console: the bytes that the command line writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import sonae
from tests.web.conftest import Console


def test_the_daily_close_is_the_paper_of_the_command_line(
    demo: Console, demo_home: Path, tmp_path: Path
):
    (close,) = (demo_home / "mihon" / "closes").iterdir()
    pdf, xlsx = tmp_path / "close.pdf", tmp_path / "close.xlsx"
    sonae("report", "close", close, "--out", pdf, "--xlsx", xlsx, "--lang", "ja")
    for file, form in ((pdf, "pdf"), (xlsx, "xlsx")):
        said = demo.ask(f"/mihon/reports/close.{form}", accept_language="ja")
        assert said.status == 200
        assert said.body == file.read_bytes()


@pytest.mark.parametrize("kind", ["quarter", "exposure"])
def test_other_papers_are_made_from_the_closes(demo: Console, kind: str):
    said = demo.ask(f"/mihon/reports/{kind}.pdf")
    assert said.body.startswith(b"%PDF")
    assert demo.ask(f"/mihon/reports/{kind}.json").status == 200


def test_without_a_ledger_there_is_no_year_end(demo: Console):
    said = demo.ask("/coincheck/reports/year-end.pdf", accept_language="en")
    assert said.status == 404
    assert "sonae fund init" in said.text
