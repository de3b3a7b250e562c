"""What reads a close under several regimes: reports, recomputation, comparison, seals, samples."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from sonae.actions.close import Closed, close_books
from sonae.actions.rules.compare import venues_under_every_regime
from sonae.actions.rules.recompute import recompute
from sonae.books.sample import write_sample
from sonae.core.errors import UsageError
from sonae.report.html import close_report
from tests.abroad.books import MONEY, books, money, policy, tables
from tests.kit import figure, findings

EVERY = ("jp", "eu", "hk", "kr")
DRAFT = "jp.proposal.custody-value"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sample Books under all four."""
    folder = tmp_path_factory.mktemp("sample") / "books"
    write_sample(folder, 200, regimes=EVERY)
    return folder


@pytest.fixture(scope="module")
def closed(sample: Path) -> Closed:
    """The sample closed, with a draft assumed."""
    return close_books(sample, assume=[DRAFT])


def test_a_sample_under_four_regimes_closes_without_a_breach_or_warning(closed: Closed) -> None:
    """Every test of every rule passes, and no regime lacks an amount."""
    assert findings(closed) == []
    covers = closed.document["cover"]["by_regime"]
    assert [r for r in covers if not r.startswith("jp.proposal")] == list(EVERY)
    for regime in EVERY:
        surplus = figure(closed, covers[regime]["figures"]["surplus"])
        assert surplus["kind"] == "number", regime
        assert Fraction(surplus["value"]) >= 0, regime


def test_a_regime_without_a_sample_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no sample for sg"):
        write_sample(tmp_path / "books", 1, regimes=["sg"])
    assert not (tmp_path / "books").exists()


def test_japan_is_the_same_to_the_byte_whatever_stands_beside_it(
    tmp_path: Path, sample: Path
) -> None:
    """Taking the others away leaves Japan's lines, outputs and findings as they are."""
    text = (sample / "venue.toml").read_text("utf-8")
    alone = tmp_path / "alone"
    alone.mkdir()
    for file in sample.iterdir():
        (alone / file.name).symlink_to(file)
    (alone / "venue.toml").unlink()
    (alone / "venue.toml").write_text(
        text.replace('regimes = ["jp", "eu", "hk", "kr"]', 'regimes = ["jp"]'), "utf-8"
    )
    one, many = (close_books(f, assume=[DRAFT]).document for f in (alone, sample))
    assert one["stack"] == many["stack"]
    assert one["cover"]["by_regime"].items() <= many["cover"]["by_regime"].items()
    figures = {f["id"]: f for f in many["figures"]}
    differ = [f["id"] for f in one["figures"] if figures.get(f["id"]) != f]
    assert differ == []
    assert "stack_abroad" not in one


def test_every_rule_can_be_worked_out_again_from_the_close_alone(closed: Closed) -> None:
    """A supervisor's recomputation agrees to the last digit, rules of all regimes included."""
    found = recompute(closed.document)
    assert found["different"] == []
    assert found["same"] > 60


def test_the_comparison_asks_for_what_the_close_asks_for(sample: Path, closed: Closed) -> None:
    """One way to the facts: requirement and cover of each line are the same in both."""
    [view] = venues_under_every_regime([sample], [DRAFT])
    lines = {line["rule"]: line for line in view["lines"]}
    pairs = {
        "eu.mica.prudential_safeguards": "stack/eu/safeguards",
        "hk.vatp.compensation_cover_required": "stack/hk/compensation",
        "kr.vaupa.deposits": "stack/kr/deposits",
    }
    for rule, key in pairs.items():
        for column, name in (("required", "required"), ("counts", "held")):
            mine = view["figures"][lines[rule][column]]
            assert mine["value"] == figure(closed, f"{key}#{name}")["value"], (rule, column)
    required = view["figures"][lines["kr.vaupa.cover_required"]["required"]]
    assert required["value"] == figure(closed, "stack/kr/cover#required")["value"]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_report_shows_each_regime_with_its_currency(closed: Closed, lang: str) -> None:
    """An amount in another currency than that of the Books never stands without it."""
    page = close_report(closed.document, lang)  # type: ignore[arg-type]
    shown = ("1,562,500 EUR", "3,000,000,000 KRW") if lang == "ja" else ("EUR 1,562,500",)
    assert all(s in page for s in shown)
    names = {"ja": ("EU：", "香港：", "韓国："), "en": ("EU: ", "Hong Kong: ", "Korea: ")}
    assert all(n in page for n in names[lang])


def test_law_before_its_first_day_leaves_a_regime_without_an_answer(sample: Path) -> None:
    """A what-if on a day before MiCA, the guidelines and the Act were in force."""
    before = close_books(sample, what_if_on=date(2022, 11, 10))
    for id in ("stack/eu/safeguards#required", "stack/hk/compensation#required"):
        assert figure(before, id)["kind"] == "not_computable"
    short = {"prudential-shortage", "compensation-shortage", "accident-cover-shortage"}
    assert not short & set(findings(before))


def test_japan_asks_for_the_same_yen_whatever_the_books_are_kept_in(tmp_path: Path) -> None:
    """Euro at 160 yen: requirement, insurance and custody are equal, the reserve less a haircut."""
    id = "cover/jp.proposal.custody-value.5pct"
    found = {}
    for home, rate in (("JPY", 160), ("EUR", 1)):
        accounts = [
            money(home, MONEY[home], "customer_trust"),
            money(home, 5_000_000 * rate, "reserve"),
        ]
        folder = books(
            tmp_path / home, ["jp"], home, tables(home) | {"statements": accounts},
            policies=policy("P1", home, 2_000_000 * rate),
        )  # fmt: skip
        closed = close_books(folder, assume=[DRAFT])
        found[home] = {
            key: figure(closed, name)["value"]
            for key, name in {
                "required": "jp.proposal.custody-value.5pct#required",
                "insurance": f"{id}#going_concern.insurance",
                "custody": "cover/jp#required",
                "crypto": "fact:customer_crypto_jpy",
                "hot": "jp.crypto.hot_limit#limit_jpy",
                "reserve": f"{id}#going_concern.reserve",
            }.items()
        }
        assert figure(closed, f"{id}#surplus")["unit"] == "JPY"
    reserve = {home: Fraction(parts.pop("reserve")) for home, parts in found.items()}
    assert found["JPY"] == found["EUR"]
    assert found["JPY"]["insurance"] == "320000000"
    assert reserve["JPY"] == 800_000_000
    assert 0 < reserve["EUR"] < reserve["JPY"]
