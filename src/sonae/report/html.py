"""Reports as one self-contained HTML file: a view of the document alone, the same bytes each time.

Nothing in a page refers to a network: styles, drawings and the few lines of script are inside it,
addresses stand as plain text without a scheme, and a policy in the page forbids any request.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sonae.core.canonical import digest
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.against import against
from sonae.report.assets import assets, tiers, trusts
from sonae.report.entries import groups
from sonae.report.exposure import exposure, receivables
from sonae.report.figures import Figures, Reasons
from sonae.report.findings import findings
from sonae.report.marked import written
from sonae.report.prices import prices
from sonae.report.rules import gaps, rules, tests
from sonae.report.segregation import segregation
from sonae.report.sources import Assumptions, sources
from sonae.report.stack import stack
from sonae.report.state import regimes
from sonae.report.svg import PATTERNS, swatch
from sonae.report.titles import Titles
from sonae.report.words import Words

SECTIONS = (
    "state",
    "loss",
    "findings",
    "stack",
    "assets",
    "prices",
    "segregation",
    "exposure",
    "receivables",
    "rules",
    "sources",
    "entries",
)


def close_report(document: Mapping[str, Any], lang: Lang) -> str:
    """The report of a close, every number linked to its entry in the register at the end."""
    figures = Figures(document, lang)
    titles = Titles(figures)
    views = _views(figures, titles)
    left_out = set() if views["against"] else {"loss"}
    shown = [s for s in SECTIONS if s not in left_out]
    views["sections"] = [
        {"id": s, "number": n, "title": figures.words(f"section.{s}")}
        for n, s in enumerate(shown, 1)
    ]
    words, header = figures.words, _header(figures, titles)
    foot = words("doc.page_foot", venue=document["venue"]["name"], day=header["on"])
    mark = words("doc.proposed_band") if header["proposed"] else ""
    return page("close.html", lang, foot, mark, {**header, **views})


def refusal_report(problems: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Why input was refused: each problem with its place, and how many there are of each kind."""
    kinds: dict[str, int] = {}
    for problem in problems:
        kinds[problem["name"]] = kinds.get(problem["name"], 0) + problem["count"]
    view = {
        "problems": [{**p, "message": fmt.sentence(p["message"][lang], lang)} for p in problems],
        "kinds": sorted(kinds.items()),
        "total": sum(kinds.values()),
        "list_digest": digest(list(problems)),
    }
    return page("refusal.html", lang, Words(lang)("refusal.title"), "", view)


def _header(figures: Figures, titles: Titles) -> dict[str, Any]:
    document, lang = figures.document, figures.lang
    venue, edition, what_if = document["venue"], document["edition"], document["what_if_on"]
    return {
        "venue": venue,
        "currency": figures.words.known(f"currency.{figures.currency}", figures.currency),
        "on": fmt.day(document["on"], lang),
        "cut_off": fmt.instant(venue["cut_off"], venue["time_zone"], lang),
        "known_at": fmt.instant(document["known_at"], "", lang),
        "edition": edition,
        "edition_on": fmt.day(edition["on"], lang),
        "assumed": [{**a, "title": titles.draft(a["id"])} for a in edition["assumed"]],
        "proposed": bool(edition["assumed"]),
        "what_if": fmt.day(what_if, lang) if what_if else "",
        "document_digest": digest(document),
        "seal": document["seal"],
    }


def _views(figures: Figures, titles: Titles) -> dict[str, Any]:
    reasons = {name: Reasons() for name in ("asset", "trust", "receivable")}
    assumptions = Assumptions(figures)
    return {
        "findings": findings(figures, titles),
        "regimes": regimes(figures, titles, proposed=False),
        "drafts": regimes(figures, titles, proposed=True),
        "tests": tests(figures, titles),
        "gaps": gaps(figures, titles),
        "against": against(figures, titles),
        "stack": stack(figures, titles),
        "assets": assets(figures, reasons["asset"]),
        "asset_reasons": reasons["asset"],
        "trusts": trusts(figures, reasons["trust"]),
        "trust_reasons": reasons["trust"],
        "tiers": tiers(figures),
        "prices": prices(figures),
        "segregation": segregation(figures),
        "exposure": exposure(figures),
        "receivables": receivables(figures, reasons["receivable"]),
        "receivable_reasons": reasons["receivable"],
        "rules": rules(figures, titles),
        "sources": sources(figures, assumptions),
        "provisions": [titles.provision(key) for key in figures.document["citations"]],
        "groups": groups(figures, titles, assumptions),
        "entry_count": f"{len(figures.entries):,}",
    }


# -- the page ----------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("sonae.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.globals["address"] = "#f-{}".format
    found.globals["register"] = True
    found.filters["written"] = written
    return found


def page(template: str, lang: Lang, foot: str, mark: str, view: Mapping[str, Any]) -> str:
    """One self-contained page of a template; `foot` and `mark` stand at the foot of each sheet."""
    environment = _environment()
    script = environment.get_template("script.js").render()
    checksum = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = environment.get_template(template).render(
        lang=lang,
        w=Words(lang),
        sep="：" if lang == "ja" else ": ",
        comma="、" if lang == "ja" else ", ",
        stop="。" if lang == "ja" else ". ",
        swatch=swatch,
        patterns=PATTERNS,
        script=Markup(script),
        script_digest=checksum,
        foot=_css_text(foot),
        mark=_css_text(mark) if mark else "",
        **view,
    )
    return fmt.without_scheme(page)


def _css_text(text: str) -> Markup:
    """A quoted string for the style sheet; everything but letters and digits as a code."""
    return Markup('"{}"').format(
        Markup("".join(c if c.isalnum() else f"\\{ord(c):06x}" for c in text))
    )
