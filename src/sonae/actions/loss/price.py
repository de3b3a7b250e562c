"""Prices of losses that may happen, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def price_file(file: Path, threads: int = 1) -> dict[str, Any]:
    """Gross, ceded and retained of the year that a specification file describes.

    Raises:
        InputError: everything that is wrong with the file.
    """
    from sonae.loss.price import price
    from sonae.loss.spec import read_spec

    return price(read_spec(_text(file), file.name), threads)


def _text(file: Path) -> str:
    """The file's text; a byte that is no UTF-8 shows as such and is refused as JSON."""
    return file.read_bytes().decode("utf-8", "replace")
