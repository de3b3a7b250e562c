"""One person over the accounts of a million people, in at most three minutes on two cores.

Two brands of one group with names as they occur in Japan: a few surnames carry many people and
thousands carry few; 2 % hold accounts at both brands, half of them written differently there.
Each run is a process of its own, from the files to the lists a person works with, and is set beside
a bare read of the same files by the engine.

    python benchmarks/people.py [--people 1000000]
"""

from __future__ import annotations

import argparse
import csv
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

ALLOWED_SECONDS = 180
COLUMNS = (
    "customer_id", "kind", "name", "name_kana", "birth_date", "address", "phone", "email",
    "payout_bank", "payout_branch", "payout_account",
)  # fmt: skip
COMMON = (
    "佐藤/サトウ 鈴木/スズキ 高橋/タカハシ 田中/タナカ 伊藤/イトウ 渡辺/ワタナベ "
    "山本/ヤマモト 中村/ナカムラ 小林/コバヤシ 加藤/カトウ 吉田/ヨシダ 山田/ヤマダ "
    "佐々木/ササキ 山口/ヤマグチ 松本/マツモト 井上/イノウエ 木村/キムラ 林/ハヤシ "
    "斎藤/サイトウ 清水/シミズ 山崎/ヤマザキ 森/モリ 池田/イケダ 橋本/ハシモト 阿部/アベ "
    "石川/イシカワ 山下/ヤマシタ 中島/ナカジマ 石井/イシイ 小川/オガワ 前田/マエダ "
    "岡田/オカダ 長谷川/ハセガワ 藤田/フジタ 後藤/ゴトウ 近藤/コンドウ 村上/ムラカミ "
    "遠藤/エンドウ 青木/アオキ 坂本/サカモト"
)
"""The most frequent surnames, in about the order of their frequency (general knowledge)."""
HEADS = (
    "大/オオ 小/コ 中/ナカ 山/ヤマ 石/イシ 西/ニシ 東/ヒガシ 北/キタ 南/ミナミ 上/ウエ "
    "松/マツ 竹/タケ 杉/スギ 桜/サクラ 梅/ウメ 藤/フジ 宮/ミヤ 高/タカ 平/ヒラ 岩/イワ "
    "黒/クロ 白/シラ 金/カネ 丸/マル 荒/アラ 長/ナガ 広/ヒロ 福/フク 吉/ヨシ 柴/シバ"
)
TAILS = (
    "川/カワ 田/タ 野/ノ 原/ハラ 沢/サワ 島/シマ 崎/サキ 井/イ 村/ムラ 本/モト 口/クチ "
    "谷/タニ 岡/オカ 山/ヤマ 木/キ 橋/ハシ 塚/ツカ 浜/ハマ 瀬/セ 森/モリ 下/シタ 内/ウチ "
    "尾/オ 池/イケ 辺/ベ 倉/クラ 坂/サカ 永/ナガ"
)
FIRST = (
    "健/ケン 翔/ショウ 大/ダイ 裕/ユウ 直/ナオ 和/カズ 隆/タカ 明/アキ 誠/セイ 浩/ヒロ "
    "俊/トシ 智/トモ 雅/マサ 達/タツ 拓/タク 美/ミ 由/ユ 真/マ 千/チ 恵/エ 香/カ 彩/アヤ "
    "優/ユウ 愛/アイ 麻/マ 奈/ナ 沙/サ 陽/ハル 結/ユ 文/フミ"
)
SECOND = (
    "太/タ 一/イチ 介/スケ 樹/キ 也/ヤ 人/ト 之/ユキ 彦/ヒコ 郎/ロウ 司/シ 平/ヘイ 斗/ト "
    "哉/ヤ 志/シ 輝/キ 子/コ 美/ミ 香/カ 奈/ナ 衣/イ 花/カ 穂/ホ 乃/ノ 紀/キ 江/エ 菜/ナ "
    "里/リ 代/ヨ 音/ネ 咲/サキ"
)
TOWNS = [
    "東京都千代田区丸の内",
    "東京都世田谷区三軒茶屋",
    "東京都府中市宮町",
    "大阪府大阪市北区梅田",
    "神奈川県横浜市西区南幸",
    "北海道札幌市北区北十条西",
    "広島県府中市府川町",
    "愛知県名古屋市中区栄",
    "福岡県福岡市博多区博多駅前",
    "京都府京都市上京区下立売通",
    "埼玉県さいたま市大宮区桜木町",
    "千葉県船橋市本町",
    "兵庫県神戸市中央区三宮町",
]
OLD = str.maketrans("高辺崎浜広沢桜島斎", "髙邊﨑濱廣澤櫻嶋齋")


