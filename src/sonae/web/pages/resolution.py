"""Resolution: how ready a take-over is, drills, packs, key shares, and what is done first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request

from sonae.actions.console.resolution import resolution_view
from sonae.core.text import Lang
from sonae.report import resolution_page as report
from sonae.web.page import Data, Here, page

RIGHT = "look"
router = APIRouter()


def _screen(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    return {
        "parts": report.component_rows(data["components"], lang),
        "ready": report.ready_rows(data["readiness"], lang),
        "drills": report.drill_table(data["drills"], lang, data["time_zone"]),
        "tasks": report.task_rows(data["checklist"], lang),
        "tests": report.outside_rows(data["restore_tests"], lang),
    }


@page(router, "/{firm}/resolution", "resolution.html", _screen)
def resolution(firm: str, home: Here) -> Data:
    """Readiness with every component, drill log, packs with recipients, shares due, checklist."""
    return resolution_view(home.firm(firm))
