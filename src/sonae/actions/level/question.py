"""What a person asks of a calibration."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path

from sonae.actions.incident.insurance import today
from sonae.loss.formula import FAMILIES
from sonae.loss.shares import LAWS


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a calibration; shares and costs are exact, days are calendar days."""

    family: str = "custody-value"
    target: Fraction = Fraction(95, 100)
    draft: str | None = None
    floor: int | None = None
    cap: int | None = None
    insurance_share: Fraction = Fraction(1, 2)
    capital_cost: Fraction = Fraction(9, 100)
    premium: Fraction = Fraction(2, 100)
    days_cash: int = 14
    days_insurance: int = 240
    phase_in: int = 0
    books: tuple[Path, ...] = ()
    tables: tuple[Path, ...] = ()
    jurisdiction: str | None = None
    memory: bool = False
    until: int | None = None
    validate: int = 2020
    seed: int = 1
    law: str = "beta"
    variant: str | None = None
    capital: Path | None = None
    on: date = field(default_factory=today)

    def problems(self) -> list[str]:
        """What in it makes no sense."""
        shares = {"target": self.target, "insurance-share": self.insurance_share,
                  "capital-cost": self.capital_cost, "premium": self.premium}  # fmt: skip
        wrong = [f"{k} {v} is not between 0 and 1" for k, v in shares.items() if not 0 <= v <= 1]
        if not self.target:
            wrong.append("a target of 0 asks for nothing")
        if self.draft is None and self.family not in FAMILIES:
            wrong.append(f"family {self.family!r} is none of {', '.join(FAMILIES)}")
        if self.law not in LAWS:
            wrong.append(f"law {self.law!r} is none of {', '.join(LAWS)}")
        amounts = {"floor": self.floor, "cap": self.cap, "phase-in": self.phase_in,
                   "days-cash": self.days_cash, "days-insurance": self.days_insurance}  # fmt: skip
        wrong += [f"{k} {v} is below zero" for k, v in amounts.items() if v is not None and v < 0]
        if self.floor is not None and self.cap is not None and self.floor > self.cap:
            wrong.append(f"the floor {self.floor} is above the cap {self.cap}")
        if self.draft is not None and (self.floor is not None or self.cap is not None):
            wrong.append("a draft states its own bracket; floor and cap go with a family")
        return wrong
