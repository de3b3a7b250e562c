"""Apache Spark 4: the engine beyond one machine; with `local[2]` it runs on this one.

Ibis writes the SQL and Spark runs it; Ibis's own backend for Spark stays out, as it needs pandas.
Large results and what Python has to see go through Parquet files in `scratch`, which driver and
executors share: on a cluster the folder for temporary files is on shared storage.
"""

from __future__ import annotations

import logging
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq
import pyspark.sql.functions as F
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.backends.sql.datatypes import PySparkType
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Observation, SparkSession

import sonae
from sonae.books.engine import FILE, ROW, Item, Made, mapping_values
from sonae.core.errors import Refused, Unreadable, UsageError
from sonae.core.text import Text

BATCH = 50_000
VERSION = "4"
ANSI = "spark.sql.ansi.enabled"
PLAIN = re.compile(r"(/[A-Za-z0-9-][A-Za-z0-9._-]*)+")
"""Paths that Spark takes as they are: no escape, no pattern, no name that it passes over."""
_LOG4J = """rootLogger.level = off
rootLogger.appenderRef.none.ref = none
appender.none.type = Console
appender.none.name = none
"""  # what goes wrong is said in our words
_STRICT = {"ignoreCorruptFiles": "false", "ignoreMissingFiles": "false", "mergeSchema": "false"}
"""Options of every read: a firm's settings never make rows go missing."""
_WHOLE = {"maxRecordsPerFile": "0"}
"""Options of every write: a firm's settings never cut what belongs together in two files."""
_COMPILER = PySparkCompiler()
_UNREADABLE = ("FAILED_READ_FILE", "CANNOT_READ", "UNABLE_TO_INFER_SCHEMA", "PATH_NOT_FOUND")
_OVERFLOWS = ("ARITHMETIC_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE")
_KNOWN = re.compile(rf"(\[({'|'.join([*_UNREADABLE, *_OVERFLOWS])})[^\n]*)")
ERRORS = (PySparkException, Py4JError)
_NO_ANSI = Text(
    f"Sparkの {ANSI} が false のため実行しない。桁あふれがエラーにならず値が失われる。"
    "true にして再実行する",
    f"Spark runs with {ANSI} = false, where an overflow gives no error but a wrong or lost value; "
    "set it to true and run again",
)
_OLD = Text("Spark 4 が必要（{v} が動いている）", "Spark 4 is needed, not {v}")
_NO_START = Text(
    "Sparkを起動できない: {e}。Java 17 以上（openjdk-17-jre-headless）とマスターのURLを確認する",
    "Spark does not start: {e}; check that Java 17 or newer is there (openjdk-17-jre-headless) and "
    "the URL of the master",
)
_NOT_SHARED = Text(
    "Spark が書いた{m}行のうち{n}行しか届いていない。作業フォルダー {folder} を、"
    "ドライバーとすべてのエグゼキューターが共有するストレージに置く",
    "{n} of {m} rows that Spark wrote are here; put the work folder {folder} on storage that the "
    "driver and every executor share",
)
_FAILED = Text("Spark が処理を終えられなかった: {e}", "Spark could not finish: {e}")


