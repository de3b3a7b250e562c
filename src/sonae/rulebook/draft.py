"""Drafts: a rule that is not law, as one file over the law; shipped ones or a user's own.

A draft states what its author would require. Nothing in it is law: the figures it yields are
`proposed` wherever they show. The shipped drafts are our illustrations; no authority published
them. The language, key by key (all amounts exact, shares as "1/2" or 0.5):

    component             one or more of: base, and a rate, or bands, or rate_from = "loss"
      base                custody_value · custody_value_cold · custody_value_not_cold ·
                          largest_signing_domain · traded_value · loss_history
      rate, unit          a share, or as law states it: unit = "per_10000"
      cap_rate            with traded_value: Article 175's shape, yearly accrual up to the best year
      bands               [{ up_to, rate }, ..., { rate }]: each part of the base at its own rate
    combine               "sum" (default) or "max" of the components
    bracket               { floor, cap }
    rounding              { step, mode = "down" | "up" }
    insurance_share       part that insurance may meet; insurance_gates: conditions in words
    grounds               uses that need no case-by-case approval, in words
    refill_business_days  days to refill after use
    phase_in              [{ from, share }]
    exemptions            [{ base, below }]: nothing is required while the base is below
    variant               several versions in one file, each with an id and title
    change                a parameter of law with another value
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

from sonae.core.citation import Citation
from sonae.core.errors import NOT_UTF8, RulebookError, UsageError
from sonae.core.text import Text, same
from sonae.rulebook.draft_faults import faults
from sonae.rulebook.draft_formula import OUTPUTS, formula, needs
from sonae.rulebook.parameter import Dated, Instrument, Parameter, Topic, text_of
from sonae.rulebook.rule import Rule

SHIPPED = "sonae.rulebook.law.jp.drafts"


@dataclass(frozen=True)
class Version:
    """One version a draft proposes: its rule, its topic, and what was written of it."""

    rule: Rule
    topic: Topic
    raw: Mapping[str, Any]


@dataclass(frozen=True)
class Draft:
    """One draft file: its versions, and the parameters of law it would change."""

    id: str
    title: Text
    note: Text
    versions: tuple[Version, ...]
    changes: Mapping[str, Dated]
    digest: str
    text: str

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all versions."""
        return tuple(v.rule for v in self.versions)

    @property
    def topics(self) -> Mapping[str, Topic]:
        """The topic of each rule by its id."""
        return {v.rule.id: v.topic for v in self.versions}


def shipped() -> tuple[str, ...]:
    """Names of the drafts in the package."""
    folder = resources.files(SHIPPED)
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
    )


_NO_DRAFT = Text(
    "「{name}」という案もファイルもない。同梱の案: {shipped}",
    "no draft named {name!r} and no such file; shipped: {shipped}",
)


def load_draft(name_or_path: str) -> Draft:
    """A shipped draft by its name, else a file; a RulebookError lists every contradiction."""
    if name_or_path in shipped():
        text = resources.files(SHIPPED).joinpath(f"{name_or_path}.toml").read_text("utf-8")
        return read_draft(text, name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        raise UsageError(_NO_DRAFT.format(name=name_or_path, shipped=", ".join(shipped())))
    try:
        return read_draft(path.read_text("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise RulebookError(same("{file}: {why}").format(file=path.name, why=NOT_UTF8)) from error


def read_draft(text: str, file: str) -> Draft:
    """A draft from TOML text."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{file}: not readable as TOML: {error}") from error
    if wrong := faults(raw):
        raise RulebookError(f"{file}: " + "; ".join(wrong))
    head = raw["draft"]
    versions = tuple(_version(head, v, raw) for v in raw.get("variant") or [{}])
    if not any("component" in v.raw for v in versions):
        versions = ()
    digest = hashlib.sha256(text.encode()).hexdigest()
    changes = {c["parameter"]: _change(head, c) for c in raw.get("change", [])}
    return Draft(
        head["id"], text_of(head["title"]), text_of(head["note"]), versions, changes, digest, text
    )


# -- one version as a rule -------------------------------------------------------------------


def _version(
    head: Mapping[str, Any], variant: Mapping[str, Any], raw: Mapping[str, Any]
) -> Version:
    id = f"{head['id']}.{variant['id']}" if "id" in variant else head["id"]
    merged = {**raw, **variant}
    title = text_of(variant.get("title", head["title"]))
    cite = Citation(text_of(head["title"]), _DRAFT, source=head.get("source", ""))
    parameters = {
        key: Parameter(id, key, label, unit, (_proposed(head, value, cite),))
        for key, label, unit, value in _stated(merged)
    }
    instrument = Instrument("draft", text_of(head["title"]), "", head.get("source", ""))
    topic = Topic(id, title, {"draft": instrument}, parameters, {"draft (案)": cite}, ())
    compute = formula(merged, parameters)
    rule_ = Rule(id, title, "draft (案)", needs(merged), compute, __name__, OUTPUTS, "proposed")
    return Version(rule_, topic, merged)


_DRAFT = Text("（案）", "draft")


def _stated(merged: Mapping[str, Any]) -> Iterator[tuple[str, Text, str, Any]]:
    """Key, label, unit and value of every number a version states."""
    for n, part in enumerate(merged.get("component", [])):
        unit = part.get("unit", "ratio")
        for key in ("rate", "cap_rate"):
            if key in part:
                yield f"{key}_{n}", OUTPUTS["rate"], unit, part[key]
        if "window" in part:
            yield f"window_{n}", OUTPUTS["window"], "years", part["window"]
        for m, band in enumerate(part.get("bands", [])):
            yield f"rate_{n}_{m}", OUTPUTS["rate"], unit, band["rate"]
            if "up_to" in band:
                yield (
                    f"up_to_{n}_{m}",
                    Text("区分の上限額", "upper end of the band"),
                    "JPY",
                    band["up_to"],
                )
    if bracket := merged.get("bracket"):
        yield "floor", Text("下限", "floor"), "JPY", bracket["floor"]
        yield "cap", Text("上限", "cap"), "JPY", bracket["cap"]
    if "insurance_share" in merged:
        label = Text("保険で充当できる割合", "share that insurance may meet")
        yield "insurance_share", label, "ratio", merged["insurance_share"]
    if "refill_business_days" in merged:
        label = Text("補充期限（営業日）", "business days to refill")
        yield "refill_business_days", label, "days", merged["refill_business_days"]
    if "rounding" in merged:
        yield "rounding", Text("端数処理の単位", "rounding step"), "JPY", merged["rounding"]["step"]
    for n, phase in enumerate(merged.get("phase_in", [])):
        yield f"phase_{n}", Text("経過措置の割合", "phase-in share"), "ratio", phase["share"]
    for n, exemption in enumerate(merged.get("exemptions", [])):
        label = Text("適用除外の基準額", "exempt while below")
        yield f"exempt_{n}", label, "JPY", exemption["below"]


def _proposed(head: Mapping[str, Any], value: Any, cite: Citation) -> Dated:
    start = head.get("drafted_on", date.min)
    return Dated(start, True, None, value, cite, "proposed", "derived", "derived", start, None)


def _change(head: Mapping[str, Any], raw: Mapping[str, Any]) -> Dated:
    cite = Citation(text_of(head["title"]), _DRAFT, says=raw.get("says", ""))
    return _proposed(head, raw["value"], cite)
