"""`sonae loss price`: from a file to a document, and everything wrong with a file at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..command import Said, sonae
from .question import GOLDEN, SPEC


def priced(folder: Path, **changes: Any) -> Said:
    file = folder / "spec.json"
    kept = {k: v for k, v in {**SPEC, **changes}.items() if v is not None}
    file.write_text(json.dumps(kept), "utf-8")
    return sonae("loss", "price", file, "--json")


@pytest.mark.parametrize("mean", ["0.3", "1", "3"])
def test_a_year_is_priced_as_the_reference_run_says(tmp_path: Path, mean: str) -> None:
    found = priced(tmp_path, frequency={"poisson": float(mean)}).json()
    assert found["engine"] == "rqmc"
    assert found["exact"] is False
    for measure, by_level in GOLDEN["retained"][mean].items():
        if measure in ("var", "tvar"):
            for level, truth in by_level.items():
                point = found["retained"][measure][level]
                assert point == pytest.approx(float(truth), rel=3e-3)
                assert found["error"]["retained"][measure][level] <= 2e-3 * float(truth)
    assert found["error"]["relative"] < 5e-3
    assert found["checks"]["fft"]["largest_difference"] < 2e-3


def test_levels_are_named_as_they_were_written_and_strings_are_numbers(tmp_path: Path) -> None:
    found = priced(tmp_path, levels=["0.90", 0.995], cap="1500.0", engine="rqmc").json()
    assert list(found["gross"]["var"]) == ["0.90", "0.995"]
    assert found["checks"] == {}
    assert found["spec"]["cap"] == "1500.0"


def test_curves_fall_with_their_chance_and_the_largest_loss_is_below_the_total(
    tmp_path: Path,
) -> None:
    curves = priced(tmp_path).json()["curves"]
    for part in ("gross", "ceded", "retained"):
        for kind in ("aep", "oep"):
            values = list(curves[kind][part].values())
            assert values == sorted(values)
    for period, largest in curves["oep"]["gross"].items():
        assert largest <= curves["aep"]["gross"][period] * 1.002


def test_the_exact_engine_says_what_it_has_no_law_of(tmp_path: Path) -> None:
    found = priced(tmp_path, engine="fft").json()
    assert found["retained"] is None
    assert set(found["not_computable"]) == {"retained"}
    found = priced(tmp_path, engine="fft", annual_aggregate=None).json()
    assert found["retained"]["tvar"]["0.995"] > 0
    assert found["not_computable"] == {}


def test_monte_carlo_names_its_years_and_a_seed_changes_them(tmp_path: Path) -> None:
    a, b, c = (priced(tmp_path, engine="mc", years=200_000, seed=s).json() for s in (1, 1, 2))
    assert a == b
    assert a["gross"] != c["gross"]
    assert a["seed"] == "1"


@pytest.mark.parametrize(
    ("severity", "cap"),
    [
        ({"lognormal": {"mu": 2.3, "sigma": 2}}, None),
        ({"beta_fraction": {"a": 0.97, "b": 3.49, "exposure": 1000}}, None),
        ({"gpd": {"xi": -0.2, "scale": 10}}, None),
    ],
)
def test_each_law_can_be_priced_without_a_cap(
    tmp_path: Path, severity: dict[str, Any], cap: float | None
) -> None:
    found = priced(tmp_path, severity=severity, cap=cap).json()
    for part in ("gross", "ceded", "retained"):
        assert found[part]["tvar"]["0.999"] >= found[part]["var"]["0.999"] > 0


def test_an_aggregate_below_the_limit_binds_at_the_first_loss(tmp_path: Path) -> None:
    found = priced(tmp_path, annual_aggregate=100).json()
    assert found["ceded"]["var"]["0.999"] == 100


def test_without_cover_everything_is_retained(tmp_path: Path) -> None:
    found = priced(tmp_path, deductible=None, limit=None, annual_aggregate=None).json()
    assert found["retained"] == found["gross"]
    assert found["ceded"]["mean"] == 0


def problems(said: Said) -> dict[str, str]:
    assert said.code == 3
    document = said.json()
    assert document["format"] == "sonae-refused/1"
    for problem in document["problems"]:
        assert problem["message"]["ja"]
        assert problem["message"]["en"]
    return {p["key"]: p["name"] for p in document["problems"]}


def test_everything_wrong_with_a_specification_is_said_at_once(tmp_path: Path) -> None:
    said = priced(
        tmp_path, frequency={"poisson": -1}, severity={"weibull": {"k": 1}}, cap=4, deductible=5,
        limit=-250, annual_aggregate="many", levels=[0.995, 1, 0, -0.5, "x"], engine="magic",
        seed=1.5, years=0, colour="red",
    )  # fmt: skip
    assert problems(said) == {
        "frequency.poisson": "negative",
        "severity.weibull": "unknown-law",
        "cap": "cap-below-deductible",
        "limit": "negative",
        "annual_aggregate": "not-a-number",
        "levels[1]": "level-outside",
        "levels[2]": "level-outside",
        "levels[3]": "negative",
        "levels[4]": "not-a-number",
        "engine": "unknown-engine",
        "seed": "not-whole",
        "years": "not-whole",
        "colour": "unknown-key",
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"frequency": None}, {"frequency": "not-one-law"}),
        ({"severity": {"gpd": {"xi": 0.8}}}, {"severity.gpd.scale": "missing"}),
        ({"severity": {"gpd": 3}}, {"severity.gpd": "missing"}),
        ({"severity": {"gpd": {"xi": 0.8, "scale": 0}}}, {"severity.gpd.scale": "not-positive"}),
        ({"severity": {"gpd": {"xi": 1.2, "scale": 1}}, "cap": None}, {"cap": "no-mean"}),
        ({"frequency": {"poisson": 1e9}}, {"frequency.poisson": "too-large"}),
        ({"levels": []}, {"levels": "no-levels"}),
        ({"cap": float("nan")}, {"cap": "not-a-number"}),
        ({"deductible": "1/0"}, {"deductible": "not-a-number"}),
        ({"cap": -5, "deductible": -1}, {"cap": "negative", "deductible": "negative"}),
    ],
)
def test_a_single_fault_is_named_with_its_place(
    tmp_path: Path, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    assert problems(priced(tmp_path, **changes)) == expected


@pytest.mark.parametrize("text", ["{", "[1]", "\udcff"])
def test_a_file_that_is_no_specification_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "spec.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert sonae("loss", "price", file, "--json").code == 3
    assert sonae("loss", "price", tmp_path / "none.json").code == 3


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_people_get_a_table_with_errors(tmp_path: Path, lang: str) -> None:
    priced(tmp_path)
    said = sonae("loss", "price", tmp_path / "spec.json", "--lang", lang)
    assert said.code == 0
    assert "1,255.00" in said.out
    assert "±" in said.out
    assert ("自己負担" if lang == "ja" else "Retained") in said.out
