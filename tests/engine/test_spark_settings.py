"""A firm's own settings of Spark never change what is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sonae.books.engine import open_engine
from tests.engine import on_spark

MISSING = on_spark.needed()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(MISSING is not None, reason=MISSING or "")]


def test_an_account_is_never_cut_by_a_limit_of_rows_for_a_file(tmp_path: Path) -> None:
    """Cut in two, the part of an account that is below zero would lower nothing."""
    running = on_spark.session()
    try:
        table = pa.table({"account_id": ["A"] * 9, "n": list(range(9))})
        pq.write_table(table, tmp_path / "entries.parquet")
        engine: Any = open_engine("spark", folder=tmp_path)
        engine._session.conf.set("spark.sql.files.maxRecordsPerFile", "2")
        files = engine.files(
            engine.scan([tmp_path / "entries.parquet"]), ["account_id"], ["account_id", "n"], 1
        )
        assert [pq.read_table(file)["n"].to_pylist() for file in files] == [list(range(9))]
    finally:
        running.stop()
