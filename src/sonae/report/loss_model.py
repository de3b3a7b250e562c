"""A fit and a reserve for people: no number stands without what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.charts import curve
from sonae.report.loss_page import Section, html, terminal
from sonae.report.words import Words

Found = Mapping[str, Any]


# -- a fit -----------------------------------------------------------------------------------------


def fit_view(found: Found, lang: Lang) -> RenderableType:
    """Parameters, families and rate for a terminal."""
    words = Words(lang)
    seen = found["evidence"]
    lead = words(
        "model.evidence", known=seen["known_assets"], unknown=seen["unknown_assets"],
        below=seen["below_threshold"], memory=len(seen["memory_left_out"]),
    )  # fmt: skip
    sections = [
        _parameters(found, words), _families(found, words), _extremes(found, words),
        _rate(found["rate"], words),
    ]  # fmt: skip
    return terminal(words("model.fit_title"), [lead], sections)


def _parameters(found: Found, words: Words) -> Section:
    rows = [
        (words(f"model.{name}"), _small(p["mode"]), _ends(p["interval"], _small),
         f"{_small(p['prior']['mean'])}, {_small(p['prior']['sd'])}")
        for name, p in found["parameters"].items()
    ]  # fmt: skip
    total = found["total_loss"]
    rows.append((words("model.total_loss"), _share(total["mean"]),
                 _ends(total["interval"], _share), "–"))  # fmt: skip
    head = tuple(words(f"model.{n}") for n in ("parameter", "mode", "interval", "prior"))
    return Section(words("model.parameters"), (), head, tuple(rows), frozenset({1, 2, 3}))


def _families(found: Found, words: Words) -> Section:
    sizes = list(found["mean_share"])
    rows = tuple(
        (words(f"model.{name}"), f"{f['aic']:.1f}", *(_share(f["mean_share"][s]) for s in sizes))
        for name, f in found["families"].items()
    )
    head = (
        words("model.family"), "AIC", *(words("model.mean_share", size=s) for s in sizes)
    )  # fmt: skip
    return Section(words("model.families"), (), head, rows, frozenset(range(1, len(head))))


def _extremes(found: Found, words: Words) -> Section:
    """The tail by extreme values beside that of the fitted severity."""
    seen = found["extremes"]
    if seen is None:
        return Section(words("model.extremes"), (words("model.too_few"),))
    rows = tuple(
        (_share(r["beyond"]), _share(r["extreme"]), _ends(r["interval"], _share),
         _share(r["fitted"]), words(f"model.{'inside' if r['agrees'] else 'outside'}"))
        for r in seen["share_lost"]
    )  # fmt: skip
    xi = ", ".join(f"{t['xi']:.2f} ({t['losses']})" for t in seen["thresholds"])
    lines = (words("model.xi", xi=xi), seen["note"][words.lang])
    head = tuple(words(f"model.{n}") for n in ("beyond", "extreme", "interval", "fitted", "agrees"))
    return Section(words("model.extremes"), lines, head, rows, frozenset({0, 1, 2, 3}))


def _rate(rate: Found, words: Words) -> Section:
    low, high = rate["interval"]
    lines = [
        words(
            "model.rate_line", jurisdiction=_place(rate["jurisdiction"], words),
            mean=_share(rate["mean"]), low=_share(low), high=_share(high),
            weight=_share(rate["weight"]), market=_share(rate["market"]),
        ),
        *(
            words(
                "model.group", name=_place(g["jurisdiction"], words), events=g["events"],
                years=f"{g['venue_years']:,.0f}", why=g["why"][words.lang],
                confidence=words(f"confidence.{g['confidence']}"),
            )
            for g in rate["groups"]
        ),
        words(
            "model.hot_line", hot=_share(rate["hot"]["mean"]),
            shared=_share(rate["supplier_shocks"]["mean"]),
            domain=_share(rate["domain_shocks"]["mean"]),
        ),
    ]  # fmt: skip
    return Section(words("model.rate"), tuple(lines))


def _place(code: str, words: Words) -> str:
    return words.known(f"place.{code}", code)


# -- a reserve -------------------------------------------------------------------------------------


def reserve_view(found: Found, lang: Lang) -> RenderableType:
    """Tables for a terminal."""
    words = Words(lang)
    return terminal(_title(found, words), _lead(found, words), _sections(found, words, False))


def reserve_page(found: Found, lang: Lang) -> str:
    """A page with exceedance curves."""
    words = Words(lang)
    lead, sections = _lead(found, words), _sections(found, words, True)
    return html(_title(found, words), words("model.kind"), lead, sections, lang)


def _title(found: Found, words: Words) -> str:
    venue = found["venue"]
    at = fmt.day(venue["at"][:10], words.lang)
    return words("model.title", venue=venue["name"], at=at)


def _lead(found: Found, words: Words) -> list[str]:
    venue, lang = found["venue"], words.lang
    return [
        words("model.lead", currency=found["currency"], seed=found["seed"], draws=found["draws"]),
        words(
            "model.usd",
            source=venue["usd_source"][lang],
            confidence=words(f"confidence.{venue['usd_confidence']}"),
        ),
    ]


def reserve_parts(found: Found, lang: Lang) -> tuple[list[str], list[Section]]:
    """What is said first, and every section with its curves, for a page of somebody else's."""
    words = Words(lang)
    return _lead(found, words), _sections(found, words, True)


