"""`nodes.toml`: the venue's own nodes, its wallets on them, and when a block counts as final.

firm = "Example Exchange KK"
[[chain]]    name, kind (ethereum, bitcoin), url; asset (own coin); finality or confirmations;
             max_age_minutes; chain_id or network; optional auth, beacon
[[token]]    chain, asset, contract
[[swap]]     chain, old, new, ratio, at: a token that becomes another
[[wallet]]   holding_id, chain, owner, tier, address or descriptor (with last), assets;
             optional validators, custodian, signing_domain, days_to_liquid
[[custodian]] name, public_key (minisign)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.chains.node_client import SCAN_TIMEOUT, TIMEOUT, HttpNode
from sonae.books.schema import OWNERS, TIERS
from sonae.books.settings import not_toml, toml_of
from sonae.chains.ethereum import is_address
from sonae.chains.finality import NAMES, Rule
from sonae.chains.reading import Swap, Wallet
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text

KINDS = ("ethereum", "bitcoin")
_CHAIN = {
    "name": str, "kind": str, "url": str, "asset": str, "max_age_minutes": int,
}  # fmt: skip
_CHAIN_MAY = {
    "finality": str, "confirmations": int, "chain_id": int, "network": str, "auth": str,
    "beacon": str, "index": bool,
}  # fmt: skip
_WALLET = {"holding_id": str, "chain": str, "owner": str, "tier": str, "assets": list}
_WALLET_MAY = {
    "address": str, "descriptor": str, "last": int, "validators": list, "custodian": str,
    "signing_domain": str, "days_to_liquid": int,
}  # fmt: skip
_SPECS: Mapping[str, tuple[Mapping[str, type], Mapping[str, type]]] = {
    "chain": (_CHAIN, _CHAIN_MAY),
    "token": ({"chain": str, "asset": str, "contract": str}, {}),
    "swap": ({"chain": str, "old": str, "new": str, "ratio": int, "at": datetime}, {}),
    "wallet": (_WALLET, _WALLET_MAY),
    "custodian": ({"name": str, "public_key": str}, {}),
}
_KIND: Mapping[type, Text] = {
    str: Text("文字列", "text"),
    int: Text("整数", "a whole number"),
    bool: Text("真偽", "true or false"),
    list: Text("リスト", "a list"),
    datetime: Text("日時", "an instant"),
}
_NEEDS = Text("{kind}が必要", "needs {kind}")
_ONE_OF = Text("{codes} のどれか", "is one of {codes}")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class ChainSetup:
    """One chain: how to reach its node, what is final, how old the last block may be."""

    name: str
    kind: str
    asset: str
    node: HttpNode
    rule: Rule
    max_age: timedelta
    chain_id: int = 0
    network: str = ""
    beacon: HttpNode | None = None
    index: bool = False
    contracts: Mapping[str, str | None] = field(default_factory=dict)
    swaps: tuple[Swap, ...] = ()


@dataclass(frozen=True)
class Setup:
    """The file as it was read."""

    firm: str
    chains: Mapping[str, ChainSetup]
    wallets: tuple[Wallet, ...]
    custodians: Mapping[str, str]

    def wallet(self, holding: str) -> Wallet:
        """The wallet of that name; a UsageError names those there are."""
        for found in self.wallets:
            if found.holding == holding:
                return found
        names = ", ".join(w.holding for w in self.wallets)
        raise UsageError(f"no wallet {holding}; there are {names}")


def load_setup(file: Path) -> Setup:
    """Read the file.

    Raises:
        InputError: everything that is wrong with it, with its place.
    """
    try:
        raw = toml_of(file.read_bytes())
    except ValueError as error:
        raise InputError(
            [Problem("unreadable-file", "nodes", not_toml(error), file.name)]
        ) from error
    found = _Reader(raw, file.name)
    setup = found.setup()
    if found.problems:
        raise InputError(found.problems)
    return setup


class _Reader:
    """Reads the tables one after another and keeps what is wrong with any of them."""

    def __init__(self, raw: Row, file: str) -> None:
        self.raw, self.file, self.problems = raw, file, list[Problem]()

    def setup(self) -> Setup:
        """Everything; only what is well formed goes into it."""
        for name in sorted(set(self.raw) - {"firm", *_SPECS}):
            self._wrong(name, None, Text(f"{name} という項目はない", f"there is no {name} here"))
        firm = self.raw.get("firm")
        if not isinstance(firm, str) or not firm.strip():
            self._wrong("firm", None, Text("事業者名が必要", "the firm's name is needed"))
        rows = {name: self._rows(name) for name in _SPECS}
        names = [r["name"] for r in rows["chain"]]
        for kind in ("token", "swap", "wallet"):
            for number, row in enumerate(rows[kind], 1):
                self._check(kind, number, row["chain"] in names, "chain", _NO_CHAIN)
        chains = {
            r["name"]: self._chain(n, r, rows["token"], rows["swap"])
            for n, r in enumerate(rows["chain"], 1)
        }
        self._twice("chain", names)
        self._twice("wallet", [r["holding_id"] for r in rows["wallet"]])
        kinds = {r["name"]: (r["kind"], r["asset"]) for r in rows["chain"]}
        wallets = tuple(self._wallet(n, r, kinds) for n, r in enumerate(rows["wallet"], 1))
        custodians = {r["name"]: r["public_key"] for r in rows["custodian"]}
        return Setup(str(firm), {n: c for n, c in chains.items() if c}, wallets, custodians)

    def _rows(self, name: str) -> list[Row]:
        rows = self.raw.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            self._wrong(name, None, Text(f"[[{name}]] の表が必要", f"[[{name}]] tables are needed"))
            return []
        must, may = _SPECS[name]
        return [row for n, row in enumerate(rows, 1) if self._typed(name, n, row, must, may)]

    def _typed(
        self, name: str, number: int, row: Row, must: Mapping[str, type], may: Mapping[str, type]
    ) -> bool:
        before = len(self.problems)
        for key in [*must, *row]:
            kind = must.get(key) or may.get(key)
            if kind is None:
                text = Text(f"{key} という項目はない", f"there is no {key} here")
                self._wrong(name, number, text, key)
            elif key not in row:
                self._wrong(name, number, Text(f"{key} が必要", f"{key} is needed"), key)
            elif type(row[key]) is not kind:
                self._wrong(name, number, _NEEDS.format(kind=_KIND[kind]), key)
            elif kind is list and not all(isinstance(item, str) for item in row[key]):
                self._wrong(name, number, _NEEDS.format(kind=_KIND[str]), key)
        return len(self.problems) == before

    def _chain(
        self, number: int, row: Row, tokens: list[Row], swaps: list[Row]
    ) -> ChainSetup | None:
        before, kind = len(self.problems), row["kind"]
        name, count = row.get("finality", ""), row.get("confirmations", 0)
        self._check("chain", number, kind in KINDS, "kind", _BAD_KIND)
        named = kind == "ethereum" and name in NAMES and not count
        self._check("chain", number, named or (not name and count > 0), "finality", _NO_RULE)
        identity = "chain_id" if kind == "ethereum" else "network"
        self._check("chain", number, bool(row.get(identity)), identity, _NO_NETWORK)
        self._check("chain", number, row["max_age_minutes"] > 0, "max_age_minutes", _NO_AGE)
        own = [t for t in tokens if t["chain"] == row["name"]]
        for token in own:
            self._check("token", None, is_address(token["contract"]), "contract", _NO_CONTRACT)
        changed = [s for s in swaps if s["chain"] == row["name"]]
        for swap in changed:
            fits = swap["ratio"] > 0 and swap["at"].tzinfo is not None
            self._check("swap", None, fits, "ratio", _BAD_SWAP)
        if len(self.problems) > before:
            return None
        seconds = SCAN_TIMEOUT if row.get("index") else TIMEOUT
        node = self._client(number, "url", row["url"], row.get("auth", ""), seconds)
        beacon = self._client(number, "beacon", row["beacon"], "") if "beacon" in row else None
        if node is None:
            return None
        return ChainSetup(
            row["name"], kind, row["asset"], node, Rule(name, count),
            timedelta(minutes=row["max_age_minutes"]), row.get("chain_id", 0),
            row.get("network", ""), beacon, row.get("index", False),
            {row["asset"]: None, **{t["asset"]: t["contract"] for t in own}},
            tuple(Swap(s["old"], s["new"], s["ratio"], s["at"]) for s in changed),
        )  # fmt: skip

    def _client(
        self, number: int, key: str, url: str, auth: str, timeout: int = TIMEOUT
    ) -> HttpNode | None:
        try:
            return HttpNode(url, auth, timeout)
        except UsageError as error:
            text = Text(f"ノードの接続先が使えない: {error}", str(error))
            self._wrong("chain", number, text, key)
            return None

    def _wallet(self, number: int, row: Row, kinds: Mapping[str, tuple[str, str]]) -> Wallet:
        check: Callable[[bool, str, Text], None] = lambda good, key, text: self._check(  # noqa: E731
            "wallet", number, good, key, text
        )
        check(row["owner"] in OWNERS, "owner", _BAD_OWNER)
        check(row["tier"] in TIERS, "tier", _BAD_TIER)
        address, descriptor = row.get("address", ""), row.get("descriptor", "")
        check(bool(address) != bool(descriptor), "address", _NO_ADDRESS)
        kind, own = kinds.get(row["chain"], ("", ""))
        if kind == "ethereum":
            check(is_address(address), "address", _NO_ADDRESS)
        elif kind == "bitcoin":
            from sonae.chains.bitcoin import scripts_of

            check(row["assets"] == [own], "assets", _OWN_COIN)
            try:
                scripts_of(address, descriptor, row.get("last", 0))
            except ValueError:
                check(False, "address", _NO_ADDRESS)
        check(bool(row["assets"]), "assets", _NO_ASSETS)
        return Wallet(
            row["holding_id"], row["chain"], row["owner"], row["tier"], address, descriptor,
            row.get("last", 0), tuple(row["assets"]), tuple(row.get("validators", ())),
            row.get("custodian", ""), row.get("signing_domain", ""), row.get("days_to_liquid"),
        )  # fmt: skip

    def _twice(self, table: str, names: list[str]) -> None:
        for name in sorted({n for n in names if names.count(n) > 1}):
            text = Text(f"{name} が二度ある", f"{name} is there twice")
            self._wrong(table, None, text)

    def _check(self, table: str, number: int | None, good: bool, key: str, text: Text) -> None:
        if not good:
            self._wrong(table, number, text, key)

    def _wrong(self, table: str, row: int | None, text: Text, column: str = "") -> None:
        self.problems.append(Problem("bad-setting", table, text, self.file, row, table, column))


_NO_CHAIN = Text("そのchainがない。[[chain]] に加える", "no such chain; add it as [[chain]]")
_BAD_KIND = Text("ethereum か bitcoin", "ethereum or bitcoin")
_NO_RULE = Text(
    "確定の条件が要る: finality（finalized・safe、ethereumのみ）か confirmations（1以上）の一方",
    "finality is needed: either finality (finalized, safe; ethereum only) or confirmations",
)
_NO_NETWORK = Text("ネットワークの指定が必要", "which network it is must be said")
_NO_AGE = Text("1以上の分数が必要", "needs minutes, one or more")
_NO_CONTRACT = Text("0xと16進40桁が必要", "needs 0x and 40 hexadecimal digits")
_BAD_SWAP = Text("ratioは1以上、atは時差付きの日時", "ratio of one or more, at with an offset")
_BAD_OWNER = _ONE_OF.format(codes=", ".join(OWNERS))
_BAD_TIER = _ONE_OF.format(codes=", ".join(TIERS))
_NO_ADDRESS = Text(
    "addressかdescriptorの一方が、チェーンの形式で必要",
    "either address or descriptor is needed, in the form of its chain",
)
_OWN_COIN = Text("チェーン自身の資産だけ", "the chain's own coin alone")
_NO_ASSETS = Text("資産を一つ以上", "one asset or more")
