"""The status of the customers' page: one file in both languages, nothing to load or to press."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from sonae.core.text import LANGS, Lang
from sonae.report.format import day, instant
from sonae.report.words import Words

Found = Mapping[str, Any]
_PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title}</title><style>{style}</style></head><body><main>{parts}</main></body></html>\n"
)
_STYLE = Markup(
    "body{{margin:0;font:16px/1.8 sans-serif;color:#16202b}}"
    "main{{max-width:40rem;margin:0 auto;padding:1rem}}"
    "h1,h2{{line-height:1.4;color:#1d3557}}h1{{font-size:1.4rem}}h2{{font-size:1.1rem}}"
    ".state{{border:2px solid;padding:.6rem 1rem;font-weight:700}}"
    "article+article{{border-top:3px double #1d3557;margin-top:2rem;padding-top:1rem}}"
).format()


def status_html(found: Found) -> str:
    """The page."""
    parts = Markup("").join(_part(found, lang) for lang in LANGS)
    title = " / ".join(Words(lang)("portal.title") for lang in LANGS)
    return str(_PAGE.format(title=title, style=_STYLE, parts=parts))


def _part(found: Found, lang: Lang) -> Markup:
    words = Words(lang)
    state = ("× " if found["down"] else "✓ ") + words(
        "portal.down" if found["down"] else "portal.up"
    )
    rows = [
        Markup("<h1>{}</h1><p>{}</p>").format(
            words("portal.title"), words("portal.at", at=instant(found["at"], "", lang))
        ),
        Markup('<p class="state">{}</p>').format(state),
        *(Markup("<p>{}</p>").format(words(f"portal.{k}")) for k in ("claims_stand", "letter")),
    ]
    if found["claims"]:
        rows.append(Markup("<h2>{}</h2>").format(words("portal.deadlines")))
        rows += [_deadline(c, words) for c in found["claims"]]
        rows.append(Markup("<p>{}</p>").format(words("portal.rule")))
    if found["outages"]:
        rows.append(Markup("<h2>{}</h2>").format(words("portal.outages")))
        rows += [_outage(o, words) for o in reversed(found["outages"])]
    rows.append(Markup("<p>{}</p>").format(words("notice.never")))
    return Markup('<article lang="{}">{}</article>').format(lang, Markup("").join(rows))


def _deadline(claim: Found, words: Words) -> Markup:
    name = f"{claim['entity']} ({claim['incident']})"
    last = day(claim["extended_to"], words.lang)
    key = "extended" if claim["extended_to"] != claim["object_by"] else "as_told"
    said = words(f"portal.{key}", day=last, first=day(claim["object_by"], words.lang))
    return Markup("<p><b>{}</b><br>{}</p>").format(name, said)


def _outage(outage: Found, words: Words) -> Markup:
    start = instant(outage["from"], "", words.lang)
    if outage["to"] is None:
        span = words("portal.since", start=start)
    else:
        span = words("portal.span", start=start, end=instant(outage["to"], "", words.lang))
    return Markup("<p>{}<br>{}</p>").format(span, outage["why"])
