"""The cheapest mix of cash and insurance, from a file or from a firm's Books and a draft."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.close import closing
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.fund.plan import rule_of
from sonae.core.canonical import number_text
from sonae.core.errors import UsageError
from sonae.core.text import LANGS, Text
from sonae.loss.exposure import Case, cases
from sonae.loss.mix import mix
from sonae.loss.mix_spec import house_mix, read_mix
from sonae.report.mix_page import mix_page

FORMAT = "sonae-mix/1"
FILES = ("mix.json", "report.en.html", "report.ja.html")


def mix_file(spec: Path) -> dict[str, Any]:
    """The document of the mix that a file asks for.

    Raises:
        InputError: everything that is wrong with the file.
    """
    firm = read_mix(spec.read_bytes().decode("utf-8", "replace"), spec.name)
    asked = {"custody": firm.custody, "required": firm.required, "source": spec.name}
    return {**_head(asked), **mix(firm)}


def mix_books(
    books: Path,
    assume: str,
    capital: Fraction,
    level: Fraction,
    seed: int,
    variant: str | None = None,
) -> dict[str, Any]:
    """The mix of the firm whose Books these are, under a draft; menu and law are house choices.

    Raises:
        InputError: the Books cannot be read.
        UsageError: an unknown draft, or a requirement that is no number.
    """
    rule = rule_of(assume, variant)
    with closing(books, [assume]) as close:
        required, held = (
            close.cover.by_regime[rule].required,
            close.required.facts["customer_crypto_jpy"],
        )
        topic = close.edition.topic(close.edition.rule(rule))
        share = Fraction(0)
        if "insurance_share" in topic.parameters:
            share = close.edition.parameter(topic, "insurance_share").number()
        name, on = close.books.venue.name, close.books.venue.on.isoformat()
        if required.kind != "number" or held.kind != "number":
            raise UsageError(f"{name}: the requirement or customers' crypto is {required.kind}")
        need, custody = required.number(), held.number()
    firm = house_mix(custody, need, share, capital, level, fitted(), seed)
    asked = {
        "custody": number_text(custody),
        "required": number_text(need),
        "rule": rule,
        "standing": "proposed",
        "source": f"{name} {on}",
    }
    return {**_head(asked), "assumptions": [t.as_json() for t in HOUSE], **mix(firm)}


def fitted() -> list[Case]:
    """The losses that the share is fitted to: thefts whose balance is public, none from memory."""
    return [c for c in cases() if c.public and c.peril == "theft" and not c.from_memory]


def _head(asked: dict[str, Any]) -> dict[str, Any]:
    return {"format": FORMAT, "exact": False, "asked": asked, "order": ORDER.as_json()}


def write_mix(out: Path, document: dict[str, Any]) -> None:
    """The document as `mix.json` in a folder of its own, and the report in both languages.

    Raises:
        UsageError: the folder has files that are not of a mix.
    """
    if out.exists() and (not out.is_dir() or {p.name for p in out.iterdir()} - set(FILES)):
        raise UsageError(f"{out} has files that are not of a mix; name another folder")
    pages = {f"report.{lang}.html": mix_page(document, lang).encode() for lang in LANGS}
    replace_folder(out, {"mix.json": json_bytes(document), **pages})


ORDER = Text(
    "現金は、保険の充当後の所要額と、目標水準の自己負担（TVaR）の大きい方。費用は資本コスト、保険料、自己負担の期待値、保険会社の破綻による不払の期待値の合計",
    "cash is the larger of the requirement after insurance that counts and the retained TVaR at "
    "the "
    "target; cost adds its cost of capital, premium, expected retained loss and expected default",
)
HOUSE = (
    Text(
        "頻度は国内の登録業者の約225社年に5件（想定）。事後分布から抽出した",
        "frequency: five losses in about 225 firm-years of Japan's registered firms (an "
        "assumption), drawn from its posterior",
    ),
    Text(
        "層・料率・保険会社の破綻率は社内の例示。参考プログラムの料率は0.6%から8%",
        "layers, rates on line and insurers' default are a house illustration; reference "
        "programmes lie between 0.6 % and 8 %",
    ),
)
