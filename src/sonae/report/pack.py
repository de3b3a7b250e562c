"""Pages of a resolution pack: the one to read first, the printed one, a share, and the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.display import with_separators
from sonae.core.text import Lang, Text
from sonae.report.sheet import Sheet, sheet_page

Found = Mapping[str, Any]
KIND = Text("破綻時引継資料", "Resolution pack")
MARKS = {
    "verified": Text("原文で確認", "verified"),
    "secondary": Text("二次資料", "secondary source"),
    "memory": Text("記憶による（未確認）", "from memory, not checked"),
    "derived": Text("推論による", "derived"),
}
ROLES = {
    "administrator": Text("管財人等", "administrator"),
    "supervisor": Text("監督当局", "supervisor"),
    "trustee": Text("受託者・受益者代理人", "trustee"),
}
STYLES = {"breach": "bold red", "warning": "yellow", "note": "dim"}
_CALL = (
    Text("氏名・名称", "name"),
    Text("役割", "role"),
    Text("電話", "telephone"),
    Text("メール", "email"),
)
PARTS: tuple[tuple[str, Text], ...] = (
    ("customers/", Text(
        "顧客一覧（名寄せ後）: 1人・1資産につき1行。預かり残高と参考評価額（円未満切捨て）",
        "single customer view: one row per person and asset, with what is owed and a value for "
        "orientation (rounded down)",
    )),
    ("persons/", Text(
        "顧客の氏名・住所・支払先。person列で顧客一覧とつながる",
        "names, addresses and payout details of customers; joined to the view by `person`",
    )),
    ("balances/", Text("口座・資産ごとの残高", "balances by account and asset")),
    ("wallets.csv", Text(
        "ウォレットと支配の方法（署名領域・必要署名数・署名者）",
        "wallets, and how each is controlled: signing domain, quorum, who signs",
    )),
    ("banks.csv", Text("銀行・信託口座", "bank and trust accounts")),
    ("trust-deeds.csv", Text(
        "信託契約・保証・預金・債券", "trust deeds, guarantees, deposits, bonds",
    )),
    ("segregation.csv", Text(
        "分別管理の登録（名義・専用・担保不設定・信託契約）",
        "the segregation register: title, exclusive use, no-lien letters, trust deeds",
    )),
    ("policies.csv", Text("保険契約", "insurance policies")),
    ("agreements.csv", Text("契約の一覧", "agreements")),
    ("pending-payments.csv", Text("未了の出金", "payments that were pending")),
    ("ledger/", Text("準備金元帳の書き出し", "export of the reserve ledger")),
    ("rulebook/", Text("その日の規則の値と根拠条文", "values of law in force, with provisions")),
    ("seal/", Text("封緘の公開部分", "the public part of the seal")),
    ("people.csv", Text("連絡すべき役職員・関係者", "people: staff and others to call")),
    ("suppliers.csv", Text(
        "委託先と、それに依存するウォレット", "suppliers and what hangs on them",
    )),
    ("keys-procedure/", Text(
        "鍵の扱い方、分割鍵の台帳、開封の条件",
        "how keys are used, the register of shares, the release condition",
    )),
    ("close.json", Text("締めの全記録", "the whole record of the close")),
    ("report.ja.html", Text("締めの報告書", "report of the close")),
)  # fmt: skip


def read_first(manifest: Found, terms: Found, procedure: Text | None, key: str, lang: Lang) -> str:
    """The page to read first."""
    sheet = Sheet(KIND, _FIRST.format(entity=manifest["entity"], on=manifest["on"]))
    sheet.say(_WHAT.format(known=manifest["known_at"]))
    sheet.head(Text("最初の一時間", "The first hour")).steps(
        (_STEP_CHECK, ""),
        (_STEP_TOTALS, "python3 check.py"),
        (_STEP_VIEW, ""),
        (_STEP_WALLETS, ""),
        (_STEP_BANKS, ""),
        (_STEP_PEOPLE, ""),
    )
    sheet.head(Text("署名と中身を確かめる", "Check the signature and the content"))
    sheet.say(_COMPARE).show(key).show("\n".join(_checks(key)))
    _totals(sheet, manifest)
    _content(sheet, manifest)
    if procedure is not None:
        sheet.head(Text("鍵の扱い", "How keys are used")).say(procedure)
    _terms(sheet, terms)
    return sheet_page(sheet, lang)


def _checks(key: str) -> list[str]:
    return [
        f"minisign -Vm SHA256SUMS -P {key}",
        f"minisign -Vm manifest.json -P {key}",
        "sha256sum -c SHA256SUMS",
    ]


def _price(price: str | None) -> str:
    """With separators, where it is a plain decimal."""
    return with_separators(price) if price and "/" not in price else price or ""


def _totals(sheet: Sheet, manifest: Found) -> None:
    sheet.head(Text("資産ごとの合計（最小単位）", "Totals per asset (base units)"))
    head = (
        Text("資産", "asset"),
        Text("桁数", "scale"),
        Text("預かり残高", "owed"),
        Text("うち帰属不明", "of which unidentified"),
        Text("口座数", "accounts"),
        Text("人数", "people"),
        Text("価格", "price"),
    )
    none = Text("なし", "none")
    sheet.table(
        head,
        [
            (
                t["asset"],
                str(t["scale"]),
                with_separators(t["owed"]),
                with_separators(t["unidentified"]),
                f"{t['accounts']:,}",
                f"{t['people']:,}",
                _price(t["price"]) or none,
            )
            for t in manifest["totals"]
        ],
    )
    people = manifest["people"]
    sheet.say(_PEOPLE.format(**{k: f"{v:,}" for k, v in ({"in_no_group": 0} | people).items()}))
    sheet.say(_UNPRICED)


def _content(sheet: Sheet, manifest: Found) -> None:
    rows: list[tuple[Text | str, ...]] = []
    for name, what in PARTS:
        files = [f for f in manifest["files"] if f["name"].startswith(name)]
        counts = [f["rows"] for f in files if f["rows"] is not None and f["name"].endswith(".csv")]
        if files:
            rows.append((name, what, f"{sum(counts):,}" if counts else ""))
    sheet.head(Text("入っているもの", "What is inside"))
    sheet.table((Text("ファイル", "file"), Text("内容", "content"), Text("行数", "rows")), rows)
    if manifest["missing"]:
        sheet.head(Text("入っていないものと理由", "What is not inside, and why"))
        sheet.table(
            (Text("部分", "part"), Text("理由", "reason")),
            [(m["part"], Text(m["why"]["ja"], m["why"]["en"])) for m in manifest["missing"]],
        )
    if manifest["warnings"]:
        sheet.head(Text("注意", "Warnings"))
        sheet.say(*(Text(w["message"]["ja"], w["message"]["en"]) for w in manifest["warnings"]))
    sheet.say(_FORMATS)


def _role(recipient: Found) -> Text:
    split = Text("（分割鍵）", " (key in shares)") if recipient["split"] else Text("", "")
    role = ROLES[recipient["role"]]
    return Text(role.ja + split.ja, role.en + split.en)


def _release(sheet: Sheet, terms: Found) -> None:
    sheet.head(Text("開けてよい場合", "When this may be opened"))
    sheet.say(_both(terms["release"]))


def _call(sheet: Sheet, terms: Found) -> None:
    sheet.head(Text("連絡先", "Who to call"))
    sheet.table(_CALL, [[c[k] for k in ("name", "role", "phone", "email")] for c in terms["call"]])


def _terms(sheet: Sheet, terms: Found) -> None:
    _release(sheet, terms)
    sheet.head(Text("この写しを持つ者と法的根拠", "Who holds a copy, and on what ground"))
    sheet.table(
        (
            Text("受取人", "recipient"),
            Text("役割", "role"),
            Text("根拠", "ground"),
            Text("確度", "confidence"),
        ),
        [
            (r["name"], _role(r), _both(r["ground"]), MARKS[r["confidence"]])
            for r in terms["recipients"]
        ],
    )
    outside = terms["outside"]
    sheet.say(_OUTSIDE.format(place=outside["place"], ground=_both(outside["ground"])))
    _call(sheet, terms)


def _both(value: Mapping[str, str]) -> Text:
    return Text(value["ja"], value["en"])


def printed_page(entity: str, terms: Found, key: str, key_id: str) -> str:
    """The one printed page, both languages: everything that opening needs but a key."""
    sheet = Sheet(KIND, _PAGE.format(entity=entity))
    sheet.say(_PAPER)
    sheet.head(Text("署名の公開鍵", "The key that signs"))
    sheet.say(_TYPED.format(id=key_id)).show(key).show(
        "  ".join(key[n : n + 8] for n in range(0, len(key), 8))
    )
    sheet.head(
        Text("手順（Debian の age と minisign のみ）", "Steps (Debian's age and minisign only)")
    )
    sheet.steps(
        (_GET, "apt install age minisign unzip"),
        (_SIGNED, f"minisign -Vm FILE.pack.age -P {key}"),
        (_OPEN, "age -d -i KEY.txt -o pack.zip FILE.pack.age"),
        (_UNZIP, "unzip -q pack.zip -d pack"),
        (_INSIDE, "\n".join(["cd pack", *_checks(key)])),
        (_READ, ""),
    )
    sheet.head(Text("鍵が分割されている場合", "Where the key is in shares"))
    sheet.say(_SHARES).show("sonae pack open FILE.pack.age --shares a.txt b.txt c.txt --out pack")
    sheet.head(Text("このファイルを開けられる公開鍵", "Keys that open the file"))
    sheet.table(
        (Text("受取人", "recipient"), Text("役割", "role"), Text("公開鍵", "public key")),
        [(r["name"], _role(r), r["key"]) for r in terms["recipients"]],
    )
    _release(sheet, terms)
    _call(sheet, terms)
    return sheet_page(sheet, "ja", "en")


def share_page(share: Found) -> str:
    """One holder's share, to be printed and then kept on paper only."""
    sheet = Sheet(KIND, _SHARE.format(number=share["number"], of=share["of"]))
    sheet.say(_KEEP.format(holder=share["holder"], needed=share["needed"], of=share["of"]))
    sheet.head(Text("分割鍵（単語の順に意味がある）", "The share (the order of words matters)"))
    listed = [f"{n:2}. {word}" for n, word in enumerate(share["words"].split(), 1)]
    lines = ["   ".join(f"{x:16}" for x in listed[n : n + 4]) for n in range(0, len(listed), 4)]
    sheet.show("\n".join(line.rstrip() for line in lines))
    sheet.head(Text("年に一度の確認", "Once a year"))
    sheet.say(_ANSWER).show(f"sonae pack keys answer share-{share['number']}.txt --year YEAR")
    sheet.show("printf 'sonae-share/1\\nYEAR\\nWORDS\\n' | sha256sum")
    sheet.head(Text("公開鍵", "Public key")).show(share["key"])
    return sheet_page(sheet, "ja", "en")


