"""The law on one day, with any drafts explicitly assumed on top."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import cache, partial
from importlib import import_module, resources

from sonae.core.citation import Citation
from sonae.core.errors import RulebookError, UsageError
from sonae.core.figure import Figure
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.draft import Draft
from sonae.rulebook.parameter import Topic, load_topic
from sonae.rulebook.rule import Day, Law, Rule, registered, titled

LAW = "sonae.rulebook.law"
MODULES = (
    "claims.recoveries",
    "claims.valuation",
    "elsewhere.ae_vara",
    "elsewhere.sg_mas",
    "elsewhere.tr_cmb",
    "elsewhere.uk_fscs",
    "elsewhere.us_15c3_3",
    "elsewhere.us_sipc",
    "estate.celsius",
    "estate.cryptopia",
    "estate.ftx",
    "estate.ftx_japan",
    "estate.mtgox",
    "estate.proceedings",
    "estate.quadriga",
    "estate.unidroit",
    "eu.mica_client_funds",
    "eu.mica_custody",
    "eu.mica_insurance",
    "eu.mica_prudential",
    "eu.mica_significance",
    "hk.vatp_custody",
    "hk.vatp_resources",
    "jp.commodity_reserve",
    "jp.crypto_capital",
    "jp.crypto_cash_trust",
    "jp.crypto_clocks",
    "jp.crypto_custody",
    "jp.crypto_domestic_assets",
    "jp.crypto_new_regime",
    "jp.crypto_reports",
    "jp.crypto_segregation",
    "jp.dicj",
    "jp.jipf",
    "jp.jvcea",
    "jp.personal_data",
    "jp.reserve_assets",
    "jp.reserve_booking",
    "jp.reserve_use",
    "jp.securities_capital",
    "jp.securities_compensation",
    "jp.securities_loss_reserve",
    "jp.securities_reserve",
    "jp.stablecoin_trust",
    "kr.vaupa_cover",
    "kr.vaupa_custody",
    "kr.vaupa_deposits",
    "kr.vaupa_operations",
)


@cache
def topics() -> Mapping[str, Topic]:
    """Every shipped topic of law by the module that implements it."""
    loaded = {}
    for name in MODULES:
        import_module(f"{LAW}.{name}")
        loaded[f"{LAW}.{name}"] = load_topic(_text(name), f"{name}.toml")
    return loaded


def _text(name: str) -> str:
    package, _, stem = name.rpartition(".")
    return resources.files(f"{LAW}.{package}").joinpath(f"{stem}.toml").read_text("utf-8")


@cache
def law_digest() -> str:
    """SHA-256 over the parameter files and formulas of every topic, and the code they rest on."""
    sha = hashlib.sha256()
    for package in ("sonae.core", "sonae.rulebook"):
        for file in sorted(resources.files(package).iterdir(), key=lambda f: f.name):
            if file.name.endswith((".py", ".toml")):
                sha.update(file.read_bytes())
    for name in MODULES:
        sha.update(_text(name).encode())
        sha.update(inspect.getsource(import_module(f"{LAW}.{name}")).encode())
    return sha.hexdigest()


@dataclass(frozen=True)
class Edition:
    """The law on `on`; `drafts` are overlays, never copies of the law.

    Everything a draft touches has standing `proposed`.
    """

    on: date
    drafts: tuple[Draft, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a draft that changes what the law does not have, and one draft given twice."""
        known = {f"{t.id}/{key}" for t in topics().values() for key in t.parameters}
        for draft in self.drafts:
            if odd := sorted(set(draft.changes) - known):
                raise RulebookError(f"{draft.id}: no parameter of law is called {', '.join(odd)}")
        self._refuse_twice([d.id for d in self.drafts], "draft")
        self._refuse_twice([key for d in self.drafts for key in d.changes], "parameter")
        rules = [r.id for d in self.drafts for r in d.rules]
        self._refuse_twice([*registered(), *rules], "rule")

    @staticmethod
    def _refuse_twice(names: Sequence[str], what: str) -> None:
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise RulebookError(f"the assumed drafts give a {what} twice: {', '.join(twice)}")

    def rules(self, globs: Sequence[str] = ("*",)) -> tuple[Rule, ...]:
        """Rules of the law and of the assumed drafts whose id matches any glob, by id."""
        topics()
        every = {**registered(), **{r.id: r for d in self.drafts for r in d.rules}}
        picked = [r for i, r in every.items() if any(fnmatchcase(i, g) for g in globs)]
        return tuple(sorted(picked, key=lambda r: r.id))

    def rule(self, id: str) -> Rule:
        """One rule; a UsageError names near ones."""
        for found in self.rules():
            if found.id == id:
                return found
        near = ", ".join(r.id for r in self.rules([f"*{id.rsplit('.', 1)[-1]}*"])[:5])
        raise UsageError(f"no rule {id!r}" + (f"; did you mean {near}?" if near else ""))

    def topic(self, rule_: Rule) -> Topic:
        """The topic that holds a rule's parameters and words."""
        for draft in self.drafts:
            if rule_ in draft.rules:
                return draft.topics[rule_.id]
        return topics()[rule_.module]

    def parameter(self, topic: Topic, key: str, on: date | None = None) -> Figure:
        """A parameter's value on this day, or on the day of a fact; a draft's where one says so."""
        if key not in topic.parameters:
            raise UsageError(f"{topic.id} has no parameter {key!r}")
        on = on or self.on
        for draft in self.drafts:
            change = draft.changes.get(f"{topic.id}/{key}")
            if change is not None:
                return topic.parameters[key].as_figure(change, on)
            if topic.id in draft.topics:
                return topic.parameters[key].as_figure(topic.parameters[key].values[0], on)
        return topic.parameters[key].figure(on)

    def evaluate(self, id: str, facts: Mapping[str, Figure]) -> dict[str, Figure]:
        """The named outputs of one rule, ids `<rule>#<output>`."""
        rule_ = self.rule(id)
        topic = self.topic(rule_)
        provision = topic.cite(rule_.cites)
        law = Law(self.on, partial(self.parameter, topic), topic.cite, CALENDARS)
        return titled(rule_.compute(law, Day(rule_, provision, facts)), rule_, provision)

    def provision(self, id: str) -> Citation:
        """The provision that a rule answers to."""
        rule_ = self.rule(id)
        return self.topic(rule_).cite(rule_.cites)

    def describe(self) -> dict[str, object]:
        """What a close records of the law it used."""
        return {
            "on": self.on.isoformat(),
            "digest": self.digest(),
            "assumed": [{"id": d.id, "digest": d.digest} for d in self.drafts],
        }

    def digest(self) -> str:
        """SHA-256 over law and drafts: a corrected rulebook never passes for the old one."""
        sha = hashlib.sha256(law_digest().encode())
        for draft in self.drafts:
            sha.update(draft.digest.encode())
        return sha.hexdigest()
