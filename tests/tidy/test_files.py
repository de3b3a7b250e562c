"""The files of the repository: no address that only works on one machine, no stray bytes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sonae.actions.rules.reference import write_pages

from .source import ROOT, repository_files

BINARY = {".parquet", ".png", ".pdf", ".xlsx", ".ico", ".woff2"}
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com")
REGISTRIES += ("deb." + "debian.org", "index" + "-url", "proxy.golang" + ".org", "crates" + ".io")
FOLDERS = ("root", "work", "home", "Users", "tmp", "mnt", "private", "opt")
PATHS = re.compile(rf"(?<![\w./:~-])/({'|'.join(FOLDERS)})/[\w.]")


def texts() -> list[tuple[Path, str]]:
    files = [f for f in repository_files() if f.suffix not in BINARY]
    return [(f.relative_to(ROOT), f.read_text("utf-8", errors="replace")) for f in files]


def test_no_address_of_a_package_registry_is_written_down() -> None:
    """Which registry a machine uses is that machine's setting, not the project's."""
    found = [
        f"{file}: {registry}"
        for file, text in texts()
        for registry in REGISTRIES
        if registry in text
    ]
    assert found == []


def test_no_absolute_path_of_a_machine_is_written_down() -> None:
    """A path below a home or a work folder works for one person only."""
    found = [
        f"{file}:{number}: {line.strip()[:80]}"
        for file, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if PATHS.search(line) and Path("tests/tidy/test_files.py") != file
    ]
    assert found == []


def test_every_text_file_is_utf8_with_unix_line_ends() -> None:
    """Digests of shipped data depend on bytes."""
    wrong = []
    for file in repository_files():
        data = file.read_bytes()
        if file.suffix in BINARY:
            continue
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            wrong.append(f"{file.relative_to(ROOT)} is not UTF-8")
        if b"\r" in data and "tests" not in file.relative_to(ROOT).parts:
            wrong.append(f"{file.relative_to(ROOT)} has carriage returns")
    assert wrong == []


def test_no_large_or_personal_file_is_tracked() -> None:
    """Half a megabyte is more than any text here needs; keys and databases never belong here."""
    banned = {".pem", ".key", ".p12", ".sqlite", ".db", ".duckdb", ".env", ".pyc"}
    wrong = [
        str(f.relative_to(ROOT))
        for f in repository_files()
        if f.suffix in banned or f.stat().st_size > 600_000
    ]
    assert wrong == []


def test_every_shipped_case_is_one_line_with_an_id_of_its_own() -> None:
    """The product's cases are what its reference pages and its audit speak of."""
    text = (ROOT / "src" / "sonae" / "rulebook" / "cases.jsonl").read_text("utf-8")
    ids = [json.loads(line)["id"] for line in text.splitlines()]
    assert len(ids) == len(set(ids)) >= 340


def test_the_reference_pages_are_those_the_rules_write(tmp_path: Path) -> None:
    """A page that lags its rule tells a reader yesterday's law; `make reference` writes them."""
    write_pages(tmp_path)
    made = {file.name: file.read_text("utf-8") for file in tmp_path.iterdir()}
    kept = {file.name: file.read_text("utf-8") for file in (ROOT / "docs/reference").iterdir()}
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == []
