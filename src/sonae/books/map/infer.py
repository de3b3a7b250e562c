"""A first mapping from samples: each guess with what speaks for and against it, for people.

A draft is marked as one, and a mapping so marked is refused: a guess never becomes a number before
a person has read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sonae.books.map.batch import shown
from sonae.books.map.dates import DateForm, read_date
from sonae.books.map.numbers import NumberForm, narrow, read_number
from sonae.books.rows import Fault
from sonae.books.schema import TABLES, Column
from sonae.core.text import Lang, Text

KNOWN_ASSETS = {
    "ビットコイン": "BTC", "イーサリアム": "ETH", "イーサ": "ETH", "リップル": "XRP",
    "ライトコイン": "LTC", "ビットコインキャッシュ": "BCH", "ソラナ": "SOL", "ドージコイン": "DOGE",
    "ネム": "XEM", "円": "JPY", "日本円": "JPY", "米ドル": "USD", "ユーロ": "EUR",
}  # fmt: skip
"""Names of assets as statements write them (general knowledge)."""
WORDS = {
    "account_id": "口座番号 口座ID 会員番号 会員ID アカウント account accountid acct",
    "customer_id": "顧客番号 顧客ID お客様番号 利用者番号 利用者ID 会員番号 customer userid user",
    "asset": "銘柄 通貨 資産 暗号資産 コイン 通貨コード asset coin currency symbol token base",
    "product": "商品 取引種別 サービス product",
    "state": "状態 区分 残高区分 status state",
    "quantity": "残高 数量 保有数量 合計残高 預り残高 quantity qty balance amount total",
    "holding_id": "保管先 ウォレット ウォレットID wallet walletid holding address",
    "tier": "保管区分 コールド tier",
    "chain": "チェーン ネットワーク chain network",
    "address": "アドレス address",
    "price": "価格 単価 レート 終値 price last rate close",
    "source": "情報源 取得元 source venue exchange",
    "at": "時刻 日時 取得日時 時点 timestamp ts time at",
    "as_of": "基準日 基準日時 時点 残高日 確認日時 asof date",
    "account": "口座 口座番号 account iban",
    "bank": "銀行 銀行名 金融機関名 bank",
    "amount": "金額 残高 amount balance",
    "scale": "小数桁 桁数 scale decimals",
}
TELLING = {
    "balances": ("account_id", "asset", "quantity"),
    "holdings": ("holding_id", "asset", "quantity"),
    "prices": ("asset", "price"),
    "statements": ("bank", "amount"),
    "assets": ("asset", "scale"),
}
PUBLISHED = {
    "zengin": ("statements", {
        "account": "account", "bank": "bank_name", "branch": "branch", "amount": "closing",
        "as_of": "to",
    }),
    "camt053": ("statements", {
        "account": "account", "bank": "servicer", "currency": "currency", "amount": "amount",
        "as_of": "date",
    }),
    "ecb": ("prices", {"currency": "currency", "price": "rate", "at": "date"}),
}  # fmt: skip
"""What the columns of published layouts are; nothing of it is guessed."""
SUMS = ("合計", "小計", "総計", "累計", "計", "total", "subtotal")
DATES = ("iso", "slash", "compact", "kanji", "era", "dot", "english")
FEW = 40


@dataclass(frozen=True)
class Sample:
    """The start of one file: how it was opened, its headings, and rows below them."""

    id: str
    file: str
    form: str
    settings: dict[str, object]
    why: tuple[Text, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass
class Guess:
    """What a column seems to be: its number or date form, how many values fit, which do not."""

    column: str
    kind: str
    fits: int
    of: int
    options: dict[str, object] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    distinct: list[str] = field(default_factory=list)

    @property
    def words(self) -> Text:
        """The evidence in a sentence."""
        some = "、".join(f"「{shown(o)}」" for o in self.others[:3])
        also = ", ".join(repr(shown(o)) for o in self.others[:3])
        return Text(
            f"{self.of}件中{self.fits}件が合う" + (f"。合わない値: {some}" if some else ""),
            f"{self.fits} of {self.of} values fit" + (f"; others: {also}" if also else ""),
        )

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "column": self.column, "kind": self.kind, "fits": self.fits, "of": self.of,
            "options": self.options, "others": self.others[:10],
        }  # fmt: skip


def guess(column: str, values: Sequence[str]) -> Guess:
    """Number, date or text: whichever more than nine in ten values fit, with the form it needs."""
    given = [v.strip() for v in values if v.strip()]
    distinct = list(dict.fromkeys(given))
    options = _number_options(given)
    form = NumberForm(
        thousands="," if "thousands" in options else "", wide="wide" in options,
        negative=tuple(options.get("negative", ("minus",))),  # type: ignore[arg-type]
        zero=tuple(options.get("zero", ())),  # type: ignore[arg-type]
    )  # fmt: skip
    numbers = [v for v in given if _fits_number(v, form)]
    dated, date_fits = _dates(given)
    if dated and len(date_fits) * 10 >= len(given) * 9 and given:
        others = [v for v in distinct if v not in set(date_fits)]
        names: dict[str, object] = {"date": dated}
        if any(narrow(v) != v for v in date_fits):
            names["wide"] = True
        return Guess(column, "date", len(date_fits), len(given), names, others, distinct)
    if given and len(numbers) * 10 >= len(given) * 9:
        others = [v for v in distinct if not _fits_number(v, form)]
        return Guess(column, "number", len(numbers), len(given), options, others, distinct)
    return Guess(column, "text", len(given), len(given), {}, [], distinct)


def _number_options(values: Sequence[str]) -> dict[str, object]:
    """What the values would need to be numbers; only what is seen in them."""
    options: dict[str, object] = {}
    plain = [narrow(v) for v in values]
    if any(re.search(r"\d,\d{3}(?!\d)", v) for v in plain):
        options["thousands"] = ","
    if any(re.search("[０-９]", v) for v in values):
        options["wide"] = True
    signs = ["minus"]
    for name, pattern in (
        ("brackets", r"\(.*\d.*\)"), ("triangle", "[△▲].+"), ("trailing", r"\d.*-"),
    ):  # fmt: skip
        if any(re.fullmatch(pattern, v) for v in plain):
            signs.append(name)
    if len(signs) > 1:
        options["negative"] = signs
    zero = [v for v in dict.fromkeys(values) if v in ("-", "－", "―", "ー")]
    if zero:
        options["zero"] = zero
    return options


def _fits_number(value: str, form: NumberForm) -> bool:
    try:
        read_number(value, form)
    except Fault:
        return False
    return True


def _dates(values: Sequence[str]) -> tuple[list[str], list[str]]:
    """The forms that some values have, and the values that one of them fits."""
    forms: list[str] = []
    fits = []
    for value in values:
        for form in DATES:
            try:
                read_date(re.split("[ T]", narrow(value))[0], DateForm((form,)))
            except Fault:
                continue
            forms += [form] if form not in forms else []
            fits.append(value)
            break
    return forms, fits


# -- which column is which -------------------------------------------------------------------


def _alike(heading: str, target: str) -> int:
    """How well a heading names a column: 2 the same word, 1 a part of it, 0 not."""
    plain = re.sub(r"[\s_（）()・/.\-]", "", narrow(heading)).lower()
    words = [w.lower() for w in WORDS.get(target, "").split()] + [target.replace("_", "")]
    if plain in words:
        return 2
    return 1 if any(w in plain for w in words if len(w) > 1) else 0


def _matched(table: str, header: Sequence[str], guesses: dict[str, Guess]) -> dict[str, str]:
    """Target column -> heading, the best first; each heading once."""
    pairs = []
    for column in TABLES[table].columns:
        for heading in header:
            score = _alike(heading, column.name)
            if score and _possible(column, guesses[heading]):
                pairs.append((-score, [*header].index(heading), column.name, heading))
    found: dict[str, str] = {}
    for _, _, target, heading in sorted(pairs):
        if target not in found and heading not in found.values():
            found[target] = heading
    return found


def _possible(column: Column, guess: Guess) -> bool:
    if column.kind in ("quantity", "amount", "integer"):
        return guess.kind == "number"
    if column.kind == "date":
        return guess.kind == "date"
    return column.kind != "instant" or guess.kind in ("date", "number", "text")


def table_of(header: Sequence[str], guesses: dict[str, Guess]) -> tuple[str, dict[str, str]]:
    """The table whose telling columns are all named, with most columns found."""
    best = ("", dict[str, str]())
    for name, telling in TELLING.items():
        found = _matched(name, header, guesses)
        if all(t in found for t in telling) and len(found) > len(best[1]):
            best = (name, found)
    return best


# -- the draft -------------------------------------------------------------------------------


def draft(samples: Sequence[Sample], lang: Lang) -> tuple[str, list[dict[str, object]]]:
    """The text of a mapping, and each guess as plain values."""
    lines = [*_comment(_HEAD, lang), "[mapping]", "draft = true", 'copy = ["venue.toml"]', ""]
    told: list[dict[str, object]] = []
    for sample in samples:
        guesses = {
            c: guess(c, [row[n] for row in sample.rows]) for n, c in enumerate(sample.header)
        }
        told += [{"file": sample.file, **g.as_json()} for g in guesses.values()]
        lines += _source(sample, lang)
        lines += _table(sample, guesses, lang)
    return "\n".join(lines) + "\n", told


def _comment(text: Text, lang: Lang) -> Iterator[str]:
    yield from (f"# {line}" for line in text.lang(lang).splitlines())


def _toml(value: object) -> str:
    """A value of a draft as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _source(sample: Sample, lang: Lang) -> Iterator[str]:
    yield "[[source]]"
    yield f"id = {_toml(sample.id)}"
    for why in sample.why:
        yield from _comment(why, lang)
    yield f"form = {_toml(sample.form)}"
    yield f"files = {_toml([sample.file])}"
    for key, value in sample.settings.items():
        yield f"{key} = {_toml(value)}"
    if sample.form not in PUBLISHED:
        yield f"layout = {_toml(list(sample.header))}"
    for n, heading in enumerate(sample.header):
        sums = [row[n].strip() for row in sample.rows if row[n].strip().lower() in SUMS]
        for word in dict.fromkeys(sums):
            yield from _comment(_SUM.format(w=word, n=sums.count(word)), lang)
            yield from (
                "# [[source.total]]",
                f"# where = {_toml({heading: word})}",
                "# columns = []",
            )
    yield ""