# -- in a terminal ---------------------------------------------------------------------------------


def made_view(found: Found, lang: Lang) -> RenderableType:
    """What was made."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    titles = (Text("資産", "asset"), Text("預かり残高", "owed"), Text("人数", "people"))
    for n, title in enumerate(titles):
        table.add_column(title.lang(lang), justify="right" if n else "left")
    for t in found["manifest"]["totals"]:
        table.add_row(t["asset"], with_separators(t["owed"]), f"{t['people']:,}")
    return Group(table, findings_view(found["findings"], lang), Styled(f"→ {found['file']}"))


def findings_view(findings: Sequence[Found], lang: Lang) -> RenderableType:
    """Findings, or that there is none."""
    if not findings:
        return Styled(Text("問題は見つからない", "nothing to act on").lang(lang), style="green")
    return Group(
        *(
            Styled(f"{f['name']}: {f['message'][lang]}", style=STYLES[f["severity"]])
            for f in findings
        )
    )


def opened_view(found: Found, lang: Lang) -> RenderableType:
    """What came out of a pack."""
    head = _OPENED.format(
        entity=found["entity"], on=found["on"], files=found["files"], hours=found["hours_since"]
    )
    return Group(Styled(head.lang(lang), style="bold"), findings_view(found["findings"], lang))


_FIRST = Text("はじめに読む: {entity}（{on}）", "Read this first: {entity} ({on})")
_WHAT = Text(
    "会社も、その役職員も、通信網も、データベースもなくても、利用者に何を返すべきかがわかるように"
    "作られている。数字は{known}の時点で知られていたもの。",
    "Made to say what customers are owed without the firm, its staff, a network or a database. "
    "Numbers are as known at {known}.",
)
_STEP_CHECK = Text(
    "下の三つのコマンドで署名とハッシュを確かめる。公開鍵は印刷した紙のものと比べる。",
    "Check signature and digests with the commands below; compare the key with that on paper.",
)
_STEP_TOTALS = Text(
    "合計を足し直す（Pythonのみで動く）。下の表と同じになる。",
    "Add up the totals again (needs Python alone); they are those of the table below.",
)
_STEP_VIEW = Text("顧客一覧 customers/ を開く。", "Open the single customer view in customers/.")
_STEP_WALLETS = Text(
    "wallets.csv のウォレットの残高をチェーン上で確かめ、keys-procedure/ に従って移動を止める。",
    "Look up the wallets of wallets.csv on chain, and stop movements as keys-procedure/ says.",
)
_STEP_BANKS = Text(
    "banks.csv、trust-deeds.csv、policies.csv の相手に連絡する（保険は通知期限に注意）。",
    "Write to the banks, trustees and insurers of banks.csv, trust-deeds.csv and policies.csv "
    "(mind the time limits for notice to insurers).",
)
_STEP_PEOPLE = Text(
    "people.csv と suppliers.csv の相手に連絡する。", "Call people.csv, suppliers.csv."
)
_COMPARE = Text(
    "署名の公開鍵は次のとおり。必ず印刷した紙の公開鍵と一字ずつ比べる。",
    "The key that signs is this one. Always compare it, letter by letter, with the printed page.",
)
_PEOPLE = Text(
    "顧客{customers}、名寄せ後{persons}人（うち名寄せの結果にない顧客{in_no_group}）。",
    "{customers} customers are {persons} people ({in_no_group} of them in no group of persons).",
)
_UNPRICED = Text(
    "価格のない資産も一覧に残してある（評価額は空欄）。帰属不明の残高は顧客一覧で person が空欄。",
    "An asset without a price stays in the view, its value empty. What belongs to nobody known has "
    "an empty person.",
)
_FORMATS = Text(
    "CSVはBOM付きUTF-8で、表計算ソフトが数式とみなす文字列には頭に「'」を付けてある。"
    "Parquetは同じ内容の機械用（「'」なし）。",
    "CSV is UTF-8 with a byte-order mark; text that a spreadsheet would take for a formula has an "
    "apostrophe before it. Parquet has the same rows for machines, without it.",
)
_OUTSIDE = Text("社外の写し: {place}。{ground}", "Copy outside the firm: {place}. {ground}")
_PAGE = Text("{entity}のパックの開け方", "How to open the pack of {entity}")
_PAPER = Text(
    "この紙を印刷して、鍵とは別の場所に保管する。必要なものは、パックのファイル（FILE.pack.age）と"
    "受取人の鍵のファイル（KEY.txt）。通信は要らない。",
    "Print this page and keep it apart from the key. Needed: the file of the pack (FILE.pack.age) "
    "and a recipient's key file (KEY.txt). No network is needed.",
)
_TYPED = Text(
    "鍵番号 {id}。2行目は読み合わせ用で、空白は入力しない。",
    "Key id {id}. The second line is for reading aloud; its spaces are not typed.",
)
_GET = Text("道具を用意する（前もって）。", "Have the tools (beforehand).")
_SIGNED = Text(
    "FILE.pack.age.minisig があれば、開ける前に署名を確かめる。なくても手順5で確かめられる。",
    "Where FILE.pack.age.minisig is at hand, check the signature first. Without it step 5 does.",
)
_OPEN = Text("鍵で開ける。", "Open it with the key.")
_UNZIP = Text(
    "中のZIPを展開する（unzip がなければ python3 -m zipfile -e pack.zip pack）。",
    "Unpack the ZIP (without unzip: python3 -m zipfile -e pack.zip pack).",
)
_INSIDE = Text(
    "中身の署名とハッシュを確かめる。一つでも合わなければ別の写しを使う。",
    "Check signature and digests inside. Where one does not hold, use another copy.",
)
_READ = Text("READ-FIRST.ja.html を開いて読む。", "Open and read READ-FIRST.en.html.")
_SHARES = Text(
    "必要な数の保有者を集め、単語を1人1ファイルに書く。sonaeは分割鍵（SLIP-39）から鍵を戻して開ける。",
    "Bring the holders together, one file of words each. sonae restores the key from the shares "
    "(SLIP-39) and opens the file.",
)
_SHARE = Text("分割鍵 {number} / {of}", "Share {number} of {of}")
_KEEP = Text(
    "保有者: {holder}。{of}人のうち{needed}人の分割鍵がそろうと鍵になる。1枚では何もわからない。"
    "写真に撮らず、複写せず、封をして保管する。裁判所の決定等、開封の条件を満たすまで誰にも渡さない。",
    "Holder: {holder}. Any {needed} of {of} shares make the key; one alone says nothing. Do not "
    "photograph or copy it; keep it sealed. Hand it to nobody until the release condition is met.",
)
_ANSWER = Text(
    "毎年、次の値だけを会社に伝える。分割鍵そのものは伝えない。2行目は同じ値を標準の道具で求めるもの"
    "（WORDSは小文字の単語を空白一つで区切る）。",
    "Every year tell the firm this value only, never the words. The second line gives the same "
    "with standard tools (WORDS: small letters, one space between).",
)
_OPENED = Text(
    "{entity}、{on}、{files}ファイル、作成から{hours}時間",
    "{entity}, {on}, {files} files, {hours} hours old",
)
