"""The evidence that tests share, and one small model fitted to it."""

from __future__ import annotations

from functools import cache

from sonae.loss.incidents import Event, Selection, select
from sonae.loss.theft import TheftModel, theft_model


@cache
def official() -> tuple[Event, ...]:
    """Every event but those that rest on memory."""
    return select(Selection())[0]


@cache
def whole() -> tuple[Event, ...]:
    """Every event."""
    return select(Selection(memory=True))[0]


@cache
def japan() -> TheftModel:
    """The default model of a venue in Japan, with few draws."""
    return theft_model(official(), "JP", draws=200)
