"""Writing Zengin files by the product, against a loop that formats the same records unchecked.

The loop knows where each field goes and looks at nothing: no length, no character, no total, no
digest, no limit of a bank. Both give the same data records, byte for byte.

    python benchmarks/rails.py [--transfers 1000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections.abc import Callable
from datetime import date
from datetime import time as clock
from statistics import median

from sonae.claims.rails.profile import BankProfile, ReturnsLayout
from sonae.claims.rails.transfer import KINDS, Sender, Transfer
from sonae.claims.rails.zengin import ZenginFile, write

AT_MOST = 2
LIMITS = {"most_records": 999_999, "most_amount": 9_999_999_999, "most_total": 999_999_999_999}
BANK = BankProfile(
    name="bench",
    **LIMITS,
    cut_off=clock(12),
    days_before=1,
    record_end="crlf",
    edi=False,
    settle_business_days=3,
    returns=ReturnsLayout("zengin", ()),
)
SENDER = Sender("1234567890", "ｻﾝﾌﾟﾙ", "0001", "ﾐｽﾞﾎ", "001", "ﾄｳｷﾖｳ", "ordinary", "1234567")
NAMES = ("ﾔﾏﾀﾞ ﾀﾛｳ", "ｻﾄｳ ﾊﾅｺ", "ﾜﾀﾅﾍﾞ ｹﾝｲﾁﾛｳ", "ｶ)ｻﾝﾌﾟﾙｼﾖｳｼﾞ", "JOHN SMITH")


def drawn(count: int) -> list[Transfer]:
    """Transfers to 1,000 banks' 300 branches each, of amounts up to ten digits."""
    return [
        Transfer(
            f"{n:020}",
            f"{n % 1000:04}",
            f"{n % 300:03}",
            "ordinary" if n % 9 else "current",
            f"{n * 7 % 10**7:07}",
            f"{NAMES[n % len(NAMES)]} {n % 9_973}",
            1 + n * 7_919 % 900_000,
        )
        for n in range(count)
    ]


def bare(transfers: list[Transfer]) -> bytes:
    blank, last = " " * 15, " " * 8
    return "".join(
        [
            f"2{t.bank}{blank}{t.branch}{blank}0000{KINDS[t.kind]}{t.account}"
            f"{t.name_kana:30}{t.amount:010}0{t.reference}7{last}\r\n"
            for t in transfers
        ]
    ).encode("shift_jis")


def product(transfers: list[Transfer]) -> list[ZenginFile]:
    return write(transfers, SENDER, BANK, date(2026, 11, 30))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    transfers = drawn(asked.transfers)
    times: list[tuple[float, float]] = []
    for _ in range(asked.rounds):
        ours = seconds(lambda: product(transfers))
        times.append((ours, seconds(lambda: bare(transfers))))
    files = product(transfers)
    same = b"".join(f.content[122:-244] for f in files) == bare(transfers)
    ours, theirs = (median(column) for column in zip(*times, strict=True))
    ratio, peak = ours / theirs, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{asked.transfers:,} transfers in {len(files)} files, {asked.rounds} rounds (medians)")
    print(f"  product {ours:.2f} s   bare loop {theirs:.2f} s   {ratio:.2f} times", end="")
    print(f" (at most {AT_MOST})   memory {peak:,} MB   same records: {same}")
    held = ratio <= AT_MOST and same
    print("held" if held else "NOT held")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
