"""Drafts: a rule that is not law, as one file over the law; shipped ones or a user's own.

A draft states what its author would require: components (a base and a rate), an optional bracket,
the share that insurance may meet, the days to refill. The figures it yields are `proposed` wherever
they show. The shipped drafts are our illustrations: no authority published them.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

from sonae.core.citation import Citation
from sonae.core.errors import RulebookError, UsageError
from sonae.core.figure import Figure, largest, smallest, total
from sonae.core.text import Text
from sonae.rulebook.law.jp.securities_reserve import accumulate
from sonae.rulebook.parameter import (
    Dated,
    Instrument,
    Parameter,
    Topic,
    exact,
    text_of,
)
from sonae.rulebook.rule import Need, Outputs, Rule, Series

SHIPPED = "sonae.rulebook.law.jp.drafts"
BASES = {
    "custody_value": Text("利用者の暗号資産の評価額", "value of customers' crypto-assets"),
    "traded_value": Text("暗号資産の売買等の額", "traded value of crypto-assets"),
}
NEEDS = {
    "custody_value": Need("customer_crypto_jpy", "JPY", True),
    "traded_value": Need("crypto_traded_value_by_fy", Series("JPY"), True),
    "opening_reserve": Need("opening_reserve", "JPY", True),
    "used_for_incidents": Need("used_for_incidents", "JPY", True),
    "loss": Need("loss_in_question_jpy", "JPY", True),
}
OUTPUTS = {
    "accrual": Text("当年度の積立額", "accrual of the year"),
    "full_level": Text("満額（最高年度の取引額による）", "full level, by the best year"),
    "rate": Text("率", "rate"),
    "without_bracket": Text("下限・上限なしの所要額", "required, without the bracket"),
    "with_bracket": Text("下限・上限ありの所要額", "required, with the bracket"),
    "insurance_at_most": Text("保険で充当できる上限", "part that insurance may meet"),
    "in_cash": Text("保険を上限まで充当した後の所要額", "required after insurance at its limit"),
    "required": Text("所要額", "required reserve"),
}


Parameters = Callable[[str], Figure]


@dataclass(frozen=True)
class Draft:
    """One draft file: its rules, their topics, and the parameters of law it would change."""

    id: str
    title: Text
    note: Text
    rules: tuple[Rule, ...]
    topics: Mapping[str, Topic]
    changes: Mapping[str, Dated]
    digest: str


def shipped() -> tuple[str, ...]:
    """Names of the drafts in the package."""
    folder = resources.files(SHIPPED)
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
    )


def load_draft(name_or_path: str) -> Draft:
    """A shipped draft by its name, else a file; a RulebookError lists every contradiction."""
    if name_or_path in shipped():
        text = resources.files(SHIPPED).joinpath(f"{name_or_path}.toml").read_text("utf-8")
        return read_draft(text, name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        raise UsageError(
            f"no draft named {name_or_path!r} and no such file; shipped: {', '.join(shipped())}"
        )
    return read_draft(path.read_text("utf-8"), path.name)


def read_draft(text: str, file: str) -> Draft:
    """A draft from TOML text."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{file}: not readable as TOML: {error}") from error
    if faults := list(_faults(raw)):
        raise RulebookError(f"{file}: " + "; ".join(faults))
    head = raw["draft"]
    variants = raw.get("variant") or [{}]
    topics, rules = {}, []
    for variant in variants:
        topic, rule_ = _variant(head, variant, raw)
        topics[rule_.id] = topic
        rules.append(rule_)
    digest = hashlib.sha256(text.encode()).hexdigest()
    changes = {c["parameter"]: _change(head, c) for c in raw.get("change", [])}
    return Draft(
        head["id"],
        text_of(head["title"]),
        text_of(head["note"]),
        tuple(rules),
        topics,
        changes,
        digest,
    )


def _faults(raw: Mapping[str, Any]) -> list[str]:
    """Everything wrong with a draft, in words."""
    head = raw.get("draft", {})
    faults = [f"draft.{k} is required" for k in ("id", "title", "note", "regime") if k not in head]
    for where, item in [
        ("", raw),
        *((f"variant {v.get('id')}: ", v) for v in raw.get("variant", [])),
    ]:
        for part in item.get("component", []):
            if part.get("base") not in BASES:
                faults.append(f"{where}base {part.get('base')!r} is none of {', '.join(BASES)}")
            if "rate" not in part and part.get("rate_from") != "loss":
                faults.append(f"{where}a component needs a rate, or rate_from = 'loss'")
            if part.get("base") == "traded_value" and "cap_rate" not in part:
                faults.append(f"{where}traded_value needs a cap_rate beside its rate")
        bracket = item.get("bracket", {})
        if bracket and exact(bracket["floor"]) > exact(bracket["cap"]):
            faults.append(f"{where}the floor {bracket['floor']} is above the cap {bracket['cap']}")
        share = exact(item.get("insurance_share", 0))
        if not 0 <= share <= 1:
            faults.append(f"{where}insurance_share {share} is not between 0 and 1")
    if not raw.get("change") and not any("component" in i for i in [raw, *raw.get("variant", [])]):
        faults.append("neither a component nor a change of a parameter is given")
    return faults


