"""What rules, regimes, subjects and provisions are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonae.core.text import Lang
from sonae.report.figures import Figures
from sonae.report.format import day, title


@dataclass(frozen=True, slots=True)
class Provision:
    """A provision with its own words, and where and by whom it was compared."""

    number: int
    name: str
    says: str
    source: str
    checked: str
    draft: bool


class Titles:
    """Names from the document, in one language."""

    def __init__(self, figures: Figures) -> None:
        self.figures, self.document, self.lang = figures, figures.document, figures.lang
        self.numbers = {key: n for n, key in enumerate(self.document["citations"], 1)}
        self.assumed = [a["id"] for a in self.document["edition"]["assumed"]]

    def is_draft(self, rule: str) -> bool:
        """True for a rule of an assumed draft."""
        return any(rule == a or rule.startswith(f"{a}.") for a in self.assumed)

    def rule(self, rule: str) -> str:
        """The title of a rule as the document states it; else what it cites, or the id."""
        stated = self.document.get("rules", {}).get(rule)
        if stated:
            return title(stated["title"][self.lang], self.lang)
        cites = self.cites(rule)
        if not cites:
            return rule
        if not self.is_draft(rule):
            return self.provision(cites[0]).name
        variant = next((rule.removeprefix(f"{a}.") for a in self.assumed if rule != a), rule)
        name = self._instrument(cites[0])
        return name if rule in self.assumed else f"{name} {variant.rsplit('.', 1)[-1]}"

    def regime(self, regime: str) -> str:
        """The title of a regime: its own words, or those of its one rule."""
        rules = self.document["regimes"].get(regime, [])
        otherwise = self.rule(rules[0]) if len(rules) == 1 else regime
        return self.figures.words.known(f"regime.{regime}", otherwise)

    def subject(self, subject: str) -> str:
        """What a finding is about; rules by title."""
        words = self.figures.words
        if not subject:
            return words("findings.whole")
        if subject in self.document["requirements"]:
            return self.rule(subject)
        if subject in self.assumed:
            return self.draft(subject)
        return words.known(f"assets.trust_{subject}", subject)

    def draft(self, draft: str) -> str:
        """The name of an assumed draft: the instrument that its rules cite."""
        rules = [
            r for r in self.document["requirements"] if r == draft or r.startswith(f"{draft}.")
        ]
        names = [self._instrument(key) for rule in rules for key in self.cites(rule)]
        return names[0] if names else draft

    # -- provisions ----------------------------------------------------------------------------

    def cites(self, rule: str) -> Sequence[str]:
        """Keys of the provisions that a rule's outputs answer to, once each."""
        outputs = self.document["requirements"].get(rule, {})
        entries = [self.figures.entries[id] for id in outputs.values()]
        return list(dict.fromkeys(key for entry in entries for key in entry["cites"]))

    def provision(self, key: str) -> Provision:
        """A provision of the document's register."""
        return provision(self.document["citations"][key], self.numbers[key], self.lang)

    def found(self, citation: Mapping[str, Any]) -> Provision:
        """A provision as a finding carries it, numbered where the register has it."""
        key = f"{citation['instrument']['ja']}{citation['provision']['ja']}"
        return provision(citation, self.numbers.get(key, 0), self.lang)

    def _instrument(self, key: str) -> str:
        return title(self.document["citations"][key]["instrument"][self.lang], self.lang)


def provision(citation: Mapping[str, Any], number: int, lang: Lang) -> Provision:
    """Instrument and provision in one line, in `lang`; the words stay in the law's language."""
    instrument, place = title(citation["instrument"][lang], lang), citation["provision"][lang]
    name = f"{instrument}{place}" if lang == "ja" else f"{instrument}, {place}"
    checked = ""
    if citation["checked"]:
        checked = f"{day(citation['checked'], lang)} {citation['checked_by']}".strip()
    draft = citation["provision"]["en"] == "draft"
    return Provision(number, name, citation["says"], citation["source"], checked, draft)
