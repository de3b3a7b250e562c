"""Spark for tests: one session for a run, and a plugin of pytest that puts it in DuckDB's place.

`pytest -p tests.engine.on_spark tests/faults` closes every Books of those tests on Spark.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sonae.books import engine

SMALL = {
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "800m",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.log.level": "OFF",
    "spark.sql.codegen.wholeStage": "false",  # compiling takes longer than a few hundred rows
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def needed() -> str | None:
    """What is missing for Spark, and how to get it."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed: `make spark` gets it, and Java 17"
    if shutil.which("java") is None:
        return "there is no Java: `make spark` gets it (openjdk-17-jre-headless)"
    return None


def session() -> Any:
    """The one session of this run, on two cores; `open_engine("spark")` uses it."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("tests").master("local[2]")
    for key, value in SMALL.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def pytest_configure(config: pytest.Config) -> None:
    """Only as a plugin: every engine that is opened is Spark."""
    if not config.pluginmanager.has_plugin("tests.engine.on_spark"):
        return
    session()
    plain = engine.open_engine

    def opened(
        name: str = "spark",
        memory: str = "1800MB",
        threads: int | None = None,
        folder: Path | None = None,
    ) -> Any:
        return plain("spark", memory, threads, folder)

    engine.open_engine = opened
