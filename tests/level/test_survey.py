"""The survey: every fault at once, and no cell from which one firm can be read."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonae.actions.level.survey import (
    COLUMNS,
    FEWEST,
    Answer,
    association,
    read_answers,
    read_survey,
    survey_totals,
    totals,
    write_template,
)
from sonae.cli.main import run
from sonae.core.errors import InputError

HEAD = (
    "firm_code,as_of,customers,custody_jpy,custody_cold_jpy,custody_not_cold_jpy,"
    "net_assets_jpy,profit_year_jpy"
)


def written(folder: Path, *rows: str, head: str = HEAD) -> Path:
    file = folder / "survey.csv"
    file.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    return file


def firms(sizes: list[int]) -> list[Answer]:
    return [
        Answer(f"F{n}", date(2026, 9, 30), {"custody_jpy": Fraction(v)})
        for n, v in enumerate(sizes)
    ]


def test_the_template_is_one_row_for_a_firm_in_both_forms(tmp_path: Path) -> None:
    assert write_template(tmp_path / "t") == ["survey.csv", "survey.xlsx"]
    sheet = openpyxl.load_workbook(tmp_path / "t" / "survey.xlsx").worksheets[0]
    assert [c.value for c in sheet[1]] == list(COLUMNS)
    csv = (tmp_path / "t" / "survey.csv").read_text("utf-8-sig")
    assert csv.strip().split(",") == list(COLUMNS)


def test_a_filled_workbook_and_a_filled_csv_are_read_alike(tmp_path: Path) -> None:
    rows = [
        ["A", "2026-09-30", "1000", "500", "450", "50", "70", "-3"],
        ["B", "2026-09-30", "", "9"],
    ]
    file = written(tmp_path, *(",".join([*r, *[""] * (8 - len(r))]) for r in rows))
    book = openpyxl.Workbook()
    book.active.append(HEAD.split(","))  # type: ignore[union-attr]
    for row in rows:
        book.active.append([int(c) if c.lstrip("-").isdigit() else c or None for c in row])  # type: ignore[union-attr]
    book.save(tmp_path / "survey.xlsx")
    assert read_answers(file) == read_answers(tmp_path / "survey.xlsx")
    first, second = read_survey(file)
    assert first.profit == -3
    assert first.customers == 1000
    assert second.capital is None
    assert "custody_value_cold" not in second.bases


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "A,2026-09-30,1,500,450,40,,",
        "A,30 Sept,1,5,,,,",
        "B,2026-09-30,1,,,,,",
        'C,2026-09-30,1,"1,000",,,,',
    )
    with pytest.raises(InputError) as error:
        read_answers(file)
    assert {(p.row, p.column) for p in error.value.problems} == {
        (1, "custody_cold_jpy"), (2, "as_of"), (3, "custody_jpy"), (4, "custody_jpy"), (None, ""),
    }  # fmt: skip
    with pytest.raises(InputError):
        read_answers(written(tmp_path, "x", head="name"))


@given(st.lists(st.integers(1, 3 * 10**12), min_size=1, max_size=30))
def test_no_shown_cell_is_small_and_none_can_be_found_by_subtraction(sizes: list[int]) -> None:
    item = totals(firms(sizes))["items"]["custody_jpy"]
    groups = [item[g] for g in ("small", "mid", "large")]
    for cell in (*groups, item["all"]):
        assert cell["suppressed"] or cell["firms"] == 0 or cell["firms"] >= FEWEST
        assert not cell["suppressed"] or (cell["sum"] is None and cell["firms"] is None)
    hidden = [c for c in groups if c["suppressed"]]
    if not item["all"]["suppressed"]:
        assert len(hidden) != 1
        assert item["all"]["sum"] == str(sum(sizes))


def test_a_cell_that_is_mostly_one_firm_is_suppressed() -> None:
    item = totals(firms([100, 1, 1, 1, 1, 1]))["items"]["custody_jpy"]
    assert item["small"]["suppressed"]
    assert item["all"]["suppressed"]
    item = totals(firms([10] * 6))["items"]["custody_jpy"]
    assert item["small"] == {"suppressed": False, "firms": 6, "sum": "60"}


def test_the_associations_months_give_custody_and_turnover(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text(
        "month,custody_jpy,spot_volume_jpy\n2026-02,200,100\n2026-01,100,300\n2026-03,,50\n"
    )
    found = association(file)
    assert (found["custody_jpy"], found["custody_month"]) == ("200", "2026-02")
    assert found["turnover"] == {"least": "6", "usual": "36", "most": "36"}
    file.write_text("month,what\n2026-13,1\n")
    with pytest.raises(InputError) as error:
        association(file)
    assert len(error.value.problems) == 2


def test_totals_are_written_beside_the_associations(tmp_path: Path) -> None:
    rows = [f"F{n},2026-09-30,10,1000,,,," for n in range(6)]
    monthly = tmp_path / "m.csv"
    monthly.write_text("month,custody_jpy,spot_volume_jpy\n2026-09,12000,100\n")
    found = survey_totals(written(tmp_path, *rows), tmp_path / "out", monthly)
    assert found["share_of_industry"] == "0.5"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["totals.csv", "totals.json"]
    assert "F0" not in (tmp_path / "out" / "totals.json").read_text()
    assert run(["survey", "totals", str(tmp_path / "survey.csv"), "--json"]) == 0


def test_a_survey_sets_a_level(tmp_path: Path) -> None:
    rows = [f"F{n},2026-09-30,10,{(n + 1) * 10**10},,,{10**9},{10**8}" for n in range(4)]
    file = written(tmp_path, *rows)
    assert run(["calibrate", "--survey", str(file), "--json"]) == 0


cells = st.sampled_from(
    ["", "A", "5", "-5", "2026-02-31", "2026-09-30", "１", "1,2", '"', "=1", "x"]
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(cells, max_size=10), max_size=4), headed=st.booleans())
def test_any_table_is_read_or_refused(rows: list[list[str]], headed: bool, tmp_path: Path) -> None:
    lines = [",".join(row) for row in rows]
    for read, head in ((read_answers, HEAD), (association, "month,custody_jpy,spot_volume_jpy")):
        file = tmp_path / "any.csv"
        file.write_text("\n".join([*([head] if headed else []), *lines]), "utf-8")
        with suppress(InputError):
            read(file)


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "survey.xlsx"
    file.write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(InputError):
        read_answers(file)
