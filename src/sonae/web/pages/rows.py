"""Source rows: what a figure was read from, row by row; each look is recorded."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from sonae.actions.console.rows import rows_of
from sonae.web.page import Data, Here, page
from sonae.web.pages.today import OnDay

RIGHT = "personal"
router = APIRouter()


@page(router, "/{firm}/rows", "rows.html")
def rows(
    firm: str,
    home: Here,
    figure: Annotated[str, Query(max_length=300, description="the id of a figure")],
    day: OnDay = "",
) -> Data:
    """Rows of the Books that a figure was read from, with their file and number."""
    found = home.firm(firm)
    return rows_of(found, found.close(day), figure)