def _table(sample: Sample, guesses: dict[str, Guess], lang: Lang) -> Iterator[str]:
    name, found = PUBLISHED.get(sample.form) or table_of(sample.header, guesses)
    if not name:
        yield from _comment(_NO_TABLE.format(c="、".join(sample.header)), lang)
        yield ""
        return
    words = ", ".join(f"{h} → {t}" for t, h in found.items())
    yield from _comment(_TABLE.format(t=name, m=words), lang)
    yield from ("[[table]]", f"to = {_toml(name)}", f"source = {_toml(sample.id)}")
    yield "[table.columns]"
    for column in TABLES[name].columns:
        if column.name in found:
            yield from _line(column, guesses[found[column.name]], lang)
        elif column.required:
            known = f" ({', '.join(column.codes)})" if column.codes else ""
            yield from _comment(_MISSING.format(k=known), lang)
            yield f'# {column.name} = {{ value = "" }}'
    rest = [h for h in sample.header if h not in found.values()]
    if rest:
        yield from _comment(_UNUSED.format(c="、".join(rest)), lang)
    yield ""


def _line(column: Column, found: Guess, lang: Lang) -> Iterator[str]:
    take: dict[str, object] = {"column": found.column}
    if not found.of:
        yield f"{column.name} = {_toml(take)}"
        return
    if found.kind == "number" and column.kind in ("quantity", "amount") and found.options:
        take["number"] = found.options
    elif found.kind == "date" and column.kind in ("date", "instant"):
        take |= found.options
    elif column.name == "asset" or column.codes:
        yield from _codes(column, found, take, lang)
    yield from _comment(found.words, lang)
    yield f"{column.name} = {_toml(take)}"
    if column.kind == "instant":
        yield from _comment(_ZONE, lang)


