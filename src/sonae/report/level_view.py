"""What a calibration says, as tables of words: one view for the terminal and the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.display import fixed
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.words import Words

MILLION = 1_000_000
BILLION = 1_000_000_000
HUNDRED_MILLION = 100_000_000


def ratio(text: str) -> Fraction:
    """An exact number as a document carries it."""
    above, _, below = text.partition("/")
    return parse_number(above) / (parse_number(below) if below else 1)


def oku(text: str | Fraction, lang: Lang) -> str:
    """Yen for people: in billions or, below one, in millions; in Japanese in 億円 or 万円."""
    value = ratio(text) if isinstance(text, str) else text
    if not value:
        return "0円" if lang == "ja" else "JPY 0"
    large = abs(value) >= (HUNDRED_MILLION if lang == "ja" else BILLION)
    if lang == "ja":
        unit, words = (HUNDRED_MILLION, "{}億円") if large else (10_000, "{}万円")
    else:
        unit, words = (BILLION, "JPY {}bn") if large else (MILLION, "JPY {}m")
    return words.format(fixed(value / unit, 1).removeprefix("≈ "))


def span(ends: Sequence[str]) -> str:
    """A range of exact numbers, shortened."""
    low, high = (fixed(ratio(e), 1).removeprefix("≈ ") for e in ends)
    return low if low == high else f"{low} – {high}"


class LevelView:
    """One calibration in one language."""

    def __init__(self, found: Mapping[str, Any], lang: Lang) -> None:
        self.found, self.lang, self.words = found, lang, Words(lang)

    def title(self) -> str:
        """Formula and target."""
        target = fmt.percent(ratio(self.found["target"]), self.lang)
        return self.words("level.title", formula=self.found["formula"], target=target)

    def mark(self) -> str:
        """That it is a proposal and an estimate."""
        return self.words(
            "level.mark", on=fmt.day(self.found["on"], self.lang), digest=self.found["digest"][:16]
        )

    def tables(self) -> dict[str, list[list[str]]]:
        """Every table by name, its head first."""
        return {
            "parameters": self.parameters(),
            "reached": self.reached(),
            "back_test": self.back_test(),
            "burden": self.burden(),
            "leave": self.leave(),
            "frontier": self.frontier(),
            "bracket": self.bracket(),
            "validation": self.validation(),
            "memory": self.memory(),
            "changed": self.changed(),
        }

    def _head(self, *keys: str) -> list[str]:
        return [self.words(f"level.{k}") for k in keys]

    def share(self, value: float | None) -> str:
        """An estimate of a share, in per cent."""
        return self.words("level.none") if value is None else f"{value:.1%}"

    def yen(self, value: float | None) -> str:
        """An estimate of yen, which is no exact number, in billions."""
        return self.words("level.none") if value is None else oku(Fraction(round(value)), self.lang)

    def exact_yen(self, value: Any) -> str:
        """An exact amount, a range, or none."""
        if value is None:
            return self.words("level.none")
        if isinstance(value, Mapping):
            return self.words(
                "level.range", low=oku(value["low"], self.lang), high=oku(value["high"], self.lang)
            )
        return oku(value, self.lang)

    def between(self, ends: Sequence[str] | None) -> str:
        """An interval of exact amounts."""
        if ends is None:
            return "-"
        return self.words("level.range", low=oku(ends[0], self.lang), high=oku(ends[1], self.lang))

    def rates(self, rates: Sequence[float] | None) -> str:
        """Rates of a formula; none where no rate reaches the target."""
        if rates is None:
            return self.words("level.unreached")
        return " / ".join(f"{r:.4f}" for r in rates)

    # -- tables ------------------------------------------------------------------------------------

    def parameters(self) -> list[list[str]]:
        """Each rate: frozen, point, interval; then the other laws."""
        rows = [self._head("base", "frozen", "point", "interval")]
        for p in self.found["parameters"]:
            ends = p["interval"]
            interval = (
                self.words("level.none") if ends is None else f"{ends[0]:.4f} – {ends[1]:.4f}"
            )
            point = self.rates(None if p["point"] is None else [p["point"]])
            rows.append([self.words(f"base.{p['base']}"), p["frozen"] or "-", point, interval])
        for law, rates in self.found["spread"].items():
            rows.append([self.words(f"law.{law}"), "", self.rates(rates), ""])
        return rows

    def reached(self) -> list[list[str]]:
        """What the frozen formula reaches."""
        found = self.found["reached"]
        return [self._head("axis", "value"), *self._axes(found)]

    def _axes(self, found: Mapping[str, Any]) -> list[list[str]]:
        shares = [
            [self.words(f"level.{k}"), self.share(found[k])] for k in ("past", "future", "money")
        ]
        return [
            *shares,
            *([self.words(f"level.{k}"), self.yen(found[k])] for k in ("held", "cost")),
        ]

    def back_test(self) -> list[list[str]]:
        """Each named loss: what would have been required and paid, when, and what happened."""
        rows = [self._head("event", "loss", "required", "verdict", "coverage", "ends", "days",
                           "actual_days")]  # fmt: skip
        for r in self.found["back_test"]:
            days = "-" if r["days"] is None else str(r["days"])
            actual = (
                self.words("level.unknown") if r["actual_days"] is None else str(r["actual_days"])
            )
            verdict = self.words(f"verdict.{r['verdict']}")
            rows.append(
                [self.event(r), oku(r["loss"], self.lang), self.exact_yen(r["required"]), verdict,
                 self.coverage(r["coverage"]), self.coverage(r["coverage_interval"]), days, actual]
            )  # fmt: skip
        return rows

    def event(self, row: Mapping[str, Any]) -> str:
        """Venue and year, with a mark where the balance is a stated range or it is no theft."""
        marks = [] if row["balance_public"] else [self.words("level.stated_range")]
        marks += [self.words("level.insolvency")] if row["peril"] == "insolvency" else []
        tail = f" [{', '.join(marks)}]" if marks else ""
        return f"{row['venue']} {row['day'][:4]}{tail}"

    def coverage(self, ends: Sequence[str] | None) -> str:
        """The part of the loss that would have been paid, rounded down."""
        if ends is None:
            return "-"
        low, high = (f"{ratio(c) * 100 // 1}%" for c in ends)
        return low if low == high else f"{low} – {high}"

    def burden(self) -> list[list[str]]:
        """Each firm: required, in cash, beside capital and profit."""
        head = ["firm", "size", "required", "required_ends", "in_cash"]
        rows = [self._head(*head, "of_capital", "years", "phase_in")]
        for r in self.found["burden"]:
            mark = self.words("level.memory_mark") if r["from_memory"] else ""
            of = r["share_of_capital"]
            capital = (
                fmt.percent(ratio(of), self.lang)
                if isinstance(of, str)
                else self.words("level.unknown")
            )
            years, phase = r["years_of_profit"], r["phase_in_years_needed"]
            rows.append(
                [f"{r['venue']} ({r['as_of']}, {self._origin(r)}){mark}",
                 self.words(f"level.{r['size']}"), self.exact_yen(r["required"]),
                 self.between(r["required_interval"]), self.exact_yen(r["in_cash"]), capital,
                 fixed(ratio(years), 1) if isinstance(years, str) else self.words("level.unknown"),
                 phase if isinstance(phase, str) else self.words("level.unknown")]
            )  # fmt: skip
        return rows

    def _origin(self, row: Mapping[str, Any]) -> str:
        return self.words(f"origin.{row['origin'].split('.')[0]}")

    def leave(self) -> list[list[str]]:
        """What is lost if firms leave, and the years that avoid it."""
        found = self.found["if_firms_leave"]
        rows = [self._head("group", "firms", "protection", "share")]
        for key in ("cannot_at_once", "profit_not_known", "capital_not_known"):
            g = found[key]
            share = fmt.percent(ratio(g["share"]), self.lang) if g["share"] else "-"
            firms = str(len(g["venues"]))
            rows.append([self.words(f"level.{key}"), firms, oku(g["protection"], self.lang), share])
        for size, g in found["by_size"].items():
            share = fmt.percent(ratio(g["share"]), self.lang) if g["share"] else "-"
            name = self.words("level.all_of", size=self.words(f"level.{size}"))
            rows.append([name, str(len(g["venues"])), oku(g["protection"], self.lang), share])
        years = found["phase_in_years"]
        rows.append(
            [self.words("level.phase_in_years"), years or self.words("level.unknown"), "", ""]
        )
        return rows

    def frontier(self) -> list[list[str]]:
        """Targets and what they cost."""
        names = ("past", "future", "future_ends", "money", "held", "cost", "cost_ends")
        rows = [self._head("target", "rates", *names)]
        for p in self.found["frontier"]:
            past, future, money = (self.share(p.get(k)) for k in ("past", "future", "money"))
            held, cost = (self.yen(p.get(k)) for k in ("held", "cost"))
            ends = p.get("interval", {})
            shares = [past, future, self.apart(ends.get("future"), self.share), money]
            amounts = [held, cost, self.apart(ends.get("cost"), self.yen)]
            rows.append([self.share(p["target"]), self.rates(p["rates"]), *shares, *amounts])
        return rows

    def apart(self, ends: Sequence[float] | None, words: Callable[[float | None], str]) -> str:
        """5 % and 95 % of an estimate."""
        return self.words("level.none") if ends is None else fmt.ends(*map(words, ends))

    def bracket(self) -> list[list[str]]:
        """The reported bracket on the same axes."""
        found = self.found["bracket"]
        rows = [self._head("rule", "past", "future", "future_ends", "money", "held", "cost")]
        for key in ("floor_for_all", "cap_for_all", "around_the_formula"):
            w = found[key]
            past, future, money = (self.share(w[k]) for k in ("past", "future", "money"))
            ends = self.apart(w["interval"]["future"], self.share)
            shares = [past, future, ends, money]
            rows.append(
                [self.words(f"level.{key}"), *shares, *(self.yen(w[k]) for k in ("held", "cost"))]
            )
        for id, share in found["cap_of_loss"].items():
            rows.append(
                [
                    self.words("level.cap_of", event=id),
                    fmt.percent(ratio(share), self.lang),
                    *[""] * 5,
                ]
            )
        return rows

    def validation(self) -> list[list[str]]:
        """The score out of time."""
        found = self.found["validation"]
        if found is None:
            return []
        scores = found["log_score"]
        return [
            self._head("axis", "value"),
            [self.words("level.fitted_to", year=found["year"]), str(found["fitted_to"])],
            [self.words("level.predicted"), str(found["predicted"])],
            [self.words("level.rates"), self.rates(found["rates"])],
            [self.words("level.made_good"), self.share(found["made_good"])],
            *(
                [self.words("level.log_score", law=self.words(f"law.{k}")), f"{v:.3f}"]
                for k, v in scores.items()
            ),
        ]

    def memory(self) -> list[list[str]]:
        """What rows from memory change."""
        found = self.found["memory"]
        key = "memory_in" if found["included"] else "memory_out"
        names = ", ".join([*found["losses"], *found["firms"]]) or "-"
        return [
            self._head("axis", "value"),
            [self.words(f"level.{key}"), names],
            [self.words("level.rates"), self.rates(found["rates"])],
            [self.words("level.rates_otherwise"), self.rates(found["rates_otherwise"])],
        ]

    def changed(self) -> list[list[str]]:
        """What an earlier calibration said otherwise."""
        found = self.found.get("changed")
        if found is None:
            return []
        rows = [self._head("axis", "before", "after")]
        for key, by in (
            ("choices", "key"),
            ("parameters", "base"),
            ("verdicts", "id"),
            ("required", "venue"),
        ):
            for c in found[key]:
                rows.append([c[by], _plain(c["before"]), _plain(c["after"])])
        for key in ("held", "cost"):
            rows.append(
                [
                    self.words(f"level.{key}"),
                    *(self.yen(found[key][s]) for s in ("before", "after")),
                ]
            )
        return rows

    def notes(self) -> list[str]:
        """What a reader must know."""
        found = self.found
        engine = self.words("level.engine", engine=found["engine"], seed=found["seed"])
        left = (
            [self.words("level.left_out", names=", ".join(found["left_out"]))]
            if found["left_out"]
            else []
        )
        names = ", ".join(found["if_firms_leave"]["capital_not_known"]["venues"])
        if names:
            left.append(self.words("level.no_capital", names=names))
        return [engine, *left, *(fmt.sentence(n[self.lang], self.lang) for n in found["notes"])]

    def choices(self) -> list[list[str]]:
        """Each choice, its value and its reason."""
        rows = [self._head("choice", "value", "reason")]
        return rows + [
            [c["key"], c["value"] or "-", fmt.sentence(c["reason"][self.lang], self.lang)]
            for c in self.found["choices"]
        ]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['low']} – {value['high']}"
    return "-" if value is None else str(value)
