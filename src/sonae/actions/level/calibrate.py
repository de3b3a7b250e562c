"""Calibrate a level: fit a formula to losses, freeze it as a draft, test it, say who bears it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes
from sonae.actions.level.capital import with_capital
from sonae.actions.level.exact import (
    back_test,
    burden,
    draft_text,
    if_firms_leave,
    within,
)
from sonae.actions.level.firms import firms_of
from sonae.actions.level.question import Question
from sonae.actions.level.words import choices, notes
from sonae.books.facts import incidents
from sonae.core.canonical import number_text
from sonae.core.errors import UsageError
from sonae.core.text import Text
from sonae.loss.calibrate import Asked, Prices
from sonae.loss.exposure import Case, Firm, article_rate, cases, reference
from sonae.loss.formula import RATES
from sonae.loss.level import Study
from sonae.loss.shares import FEWEST
from sonae.rulebook.draft import load_draft, read_draft

FORMAT = "sonae-calibration/1"
BRACKET = (2_000_000_000, 40_000_000_000)
DMM, BYBIT = "2024-05-31-dmm-bitcoin", "2025-02-21-bybit"
BYBIT_DOLLARS = Fraction(incidents()[BYBIT]["loss_usd_at_time"])
DIGEST = "{digest}"
Step = Callable[[Text], None]


def calibrate(question: Question, step: Step = lambda _: None) -> tuple[dict[str, Any], str | None]:
    """The document of a calibration and its draft; no draft where no rate reaches the target.

    Raises:
        InputError: Books or a survey that cannot be read.
        UsageError: a question that makes no sense.
    """
    if wrong := question.problems():
        raise UsageError("; ".join(wrong))
    step(Text("事業者を読む", "reading the firms"))
    volume = question.draft is None and "traded_value" in RATES[question.family]
    everyone = firms_of(question.books, question.tables, question.jurisdiction, volume)
    if question.capital is not None:
        everyone = with_capital(everyone, question.capital)
    firms = [f for f in everyone if question.memory or not f.from_memory]
    if not firms:
        raise UsageError("no firm is left to set a level for")
    prices = Prices(question.capital_cost, question.premium)
    fitted = _fitted_to(question, memory=question.memory)
    if len(fitted) < FEWEST:
        raise UsageError(f"{len(fitted)} losses with a public balance are too few to fit to")
    asked = _asked(question)
    study = Study(
        asked, tuple(fitted), tuple(firms), question.target, prices, question.seed, question.law,
        question.memory, question.until,
    )  # fmt: skip
    step(Text("率を求め、不確実さを調べる", "fitting and resampling"))
    document = _head(question, asked, firms) | study.document(question.validate)
    document["bracket"] = _bracket(study)
    other = _fitted_to(question, memory=not question.memory)
    others = [f for f in everyone if not question.memory or not f.from_memory]
    document["memory"] = {
        "included": question.memory,
        "losses": [c.id for c in cases() if c.from_memory],
        "firms": [f"{f.name} {f.as_of}" for f in everyone if f.from_memory],
        **study.compared(tuple(other), tuple(others)),
    }
    step(Text("過去の事故に当てはめる", "back-testing"))
    full = {**study.frozen(), **_phases(question)}
    text = _draft(question, asked, full)
    draft, day = read_draft(text, "draft"), _full_day(question, full)
    tested = [c for c in cases() if question.memory or not c.from_memory]
    document["back_test"] = back_test(
        draft, tested, day, question.days_cash, question.days_insurance
    )
    document["burden"] = burden(draft, firms, day)
    ends = [read_draft(_draft(question, asked, raw), "draft") for raw in study.at_interval()]
    for row, case in zip(document["back_test"], tested, strict=True):
        row |= within(ends, case.bases, day, case.loss)
    for row, firm in zip(document["burden"], firms, strict=True):
        row |= within(ends, firm.bases, day)
    document["if_firms_leave"] = if_firms_leave(document["burden"])
    document["choices"] = choices(question, len(fitted), len(firms))
    document["notes"] = notes(volume)
    digest = hashlib.sha256(json_bytes(document)).hexdigest()
    document["digest"] = digest
    return document, text.replace(DIGEST, digest) if study.rates is not None else None


def _asked(question: Question) -> Asked:
    if question.draft is not None:
        draft = load_draft(question.draft)
        named = {None, f"{draft.id}.{question.variant}", question.variant}
        picked = [v for v in draft.versions if question.variant is None or v.rule.id in named]
        if len(picked) != 1:
            names = ", ".join(v.rule.id for v in draft.versions) or "none"
            raise UsageError(f"{draft.id}: one version is fitted at a time; it has {names}")
        raw = {
            k: v
            for k, v in picked[0].raw.items()
            if k not in ("draft", "variant", "change", "id", "title")
        }
        return Asked(picked[0].rule.id, {}, raw)
    limits: dict[str, Any] = {}
    if question.insurance_share:
        limits["insurance_share"] = number_text(question.insurance_share)
    if question.floor is not None or question.cap is not None:
        cap = question.cap if question.cap is not None else 10**18
        limits["bracket"] = {"floor": question.floor or 0, "cap": cap}
    return Asked(question.family, limits)


def _fitted_to(question: Question, *, memory: bool) -> list[Case]:
    """Thefts and operational losses with a public balance, up to a year where one is given."""
    return [
        c
        for c in cases()
        if c.public
        and c.peril == "theft"
        and (memory or not c.from_memory)
        and (question.until is None or c.day.year <= question.until)
    ]


# -- the document, part by part --------------------------------------------------------------------


def _head(question: Question, asked: Asked, firms: Sequence[Firm]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "exact": False,
        "on": question.on.isoformat(),
        "formula": asked.name,
        "standing": "proposed",
        "target": number_text(question.target),
        "seed": str(question.seed),
        "firms": [
            {"name": f.name, "origin": f.origin, "as_of": f.as_of, "source": f.source}
            for f in firms
        ],
    }


def _bracket(study: Study) -> dict[str, Any]:
    """The reported JPY 2bn to 40bn on the same axes, and its cap beside two losses."""
    found, rate = reference()["article"], article_rate()
    by_id = {c.id: c for c in cases()}
    cap, bybit = Fraction(BRACKET[1]), BYBIT_DOLLARS * rate
    return {
        "floor": str(BRACKET[0]),
        "cap": str(BRACKET[1]),
        "source": found["source"],
        "confidence": found["confidence"],
        "cap_of_loss": {
            DMM: number_text(cap / by_id[DMM].loss),
            BYBIT: number_text(cap / bybit),
        },
        "yen_for_a_dollar": number_text(rate),
        **study.bracket(*BRACKET),
    }


def _phases(question: Question) -> dict[str, Any]:
    """Equal yearly steps from the day of the draft."""
    n, start = question.phase_in, question.on
    steps = [
        {"from": date(start.year + k, start.month, min(start.day, 28)), "share": f"{k + 1}/{n}"}
        for k in range(n)
    ]
    return {"phase_in": steps} if steps else {}


def _full_day(question: Question, raw: Mapping[str, Any]) -> date:
    phases: list[date] = [p["from"] for p in raw.get("phase_in", [])]
    return max([question.on, *phases])


def _draft(question: Question, asked: Asked, raw: Mapping[str, Any]) -> str:
    percent = number_text(question.target * 100)
    title = Text(
        f"較正案（{asked.name}、目標{percent}%）", f"calibrated: {asked.name}, target {percent} %"
    )
    note = Text(
        "過去の流出事故と想定損失から当社が求めた率。公表された案ではない",
        "rates that we fitted to past and possible losses; published by no authority",
    )
    return draft_text(
        raw,
        f"jp.proposal.calibrated-{asked.name.removeprefix('jp.proposal.').replace('.', '-')}",
        title,
        note,
        question.on,
        f"sonae calibrate, sha256:{DIGEST}",
    )


# -- once more, after comments ---------------------------------------------------------------------


def changed_since(former: Path, now: Mapping[str, Any]) -> dict[str, Any]:
    """What a calibration says otherwise than an earlier one: choices, parameters, verdicts, burden.

    Raises:
        UsageError: the file is no calibration.
    """
    try:
        before = json.loads(former.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{former}: not readable as JSON: {error}") from error
    if not isinstance(before, dict) or before.get("format") != FORMAT:
        raise UsageError(f"{former} is no calibration of this format ({FORMAT})")

    def pairs(key: str, by: str, what: str) -> list[dict[str, Any]]:
        a, b = ({r[by]: r.get(what) for r in d.get(key, [])} for d in (before, now))
        keys = [*b, *(k for k in a if k not in b)]
        return [
            {by: k, "before": a.get(k), "after": b.get(k)} for k in keys if a.get(k) != b.get(k)
        ]

    return {
        "former": before["digest"],
        "choices": pairs("choices", "key", "value"),
        "parameters": pairs("parameters", "base", "frozen"),
        "verdicts": pairs("back_test", "id", "verdict"),
        "required": pairs("burden", "venue", "required"),
        "held": {"before": before["reached"]["held"], "after": now["reached"]["held"]},
        "cost": {"before": before["reached"]["cost"], "after": now["reached"]["cost"]},
    }