class Spark:
    """Spark in ANSI mode, its driver in this process.

    A session that runs already (a notebook's) is used and left running; otherwise one is started
    on `master`, by default on the cores of this machine.
    """

    name = "spark"

    def __init__(
        self, memory: str, threads: int | None, folder: Path | None, master: str | None
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="sonae-", dir=folder)).resolve()
        self._own = SparkSession.getActiveSession() is None
        try:
            self._session = _session(self._folder, memory, threads, master)
        except (PySparkException, Py4JError, OSError) as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise UsageError(_NO_START.format(e=_first_line(error))) from error
        try:
            _fit(self._session)
        except Refused:
            self.close()
            raise
        _name_python(self._session.sparkContext, own=self._own)
        self._session.sql(
            "create or replace temporary function as_units(digits string) returns decimal(38,0) "
            "return cast(digits as decimal(38,0))"  # books.relation
        )
        self._views = self._results = 0

    def scan(self, files: Sequence[Path]) -> Any:
        """The rows of Parquet files of one schema, with `_file` and `_row` (from 1)."""
        self._views += 1
        given = {self._plain(file): str(file) for file in files}
        try:
            frame = self._session.read.options(**_STRICT).parquet(*[f"file://{p}" for p in given])
            place = F.regexp_replace(F.col("_metadata.file_path"), "^file:/+", "/")
            if renamed := [
                F.lit(word) for pair in given.items() if pair[0] != pair[1] for word in pair
            ]:
                place = F.coalesce(F.create_map(*renamed)[place], place)
            row = F.col("_metadata.row_index") + 1
            frame = frame.select("*", place.alias(FILE), row.alias(ROW))
        except ERRORS as error:
            raise _said(error) from error
        name = f"part_{self._views}"
        frame.createOrReplaceTempView(name)
        kinds = {f.name: PySparkType.from_string(f.dataType.simpleString()) for f in frame.schema}
        return ibis.table(kinds, name=name)

    def _plain(self, file: Path) -> str:
        """A path to the file that Spark reads as it is: the file's own, or a link in `scratch`."""
        if PLAIN.fullmatch(str(file)):
            return str(file)
        links = self._folder / "links"
        links.mkdir(exist_ok=True)
        link = links / f"{len(list(links.iterdir())):06d}.parquet"
        link.symlink_to(file)
        return str(link)

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        """All rows of a small result."""
        try:
            return [mapping_values(row.asDict()) for row in self._frame(expression).collect()]
        except ERRORS as error:
            raise _said(error) from error

    def stream(self, expression: Any) -> Iterator[list[dict[str, Any]]]:
        """The rows of a large result in batches."""
        for batch in self.batches(expression):
            yield [mapping_values(row) for row in batch.to_pylist()]

    def batches(self, expression: Any) -> Iterator[Any]:
        """The rows of a large result as Arrow record batches, in the order of the expression."""
        files = self._write(self._frame(expression))
        try:
            for file in files:
                yield from pq.ParquetFile(file).iter_batches(BATCH)
        finally:
            shutil.rmtree(files[0].parent, ignore_errors=True)

    def files(
        self, expression: Any, by: Sequence[str], order: Sequence[str], count: int
    ) -> list[Path]:
        """The rows as some `count` Parquet files in `scratch`, in order; equal `by` in one file."""
        frame = self._frame(expression).repartitionByRange(count, *by)
        return self._write(frame.sortWithinPartitions(*order))

    def each(self, work: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
        """What a function makes of each item, computed on the executors, in the order of items."""
        if not items:
            return []
        context = self._session.sparkContext
        if not context.master.startswith("local"):
            self._ship()
        try:
            made: list[Made] = context.parallelize(items, len(items)).map(work).collect()
        except ERRORS as error:
            raise _said(error) from error
        return made

    def _ship(self) -> None:
        """Our own modules for the Python of the executors, so that it need not have them."""
        root, archive = Path(sonae.__file__).parent, self._folder / "sonae.zip"
        if not archive.exists():
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
                for path in sorted(root.rglob("*.py")):
                    target.write(path, path.relative_to(root.parent))
            before = list(sys.path)
            self._session.sparkContext.addPyFile(str(archive))
            sys.path[:] = before  # here they are at home

    def _frame(self, expression: Any) -> Any:
        sql = _COMPILER.to_sqlglot(expression).sql(dialect=_COMPILER.dialect)
        try:
            return self._session.sql(sql)
        except ERRORS as error:
            raise _said(error) from error

    def _write(self, frame: Any) -> list[Path]:
        self._results += 1
        folder, written = self._folder / f"result-{self._results}", Observation()
        try:
            counted = frame.observe(written, F.count(F.lit(1)).alias("rows"))
            counted.write.options(**_WHOLE).parquet(f"file://{folder}")
        except ERRORS as error:
            raise _said(error) from error
        files = sorted(folder.glob("part-*.parquet"))
        arrived(
            sum(pq.read_metadata(f).num_rows for f in files), written.get["rows"], folder.parent
        )
        return files

    def scratch(self) -> Path:
        """A folder for temporary files, removed with the engine."""
        return self._folder

    def close(self) -> None:
        """Give back memory and temporary files."""
        if self._own:
            self._session.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def arrived(rows: int, written: int, folder: Path) -> None:
    """Refuse a result of which not every row is here: its folder is not the executors' as well."""
    if rows != written:
        raise Refused(_NOT_SHARED.format(n=f"{rows:,}", m=f"{written:,}", folder=folder))


def _session(folder: Path, memory: str, threads: int | None, master: str | None) -> SparkSession:
    """The session that runs, made new for us; or one of our own."""
    if (active := SparkSession.getActiveSession()) is not None:
        return active.newSession()
    logging.getLogger("SQLQueryContextLogger").disabled = True
    settings = {"spark.ui.showConsoleProgress": "false"}  # it would stand in our output
    master = master or f"local[{threads or '*'}]"
    if master.startswith("local"):
        (folder / "log4j2.properties").write_text(_LOG4J)
        settings |= {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "16",  # 200 is for a cluster
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": re.sub(r"(?i)b$", "", memory),
            "spark.driver.extraJavaOptions": (
                f"-Dlog4j2.configurationFile=file:{folder / 'log4j2.properties'}"
            ),
        }
    builder = SparkSession.builder.appName("sonae").master(master)
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _name_python(context: Any, *, own: bool) -> None:
    """Where nobody said which Python: on this machine and in a session of ours, this one."""
    if context.pythonExec == "python3" and (own or context.master.startswith("local")):
        context.pythonExec = sys.executable


def _fit(session: SparkSession) -> None:
    """Refuse a Spark that does not compute exactly."""
    if session.version.split(".")[0] != VERSION:
        raise Refused(_OLD.format(v=session.version))
    if session.conf.get(ANSI) != "true":
        raise Refused(_NO_ANSI)


def _said(error: Exception) -> Exception:
    """An error of Spark as one of ours."""
    if found := _KNOWN.search(_text(error)):
        if found[2].startswith(_UNREADABLE):
            return Unreadable(found[1])
        return Refused(f"a sum left the exact range of 38 digits: {found[1]}")
    return Refused(_FAILED.format(e=_first_line(error)))


def _text(error: Exception) -> str:
    """All that an error says, with what it was caused by."""
    return str(error.java_exception if isinstance(error, Py4JJavaError) else error)


def _first_line(error: Exception) -> str:
    """The first line, and what Python on an executor raised."""
    lines = _text(error).strip().splitlines() or [type(error).__name__]
    raised = [line for line in lines[1:] if re.match(r"[\w.]+(Error|Exception): ", line)]
    return " ".join([lines[0], *raised[:1]])
