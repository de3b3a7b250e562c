"""What was made of prices and of bank statements, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.text import Lang, Text
from sonae.report.terminal import STYLES

Found = Mapping[str, Any]


def making_view(found: Found, lang: Lang) -> RenderableType:
    """Each source with what its rows rest on; what was refused, and what waits for a person."""
    table = _table(_SOURCES, (_SOURCE, _ROWS, _NEWEST, _METHOD, _LAYOUT), lang)
    for row in found["sources"]:
        layout = _LAYOUTS[row["layout"]].lang(lang)
        answers = ", ".join(_ANSWERS.get(a, Text(a, a)).lang(lang) for a in row["answers"])
        methods = ", ".join(row["methods"])
        table.add_row(
            row["source"], f"{row['rows']:,}", row["newest"], methods, f"{layout} ({answers})"
        )
    parts: list[RenderableType] = [table]
    for row in found["refused"]:
        told = f"{row['name']}  {row['source']}  {row['what']}: {row['message'][lang]}"
        parts.append(Styled(told, style=STYLES["warning"]))
    for row in found["waiting"]:
        words = _WAITING.format(
            a=row["asset"], c=row["currency"], p=row["price"], at=row["at"], by=row["entered_by"]
        )
        parts.append(Styled(f"{words.lang(lang)}  {row['id'][:16]}", style=STYLES["warning"]))
    return Group(*parts)


def entries_view(found: Found, lang: Lang) -> Iterator[RenderableType]:
    """Each account: its statements, and its days with entries."""
    for account in found["accounts"]:
        title = Text(f"{account['account']}（{account['currency']}）",
                     f"{account['account']} ({account['currency']})")  # fmt: skip
        table = _table(title, (_FILE, _NUMBER, _FROM, _TO, _OPENING, _CLOSING, _ENTRIES), lang)
        for row in account["statements"]:
            table.add_row(*("" if row[k] is None else str(row[k]) for k in _STATEMENT))
        yield table
        days = _table(_BY_DAY, (_DAY, _INS, _IN, _OUTS, _OUT), lang)
        for row in account["days"]:
            days.add_row(*("" if row[k] is None else str(row[k]) for k in _DAILY))
        yield days


def _table(title: Text, columns: Sequence[Text], lang: Lang) -> Table:
    table = Table(
        title=title.lang(lang), title_justify="left", box=None, pad_edge=False, header_style="dim"
    )
    for column in columns:
        table.add_column(column.lang(lang), overflow="fold")
    return table


_STATEMENT = ("file", "number", "from", "to", "opening", "closing", "entries")
_DAILY = ("day", "in_count", "in_total", "out_count", "out_total")
_SOURCES = Text("価格の情報源", "Sources of prices")
_SOURCE = Text("情報源", "Source")
_ROWS = Text("行数", "Rows")
_NEWEST = Text("最新の時刻", "Newest")
_METHOD = Text("方法", "Method")
_LAYOUT = Text("読み方の根拠（回答の由来）", "Layout (answers)")
_LAYOUTS = {
    "documented": Text("公開された仕様（実際の回答とは未照合）", "documented, not compared"),
    "published": Text("公表された様式", "as published"),
    "signed": Text("二人の署名", "two signatures"),
}
_ANSWERS = {
    "recorded": Text("問い合わせて得た", "recorded"),
    "file": Text("持ち込まれたファイル", "a file brought along"),
    "signed": Text("登録簿", "the register"),
    "documented": Text("仕様に合わせて作ったもの", "made after the documents"),
}
_WAITING = Text(
    "{by}が入力した{a}の価格 {p} {c}（{at}）は承認待ちで、使わない",
    "the price of {a}, {p} {c} at {at}, entered by {by}, waits for approval and is not used",
)
_FILE = Text("ファイル", "File")
_NUMBER = Text("番号", "Number")
_FROM = Text("自", "From")
_TO = Text("至", "To")
_OPENING = Text("前残高", "Opening")
_CLOSING = Text("最終残高", "Closing")
_ENTRIES = Text("明細数", "Entries")
_BY_DAY = Text("日別", "By day")
_DAY = Text("日", "Day")
_INS = Text("入金件数", "Deposits")
_IN = Text("入金額", "Sum in")
_OUTS = Text("出金件数", "Withdrawals")
_OUT = Text("出金額", "Sum out")
