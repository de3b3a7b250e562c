"""The daily close as a statement to sign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sonae.actions.report.files import Files, Made, one_close
from sonae.core.text import Lang
from sonae.report.close_paper import close_document, close_paper
from sonae.report.filing import Money


def made_close(close: Path, grouped: bool = False) -> Made:
    """The statement of a close, by its file or folder; nothing is written.

    Args:
        close: `close.json`, or the folder that holds it.
        grouped: amounts by 万 and 億 on the Japanese page.
    """
    kept = one_close(close)
    paper = close_paper(kept.document, kept.digest, Money(grouped))
    return Made(close_document(kept.document, kept.digest), paper, paper)


def report_close(close: Path, files: Files, lang: Lang, grouped: bool = False) -> dict[str, Any]:
    """Write the statement of a close; what it says, as plain values, and the files with digests."""
    return made_close(close, grouped).write(files, lang)
