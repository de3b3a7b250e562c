"""What a firm worked out about its risk: documents that the commands of the loss model wrote.

loss/reserve/reserve.json    sonae loss reserve BOOKS --out HOME/FIRM/loss/reserve
loss/mix/mix.json            sonae mix … --out HOME/FIRM/loss/mix
loss/replays/NAME.json       sonae loss replay EVENT BOOKS --json > HOME/FIRM/loss/replays/NAME.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonae.actions.console.home import Firm
from sonae.core.errors import UsageError

Found = Mapping[str, Any]
PARTS = {
    "reserve": ("sonae-loss-reserve/1", "reserve.json"),
    "mix": ("sonae-mix/1", "mix.json"),
}
REPLAY = "sonae-loss-replay/1"


def risk_of(firm: Firm) -> dict[str, Any]:
    """Everything that is there; None for what is not."""
    folder = firm.folder / "loss"
    found: dict[str, Any] = {
        name: _read(folder / name / file, format) for name, (format, file) in PARTS.items()
    }
    files = sorted((folder / "replays").glob("*.json"))
    found["replays"] = {f.stem: _read(f, REPLAY) for f in files}
    return found


def _read(file: Path, format: str) -> Found | None:
    if not file.is_file():
        return None
    try:
        found: Found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{file.name} is not readable as JSON: {error}") from error
    if found.get("format") != format:
        raise UsageError(f"{file.name} is not of the format {format}; write it again")
    return found
