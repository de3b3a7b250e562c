"""A small fund for tests: five people with keys, their requests, and the commands they give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.command import Said, sonae

ROLES = {
    "aoi": ["preparer"],
    "ben": ["approver", "releaser"],
    "chi": ["approver"],
    "sup": ["supervisor"],
    "adm": ["administrator"],
}
LIMIT = 10_000_000_000
DAY = "2026-11-20"


class People:
    """Everybody at one store, each with a key in `folder`."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder, self.store = folder, store
        keys = {name: self.key(name) for name in ROLES}
        people = "".join(
            f'[[person]]\nid = "{name}"\nname = "{name} san"\nroles = {json.dumps(ROLES[name])}\n'
            f'public_key = "{key}"\n'
            for name, key in keys.items()
        )
        (folder / "fund.toml").write_text(
            '[fund]\nname = "example"\nentity = "Example K.K."\ncurrency = "JPY"\n'
            'reserve_class = "voluntary_reserve"\nexpiry_hours = 72\n[units]\nJPY = 0\nBTC = 8\n'
            f'{people}[[limit]]\nkinds = ["*"]\nup_to = {LIMIT}\napprovals = 1\n'
            '[[limit]]\nkinds = ["*"]\napprovals = 2\n',
            encoding="utf-8",
        )
        self.keys = keys

    def key(self, name: str) -> str:
        return str(sonae("fund", "key", self.folder / f"{name}.key", "--json").json()["public_key"])

    def act(self, name: str, *words: str | Path) -> Said:
        key = self.folder / f"{name}.key"
        return sonae("fund", *words, "--key", key, "--store", self.store, "--json")

    def look(self, *words: str | Path) -> Any:
        said = sonae("fund", *words, "--store", self.store, "--json")
        assert said.code == 0, said.err
        return said.json()

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def propose(self, name: str, kind: str, text: str, on: str = DAY) -> Said:
        path = self.file("request.toml", f'kind = "{kind}"\non = {on}\n{text}\n')
        return self.act(name, "propose", path)

    def done(self, kind: str, text: str, *approvers: str, on: str = DAY) -> int:
        """A proposal by aoi that these people approve; its number."""
        said = self.propose("aoi", kind, text, on)
        assert said.code == 0, said.out + said.err
        seq = int(said.json()["seq"])
        for approver in approvers or ("ben",):
            approved = self.act(approver, "approve", str(seq))
            assert approved.code == 0, approved.out + approved.err
        assert approved.json()["outcome"] == "approved"
        return seq

    def begin(self) -> None:
        """The constitution in force, a trust deposit and a coin wallet registered."""
        assert self.act("aoi", "init", self.folder / "fund.toml").code == 0
        assert self.act("ben", "approve", "1").json()["outcome"] == "counted"
        assert self.act("chi", "approve", "1").json()["effect"] == "constitution"
        self.done("asset", asset("TRUST", "trust_deposit", "JPY"))
        self.done("asset", asset("COLD", "coin", "BTC", remote="no"))

    def balances(self, *words: str) -> dict[str, str]:
        found = self.look("balance", "--on", "2027-03-31", *words)
        return {f"{b['account']} {b['unit']}": b["balance"] for b in found}

    def outcomes(self) -> list[tuple[Any, ...]]:
        names = ("seq", "by", "act", "kind", "subject", "on", "outcome", "effect")
        return [tuple(e[n] for n in names) for e in self.look("history")]


def asset(id: str, kind: str, unit: str, remote: str = "yes", more: str = "") -> str:
    return (
        f'[asset]\nid = "{id}"\nkind = "{kind}"\nunit = "{unit}"\nholder = "Example Trust Bank"\n'
        f'title = "trust_for_customers"\nbankruptcy_remote = "{remote}"\n'
        f'evidence = "deed 1"\n{more}'
    )