def _pairs(words: str) -> list[tuple[str, str]]:
    return [(a, b) for a, _, b in (word.partition("/") for word in words.split())]


def _joined(left: str, right: str) -> list[tuple[str, str]]:
    return [(a + b, x + y) for a, x in _pairs(left) for b, y in _pairs(right)]


def draw(people: int, seed: int = 1) -> tuple[Iterator[tuple[str, ...]], Iterator[tuple[str, ...]]]:
    """Rows of brand A, one for each person, and of brand B, one for each fiftieth of them."""
    surnames = [*_pairs(COMMON), *_joined(HEADS, TAILS)]
    weights = list(accumulate(1 / (n + 6) for n in range(len(surnames))))
    given = _joined(FIRST, SECOND)

    def one(number: int) -> tuple[str, ...]:
        dice = random.Random(seed * 10**9 + number)
        (name, kana), (own, own_kana) = (
            dice.choices(surnames, cum_weights=weights)[0],
            dice.choice(given),
        )
        born = date(1945, 1, 1) + timedelta(days=dice.randrange(22_000))
        town, block = dice.choice(TOWNS), [dice.randrange(1, 30) for _ in range(3)]
        return (
            f"P{number}", "person", f"{name} {own}", f"{kana} {own_kana}", born.isoformat(),
            f"{town}{block[0]}丁目{block[1]}番{block[2]}号",
            f"090-{dice.randrange(10_000):04}-{dice.randrange(10_000):04}", f"p{number}@example.jp",
            f"{dice.randrange(1, 99):04}", f"{dice.randrange(1, 900):03}",
            f"{dice.randrange(10**6, 10**7)}",
        )  # fmt: skip

    def again(number: int) -> tuple[str, ...]:
        row = list(one(number))
        row[0] = f"Q{number}"
        if number % 100 == 0:
            row[2] = row[2].translate(OLD).replace(" ", "　")
            row[5] = row[5].replace("丁目", "-").replace("番", "-").replace("号", "")
            row[10] = f"{int(row[10]) + 1}"
        return tuple(row)

    return (one(n) for n in range(people)), (again(n) for n in range(0, people, 50))


def write(folder: Path, people: int) -> dict[str, Path]:
    """The customers of both brands as Books have them."""
    books = {}
    for brand, rows in zip("AB", draw(people), strict=True):
        books[brand] = folder / brand
        books[brand].mkdir()
        with (books[brand] / "customers.csv").open("w", encoding="utf-8", newline="") as stream:
            out = csv.writer(stream)
            out.writerow(COLUMNS)
            out.writerows(rows)
    return books


def ours(books: dict[str, Path], out: Path) -> None:
    """The product, from files to files."""
    from sonae.actions.claims.people import identify

    found = identify([(brand, path) for brand, path in books.items()], (), out)
    print(f"customers {found['customers']:,}, persons {found['persons']:,}, ", end="")
    print(f"candidates {found['candidates']:,}, scored {found['scored']}")


def bare(books: dict[str, Path]) -> None:
    """Every row read by the engine and counted."""
    import duckdb

    for path in books.values():
        duckdb.sql(f"select count(name), min(address) from '{path}/customers.csv'").fetchall()


def timed(side: str, folder: Path) -> tuple[float, int]:
    """Seconds and peak memory in MB of one side in a process of its own."""
    start = time.perf_counter()
    done = subprocess.Popen([sys.executable, __file__, "--side", side, "--folder", str(folder)])
    _, status, used = __import__("os").wait4(done.pid, 0)
    if status:
        sys.exit(f"{side} failed")
    return time.perf_counter() - start, used.ru_maxrss // 1024


def main() -> None:
    """Write the files, run both sides, print the verdict."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--side", choices=("ours", "bare"))
    options.add_argument("--folder", type=Path)
    given = options.parse_args()
    if given.side:
        books = {brand: given.folder / brand for brand in "AB"}
        ours(books, given.folder / "out") if given.side == "ours" else bare(books)
        return
    print(f"{platform.machine()}, Python {platform.python_version()}, {given.people:,} people")
    with tempfile.TemporaryDirectory() as place:
        write(Path(place), given.people)
        seconds, memory = timed("ours", Path(place))
        scan, _ = timed("bare", Path(place))
    allowed = ALLOWED_SECONDS * given.people / 1_000_000
    held = seconds <= allowed
    print(
        f"one person: {seconds:.1f} s of {allowed:.0f} s, {memory:,} MB, {seconds / scan:.0f} times"
    )
    print(f"a bare read of the files ({scan:.2f} s); {'held' if held else 'NOT HELD'}")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
