"""A group: each entity closed by itself, one overview, nothing netted."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from sonae.actions.close import close_books
from sonae.actions.group.run import Asked, close_group
from sonae.actions.work import Work
from sonae.books.sample import write_sample
from tests.command import REFUSAL, contents, sonae
from tests.kit import balance, changed, clean, price, write


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two samples that close, one firm that is short, one whose Books are refused."""
    folder = tmp_path_factory.mktemp("group")
    for seed in (1, 2):
        write_sample(folder / f"sample-{seed}", 30, 4, seed=seed)
    write(folder / "short", changed(balances=[balance("A1", "BTC", 10**12)]))
    write(folder / "refused", changed(prices=[price("BTC", "x")]))
    (folder / "README.md").write_text("who is who", "utf-8")
    return folder


@pytest.fixture(scope="module")
def closed(group: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The group closed, two at a time."""
    out = tmp_path_factory.mktemp("closed") / "out"
    said = sonae("close", group, "--out", out, "--at-once", "2", "--json")
    assert said.code == 3
    assert said.json() == json.loads((out / "overview.json").read_bytes())
    return out


def test_each_close_is_the_one_the_entity_gets_alone(
    group: Path, closed: Path, tmp_path: Path
) -> None:
    """Every byte of close.json and of the reports; nothing hidden is left between them."""
    for name in ("sample-1", "sample-2", "short"):
        close_books(group / name, out=tmp_path / name)
        assert contents(closed / name) == contents(tmp_path / name)
    pages = {"overview.json", "overview.ja.html", "overview.en.html"}
    assert {p.name for p in closed.iterdir()} == pages | {p.name for p in group.iterdir()} - {
        "README.md"
    }


def test_one_that_is_refused_does_not_stop_the_others(closed: Path) -> None:
    """Its reasons stand in its folder, its state in the overview, and the exit code is 3."""
    document = json.loads((closed / "overview.json").read_bytes())
    assert document["states"] == {"closed": 3, "refused": 1}
    [refused] = [e for e in document["entities"] if e["state"] == "refused"]
    assert refused["name"] == refused["folder"] == "refused"
    assert set(contents(closed / "refused")) == REFUSAL
    for lang, word in (("ja", "受付拒否"), ("en", "refused")):
        assert word in (closed / f"overview.{lang}.html").read_text("utf-8")


def test_a_surplus_never_lowers_the_shortage_of_another(closed: Path) -> None:
    """Shortages are added as they are; a net sum of surpluses would be less."""
    document = json.loads((closed / "overview.json").read_bytes())
    covers = [
        json.loads((closed / e["name"] / "close.json").read_bytes())["cover"]["by_regime"]["jp"]
        for e in document["entities"]
        if e["state"] == "closed"
    ]
    surplus = [Fraction(c["surplus"]) for c in covers]
    [line] = [s for s in document["side_by_side"] if s["regime"] == "jp"]
    short = sum(-s for s in surplus if s < 0)
    assert short > 0
    assert any(s > 0 for s in surplus)
    assert Fraction(line["shortage"]) == short
    assert Fraction(line["required"]) == sum(Fraction(c["required"]) for c in covers)
    assert line["short"] == ["short"]
    assert document["netted"] is False


def test_two_books_of_one_entity_are_pointed_out(closed: Path) -> None:
    """Both samples are of the same synthetic firm: their sum counts it twice."""
    remarks = json.loads((closed / "overview.json").read_bytes())["remarks"]
    assert any("sample-1, sample-2" in r["en"] for r in remarks)


def test_books_without_venue_in_a_group_are_not_passed_over(group: Path, tmp_path: Path) -> None:
    """A folder that lost its venue.toml would otherwise be missing from the sums unseen."""
    shutil.copytree(group, tmp_path / "group")
    (tmp_path / "group" / "short" / "venue.toml").unlink()
    said = sonae("close", tmp_path / "group", "--json")
    assert said.code == 3
    assert [(p["name"], p["file"]) for p in said.json()["problems"]] == [("no-entity", "short")]


def test_what_a_killed_run_had_closed_is_taken_up(group: Path, tmp_path: Path) -> None:
    """A record of a close that holds is used; one whose Books have changed since is not."""
    out, work = tmp_path / "out", Work(folder=tmp_path / "work", named=True)
    books = tmp_path / "group"
    for name in ("sample-1", "sample-2"):
        shutil.copytree(group / name, books / name)
    (out / "elsewhere").mkdir(parents=True)
    with pytest.raises(Exception, match="other files"):
        close_group(books, Asked(), out, work=work)
    (out / "elsewhere").rmdir()
    first = close_group(books, Asked(), out, work=work)
    assert not (tmp_path / "work").exists()

    def overview_fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sonae.actions.group.run.replace_file", overview_fails)
        with pytest.raises(OSError, match="No space"):
            close_group(books, Asked(), out, work=work)
    when = {n: (out / n / "close.json").stat().st_ino for n in ("sample-1", "sample-2")}
    (books / "sample-2" / "policies.toml").write_text(
        (group / "sample-2" / "policies.toml").read_text("utf-8") + "\n", "utf-8"
    )
    again = close_group(books, Asked(), out, work=work)
    assert (out / "sample-1" / "close.json").stat().st_ino == when["sample-1"]
    assert (out / "sample-2" / "close.json").stat().st_ino != when["sample-2"]
    assert again["side_by_side"] == first["side_by_side"]


def test_a_table_behind_a_link_that_changed_is_closed_anew(tmp_path: Path) -> None:
    """Parts on another disk, linked into the Books, are among what decides a close."""
    tables, books, out = clean(), tmp_path / "group" / "one", tmp_path / "out"
    write(books, {name: rows for name, rows in tables.items() if name != "balances"})
    write(tmp_path / "elsewhere", {"part": tables["balances"]})
    (tmp_path / "elsewhere" / "venue.toml").unlink()
    (books / "balances").symlink_to(tmp_path / "elsewhere")
    work, part = Work(folder=tmp_path / "work", named=True), tmp_path / "elsewhere" / "part.csv"

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sonae.actions.group.run.replace_file", fails)
        with pytest.raises(OSError, match="No space"):
            close_group(tmp_path / "group", Asked(), out, work=work)
    first = (out / "one" / "close.json").read_bytes()
    part.write_text(part.read_text("utf-8").replace("1000000", "1000001"), "utf-8")
    close_group(tmp_path / "group", Asked(), out, work=work)
    assert (out / "one" / "close.json").read_bytes() != first


def test_a_group_has_no_seal_and_no_room_for_too_many(group: Path, tmp_path: Path) -> None:
    """Wrong usage, and nothing is written."""
    assert sonae("close", group, "--fund", "sqlite:///x").code == 2
    out = tmp_path / "out"
    assert sonae("close", group, "--out", out, "--at-once", "9", "--memory", "2GB").code == 2
    assert not out.exists()
