"""The question of the golden figures, and small variations of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sonae.loss.frequency import Poisson
from sonae.loss.model import Model
from sonae.loss.severity import Capped, GeneralizedPareto, Severity
from sonae.loss.terms import Terms

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))
HEAVY = GeneralizedPareto(0.8, 10.0)
CAPPED = Capped(HEAVY, 1500.0)
COVER = Terms(5.0, 250.0, 400.0)
SPEC: dict[str, Any] = {
    "frequency": {"poisson": 1.0},
    "severity": {"gpd": {"xi": 0.8, "scale": 10}},
    "cap": 1500,
    "deductible": 5,
    "limit": 250,
    "annual_aggregate": 400,
    "levels": [0.995, 0.999],
    "engine": "auto",
}


def model(mean: float = 1.0, severity: Severity = CAPPED, terms: Terms = COVER) -> Model:
    """A year."""
    return Model(Poisson(mean), severity, terms)
