"""A standalone cluster of Spark on the loopback address, started and stopped by a test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

SRC = Path(__file__).parents[2] / "src"
HOST = "127.0.0.1"
PATIENCE = 180
"""Seconds for a JVM to start on a busy machine."""
SETTINGS = """spark.driver.host {host}
spark.driver.bindAddress {host}
spark.driver.memory 600m
spark.executor.memory 600m
spark.executor.cores 1
spark.sql.shuffle.partitions 4
spark.ui.enabled false
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
{more}
"""


def environment(folder: Path, more: str = "") -> dict[str, str]:
    """For whoever uses the cluster: its settings, all of it on the loopback address."""
    conf = folder / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    (conf / "spark-defaults.conf").write_text(SETTINGS.format(host=HOST, more=more))
    return {
        **os.environ,
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_DAEMON_MEMORY": "512m",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(SRC),
    }


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """The URL of a master with so many workers of one core each; its logs are in `folder`."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    start = [str(Path(spec.origin).parent / "bin" / "spark-class")]
    where = "org.apache.spark.deploy"
    env = environment(folder)
    del env["PYTHONPATH"]  # what its Python runs of ours is what the driver ships
    ran: list[subprocess.Popen[bytes]] = []

    def run(name: str, *words: str) -> Path:
        log = folder / f"{name}.log"
        stream: IO[bytes]
        with log.open("wb") as stream:
            command = [*start, *words, "--host", HOST, "--webui-port", "0"]
            ran.append(subprocess.Popen(command, env=env, stdout=stream, stderr=stream))
        return log

    try:
        log = run("master", f"{where}.master.Master", "--port", "0")
        url = said(log, r"Starting Spark master at (spark://\S+)", ran)
        for n in range(workers):
            words = ("--cores", "1", "--memory", "1g", "--work-dir", str(folder / f"work-{n}"))
            run(f"worker-{n}", f"{where}.worker.Worker", *words, url)
        for n in range(workers):
            said(folder / f"worker-{n}.log", "Successfully registered with (master)", ran)
        yield url
    finally:
        for process in reversed(ran):
            process.terminate()
        for process in reversed(ran):
            process.wait(30)


def said(log: Path, pattern: str, ran: list[subprocess.Popen[bytes]]) -> str:
    """What a log says, once it does."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found[1]
        assert all(process.poll() is None for process in ran), log.read_text(errors="replace")
        time.sleep(0.2)
    raise AssertionError(log.read_text(errors="replace"))