def _sections(found: Found, words: Words, charts: bool) -> list[Section]:
    sections = [_measures(found["gross"], words, "gross"), _models(found, words)]
    if found["net"]:
        net = found["net"]
        lines = [
            words("model.twice", p=_share(net["two_events_in_a_year"])),
            net["failures"]["note"][words.lang],
            words(
                "model.if_all_pay",
                amounts=" / ".join(f"{x}: {_money(v)}" for x, v in net["if_all_pay"].items()),
            ),
            *(x[words.lang] for x in net["left_out"]),
        ]
        sections.append(_measures(net, words, "net", tuple(lines)))
    sections += [_parts(found, words), _rate(found["rate"], words), _insolvency(found, words)]
    for name in ("gross", "net"):
        at = found if name == "gross" else found["net"]
        if at:
            sections.append(_curve(at, found["currency"], words, name, charts))
            sections.append(_once_in(at, words, name))
    notes = tuple(x[words.lang] for x in found["notes"])
    return [*sections, Section(words("model.notes"), notes)]


def _measures(found: Found, words: Words, name: str, lines: tuple[str, ...] = ()) -> Section:
    rows = []
    for measure in ("var", "tvar"):
        for level, m in found[measure].items():
            spread, error = m["model_spread"].values(), m["engine_error"]
            rows.append(
                (
                    words(f"chance.{measure}", level=level),
                    _money(m["point"]),
                    _ends(m["interval"], _money),
                    _money(m["predictive"]),
                    _ends([min(spread), max(spread)], _money) if spread else "–",
                    "–" if error is None else f"± {_money(error)}",
                )
            )
    head = tuple(
        words(f"model.{n}")
        for n in ("measure", "point", "interval", "predictive", "spread", "engine")
    )
    return Section(words(f"model.{name}"), lines, head, tuple(rows), frozenset(range(1, 6)))


def _models(found: Found, words: Words) -> Section:
    """One row for each other model, one column for each measure."""
    gross = found["gross"]
    keys = [(m, level) for m in ("var", "tvar") for level in gross[m]]
    names = gross[keys[0][0]][keys[0][1]]["model_spread"]
    rows: list[tuple[str, ...]] = []
    rows.append(
        (words(f"model.{found['severity']}"), *(_money(gross[m][x]["point"]) for m, x in keys))
    )
    for n in names:
        others = (_money(gross[m][x]["model_spread"][n]) for m, x in keys)
        rows.append((words(f"model.{n}"), *others))
    head = (words("model.model"), *(words(f"chance.{m}", level=x) for m, x in keys))
    return Section(words("model.models"), (), head, tuple(rows), frozenset(range(1, len(head))))


def _parts(found: Found, words: Words) -> Section:
    level = max(found["gross"]["tvar"])
    rows = []
    for p in found["parts"]:
        m = p["tvar"][level]
        rows.append(
            (
                words.known(f"assets.{p['name']}", p["name"]), _money(p["held"]),
                f"{p['losses_a_year']:.4f}", _share(p["share_lost"]),
                _money(m["point"]), _ends(m["interval"], _money), _money(m["predictive"]),
            )
        )  # fmt: skip
    tvar = words("chance.tvar", level=level)
    head = (
        *(words(f"model.{n}") for n in ("part", "held", "yearly", "share_lost")), tvar,
        *(words(f"model.{n}") for n in ("interval", "predictive")),
    )  # fmt: skip
    return Section(words("model.parts"), (), head, tuple(rows), frozenset(range(1, 7)))


def _insolvency(found: Found, words: Words) -> Section:
    peril = found["insolvency"]
    low, high = peril["interval"]
    line = words(
        "model.insolvency_line", rate=_share(peril["losses_a_year"]), low=_share(low),
        high=_share(high),
    )  # fmt: skip
    rows = tuple(
        (words(f"chance.{m}", level=level), _money(v["point"]), _ends(v["interval"], _money))
        for m in ("var", "tvar")
        for level, v in (peril[m] or {}).items()
    )
    head = tuple(words(f"model.{n}") for n in ("measure", "point", "interval"))
    lines = (line, peril["note"][words.lang])
    return Section(words("model.insolvency"), lines, head, rows, frozenset({1, 2}))


def _curve(at: Found, currency: str, words: Words, name: str, charts: bool) -> Section:
    title = f"{words('model.curve')}: {words(f'model.{name}')}"
    amount, chance = words("model.amount", currency=currency), words("model.chance")
    head = (amount, chance, words("model.interval"))
    points = [c for n, c in enumerate(at["curve"]) if n % 4 == 0]
    rows = tuple(
        (_money(c["amount"]), _share(c["predictive"]), _ends([c["low"], c["high"]], _share))
        for c in points
    )
    drawn = curve(at["plot"], title, amount, chance) if charts else None
    return Section(title, (), head, rows, frozenset({0, 1, 2}), drawn)


def _once_in(at: Found, words: Words, name: str) -> Section:
    """Of a whole year beside its largest single loss."""
    rows = tuple((f"{r['years']:,}", _money(r["aep"]), _money(r["oep"])) for r in at["once_in"])
    head = tuple(words(f"model.{n}") for n in ("once_in", "aep", "oep"))
    title = f"{words('model.once_in')}: {words(f'model.{name}')}"
    return Section(title, (), head, rows, frozenset({0, 1, 2}))


def _money(amount: Any) -> str:
    return f"{amount:,.0f}"


def _share(number: Any) -> str:
    """Three digits of a share, in per cent."""
    return f"{number:.3g}" if number >= 1 else f"{number * 100:.3g} %"


def _small(number: Any) -> str:
    return f"{number:.3f}"


def _ends(pair: Sequence[Any], as_text: Any) -> str:
    return fmt.ends(as_text(pair[0]), as_text(pair[1]))
