"""A calibration as a folder: the document, the draft, the report in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes, replace_folder
from sonae.core.errors import UsageError
from sonae.core.text import LANGS
from sonae.report.level_page import level_page

FILES = ("calibration.json", "draft.toml", "report.en.html", "report.ja.html")


def write_level(out: Path, document: Mapping[str, Any], draft: str | None) -> None:
    """Write or replace the folder in one step; without a draft where no rate reaches the target.

    Raises:
        UsageError: the folder has files that are not of a calibration.
    """
    if out.exists() and (not out.is_dir() or {p.name for p in out.iterdir()} - set(FILES)):
        raise UsageError(f"{out} has files that are not of a calibration; name another folder")
    files: dict[str, bytes] = {"calibration.json": json_bytes(document)}
    if draft is not None:
        files["draft.toml"] = draft.encode()
    for lang in LANGS:
        files[f"report.{lang}.html"] = level_page(document, lang).encode()
    replace_folder(out, files)
