"""Two versions of an incident: what changed, and that payments stand; a terminal view."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report.words import Words

SHOWN = 60


def comparison_view(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """The cause, every place that changed by section, and the payments that did not."""
    words = Words(lang)
    causes = {k: words(f"cause.{v}") for k, v in found["cause"].items()}
    head = [words("compare.cause", **causes), words("compare.reason", reason=found["reason"])]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("section", "at", "before", "after"):
        table.add_column(words(f"compare.{key}"), overflow="fold")
    for section, rows in found["changed"].items():
        if section == "cause":
            continue
        name = words.known(f"compare.{section}", section)
        for row in rows:
            table.add_row(name, row["at"], *(_short(row[k]) for k in ("before", "after")))
            name = ""
    payments, lines = found["payments"], []
    cut = payments["digest_after"][:16]
    lines.append(words("compare.kept", n=payments["count"], digest=cut))
    if payments["added"]:
        lines.append(words("compare.added", n=len(payments["added"])))
    if found["frozen"]:
        frozen = found["frozen"]
        more = {"n": frozen["version"], "accounts": f"{frozen['accounts']:,}"}
        lines.append(words("compare.frozen", digest=frozen["table_digest"][:16], **more))
    title = Styled(f"{found['id']}", style="bold")
    return Group(title, *map(Styled, head), table, *map(Styled, lines))


def _short(value: Any) -> str:
    """A value on one line; a whole row is cut."""
    if value is None:
        return "–"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