# -- one variant as a rule ----------------------------------------------------------------


def _variant(
    head: Mapping[str, Any], variant: Mapping[str, Any], raw: Mapping[str, Any]
) -> tuple[Topic, Rule]:
    id = f"{head['id']}.{variant['id']}" if "id" in variant else head["id"]
    merged = {**raw, **variant}
    title = text_of(variant["title"]) if "title" in variant else text_of(head["title"])
    cite = Citation(text_of(head["title"]), Text("（案）", "draft"), source=head.get("source", ""))
    components = merged.get("component", [])
    parameters: dict[str, Parameter] = {}

    def put(key: str, label: Text, unit: str, value: Any) -> None:
        dated = _proposed(head, value, cite)
        parameters[key] = Parameter(id, key, label, unit, (dated,))

    for n, part in enumerate(components):
        for key in ("rate", "cap_rate"):
            if key in part:
                put(f"{key}_{n}", OUTPUTS["rate"], part.get("unit", "ratio"), part[key])
    if bracket := merged.get("bracket"):
        put("floor", Text("下限", "floor"), "JPY", bracket["floor"])
        put("cap", Text("上限", "cap"), "JPY", bracket["cap"])
    if "insurance_share" in merged:
        label = Text("保険で充当できる割合", "share that insurance may meet")
        put("insurance_share", label, "ratio", merged["insurance_share"])
    if "refill_business_days" in merged:
        label = Text("補充期限（営業日）", "business days to refill")
        put("refill_business_days", label, "days", merged["refill_business_days"])
    instrument = Instrument("draft", text_of(head["title"]), "", head.get("source", ""))
    topic = Topic(id, title, {"draft": instrument}, parameters, {"draft (案)": cite}, ())
    rule_ = Rule(
        id,
        title,
        "draft (案)",
        _needs(components),
        _formula(components, parameters),
        __name__,
        OUTPUTS,
        "proposed",
    )
    return topic, rule_


def _proposed(head: Mapping[str, Any], value: Any, cite: Citation) -> Dated:
    start = head.get("drafted_on", date.min)
    return Dated(start, True, None, value, cite, "proposed", "derived", "derived", start, None)


def _change(head: Mapping[str, Any], raw: Mapping[str, Any]) -> Dated:
    cite = Citation(text_of(head["title"]), Text("（案）", "draft"), says=raw.get("says", ""))
    return _proposed(head, raw["value"], cite)


def _needs(components: Sequence[Mapping[str, Any]]) -> tuple[Need, ...]:
    keys: list[str] = []
    for part in components:
        keys.append(part["base"])
        keys += ["loss"] if part.get("rate_from") == "loss" else []
        keys += ["opening_reserve", "used_for_incidents"] if "cap_rate" in part else []
    return tuple(NEEDS[k] for k in dict.fromkeys(keys))


def _formula(components: Sequence[Mapping[str, Any]], parameters: Mapping[str, Parameter]) -> Any:
    """The draft's formula: sum of components, bracket, what insurance may meet."""

    def proposed(key: str) -> Figure:
        return parameters[key].as_figure(parameters[key].values[0], date.max)

    def compute(law: Any, day: Any) -> Outputs:
        outputs: dict[str, Figure] = {}
        parts = [_component(n, part, proposed, day, outputs) for n, part in enumerate(components)]
        gross = parts[0] if len(parts) == 1 else total(parts, "JPY")
        outputs["without_bracket"] = required = gross
        if "floor" in parameters:
            required = smallest(largest(gross, proposed("floor")), proposed("cap"))
            outputs["with_bracket"] = required
        if "insurance_share" in parameters:
            outputs["insurance_at_most"] = required * proposed("insurance_share")
            outputs["in_cash"] = required - outputs["insurance_at_most"]
        outputs["required"] = required
        return outputs

    return compute


def _component(
    n: int, part: Mapping[str, Any], proposed: Parameters, day: Any, outputs: dict[str, Figure]
) -> Figure:
    if part["base"] == "traded_value":
        return _traded(n, proposed, day, outputs)
    base: Figure = day.customer_crypto_jpy
    if part.get("rate_from") == "loss":
        outputs["rate"] = day.loss_in_question_jpy / base
        return base * outputs["rate"]
    return base * proposed(f"rate_{n}")


def _traded(n: int, proposed: Parameters, day: Any, outputs: dict[str, Figure]) -> Figure:
    """Article 175's shape on one base: a yearly accrual up to the best year's cap."""
    volumes = day.crypto_traded_value_by_fy
    years: tuple[Mapping[str, Figure], ...] = ()
    if volumes.computable:
        years = tuple({"traded_value": item} for item in volumes.items())
    result = accumulate(
        {"traded_value": proposed(f"rate_{n}")},
        {"traded_value": proposed(f"cap_rate_{n}")},
        years,
        volumes,
        day.opening_reserve,
        day.used_for_incidents,
    )
    outputs["accrual"] = result["accrual"]
    outputs["full_level"] = result["cap_sum"]
    return result["closing_before_release"]
