"""A synthetic register of two brands: who is truly who, with the noise that real records have."""

from __future__ import annotations

import random
from datetime import date, timedelta

from sonae.claims.customer import Customer, Ref


def _pairs(*lines: str) -> list[tuple[str, str]]:
    words = " ".join(lines).split()
    return [(a, b) for a, _, b in (word.partition("/") for word in words)]


SURNAMES = _pairs(
    "佐藤/サトウ 鈴木/スズキ 高橋/タカハシ 田中/タナカ 渡辺/ワタナベ 伊藤/イトウ",
    "山本/ヤマモト 中村/ナカムラ 小林/コバヤシ 斎藤/サイトウ 大野/オオノ 小野/オノ",
    "山崎/ヤマザキ 浜田/ハマダ 広瀬/ヒロセ 沢田/サワダ 土屋/ツチヤ 大坂/オオサカ",
    "太田/オオタ 佐々木/ササキ 島田/シマダ 富田/トミタ 桜井/サクライ 国分/コクブ",
    "竹内/タケウチ",
)
GIVEN = _pairs(
    "太郎/タロウ 次郎/ジロウ 花子/ハナコ 美咲/ミサキ 翔太/ショウタ 陽子/ヨウコ 洋子/ヨウコ",
    "健一/ケンイチ 賢一/ケンイチ 裕子/ユウコ 祐子/ユウコ 大輔/ダイスケ 真理/マリ",
    "瑞希/ミズキ 直樹/ナオキ 恵/メグミ 達也/タツヤ 一郎/イチロウ 京子/キョウコ 修/オサム",
    "香織/カオリ 蓮/レン 葵/アオイ 悠真/ユウマ 結衣/ユイ",
)
TOWNS = _pairs(
    "東京都/府中市宮町 東京都/千代田区三番町 大阪府/大阪市北区梅田",
    "神奈川県/横浜市西区みなとみらい 北海道/札幌市北区北十条西 広島県/府中市府川町",
    "愛知県/名古屋市中区栄 福岡県/福岡市博多区博多駅前 京都府/京都市上京区下立売通",
)
OLD = str.maketrans("高辺崎浜広沢桜国富島斎", "髙邊﨑濱廣澤櫻國冨嶋齋")
DIGITS = str.maketrans("123456789", "一二三四五六七八九")
HIRAGANA = str.maketrans({chr(c): chr(c - 0x60) for c in range(0x30A1, 0x30F7)})
NOISES = (
    "writing", "moved", "confused", "long-vowel", "kana-typo", "birth-typo", "married", "trade",
    "other-kanji", "moved-kana-typo", "moved-birth-typo",
)  # fmt: skip


def draw(people: int, duplicates: int, seed: int) -> tuple[list[Customer], dict[Ref, int]]:
    """Customers of brands A and B, and the true person behind each."""
    dice = random.Random(seed)
    rows, truth = [], {}
    for number in range(people):
        one = _somebody(dice, number)
        rows.append(one)
        truth[one.ref] = number
        if number % 20 == 0:
            rows.append(_twin(dice, one))
            truth[rows[-1].ref] = people + number
        if number % 50 == 0:
            firm = f"株式会社{one.name.split()[0]}商店"
            rows.append(one._replace(customer_id=f"F{number}", kind="corporate", name=firm))
            truth[rows[-1].ref] = 2 * people + number
    for number in range(duplicates):
        twice = _again(dice, rows_of(rows, number), NOISES[number % len(NOISES)])
        rows.append(twice)
        truth[twice.ref] = number
    dice.shuffle(rows)
    return rows, truth


def rows_of(rows: list[Customer], number: int) -> Customer:
    return next(c for c in rows[number : 2 * number + 2] if c.customer_id == f"P{number}")


def noise_of(ref: Ref) -> str:
    """Which noise a customer of brand B was made with."""
    return NOISES[int(ref[1].removeprefix("Q")) % len(NOISES)]


def _somebody(dice: random.Random, number: int) -> Customer:
    (name, kana), (own, own_kana) = dice.choice(SURNAMES), dice.choice(GIVEN)
    born = date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
    return Customer(
        "A", f"P{number}", "person", f"{name} {own}", f"{kana} {own_kana}", born.isoformat(),
        _address(dice), _phone(dice), f"p{number}@example.jp",
        f"{dice.randrange(1, 40):04}", f"{dice.randrange(1, 300):03}", _account(dice),
    )  # fmt: skip


def _address(dice: random.Random) -> str:
    place = "".join(dice.choice(TOWNS))
    return f"{place}{dice.randrange(1, 10)}丁目{dice.randrange(1, 30)}番{dice.randrange(1, 20)}号"


def _phone(dice: random.Random) -> str:
    return f"090-{dice.randrange(10**4):04}-{dice.randrange(10**4):04}"


def _account(dice: random.Random) -> str:
    return f"{dice.randrange(1, 10**7):07}"


def _twin(dice: random.Random, one: Customer) -> Customer:
    surname, surname_kana = one.name.split()[0], one.name_kana.split()[0]
    own = dice.choice([g for g in GIVEN if g[1] != one.name_kana.split()[1]])
    return one._replace(
        customer_id=one.customer_id.replace("P", "T"),
        name=f"{surname} {own[0]}",
        name_kana=f"{surname_kana} {own[1]}",
        email=f"twin.{one.email}",
        payout_account=_account(dice),
    )


def _moved(dice: random.Random, one: Customer) -> Customer:
    return one._replace(address=_address(dice), phone=_phone(dice), payout_account=_account(dice))


def _again(dice: random.Random, one: Customer, noise: str) -> Customer:
    """The same person at brand B."""
    one = one._replace(brand="B", customer_id=one.customer_id.replace("P", "Q"), email="")
    surname, own = one.name.split()
    kana, own_kana = one.name_kana.split()
    if noise == "writing":
        written = one.address.translate(DIGITS) if dice.random() < 0.5 else one.address[3:]
        return one._replace(
            name=f"{surname}　{own}".translate(OLD),
            name_kana=one.name_kana.translate(HIRAGANA),
            birth_date=one.birth_date.replace("-", "/"),
            address=written,
            phone="+81" + one.phone[1:],
            payout_bank="",
        )
    if noise == "trade":
        shop = f"{surname}商店 {one.name}", f"{kana}ショウテン {one.name_kana}"
        return one._replace(kind="sole_proprietor", name=shop[0], name_kana=shop[1])
    if noise.startswith("moved-"):
        one = _moved(dice, one)
    if noise.endswith("kana-typo"):
        at = dice.randrange(1, len(kana))
        other = dice.choice([c for c in "アイカキシタナミラ" if c != kana[at]])
        wrong = kana[:at] + other + kana[at + 1 :]
        return one._replace(name_kana=f"{wrong} {own_kana}")
    if noise.endswith("birth-typo"):
        day = one.birth_date[:-1] + str((int(one.birth_date[-1]) + 1) % 8 + 1)
        return one._replace(birth_date=day)
    if noise == "married":
        name, new = dice.choice([s for s in SURNAMES if s[0] != surname])
        return one._replace(name=f"{name} {own}", name_kana=f"{new} {own_kana}", payout_bank="")
    one = _moved(dice, one)
    if noise == "confused":
        swapped = one.name.replace("斎", "斉").replace("坂", "阪").replace("裕", "祐")
        return one._replace(name=swapped)
    if noise == "long-vowel":
        return one._replace(name_kana=one.name_kana.replace("オオ", "オー").replace("ョウ", "ョー"))
    if noise == "other-kanji":
        return one._replace(name=f"{surname} {own[0]}子")
    return one