def _codes(column: Column, found: Guess, take: dict[str, object], lang: Lang) -> Iterator[str]:
    """A code list where values are not codes already; the ones not known are left to fill in."""
    if len(found.distinct) > FEW:
        return
    known = set(column.codes) if column.codes else set()
    strange = [v for v in found.distinct if v not in known]
    if column.name == "asset":
        strange = [v for v in found.distinct if not re.fullmatch("[A-Z0-9]{2,10}", v)]
    if strange:
        named = {v: KNOWN_ASSETS.get(v, "") for v in strange}
        take["codes"] = {v: v for v in found.distinct if v not in strange} | named
        yield from _comment(_CODES.format(n=sum(not v for v in named.values())), lang)


_HEAD = Text(
    "`sonae books infer` の下書き。推測とその根拠をコメントに記す。\n"
    "内容を確かめ、空欄を埋めてから draft = true を消す。消すまで books map は受け付けない。",
    "A draft by `sonae books infer`: each guess with its evidence in a comment.\n"
    "Check it, fill in what is empty, then remove draft = true; until then books map refuses it.",
)
_NO_TABLE = Text(
    "どの表か推測できない。見出し: {c}", "which table this is cannot be guessed; headings: {c}"
)
_TABLE = Text("見出しから表 {t} と推測: {m}", "table {t} by its headings: {m}")
_MISSING = Text("必須。見出しに見当たらない{k}", "required; no heading for it{k}")
_UNUSED = Text("使っていない列: {c}", "columns not used: {c}")
_SUM = Text(
    "「{w}」の行が{n}件ある。合計なら columns を埋めて # を外す",
    "{n} rows say {w}: if they are sums, fill in columns and remove the #",
)
_ZONE = Text(
    '時刻の形と zone（例 "Asia/Tokyo"）を確かめる',
    'check the form of the time and add its zone, such as "Asia/Tokyo"',
)
_CODES = Text("コード表。空欄 {n} 件を埋める", "code list; {n} to fill in")
