"""A small firm with all that a pack can hold, its pack, and packs that were changed inside."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyrage

from sonae.actions.close import close_books
from sonae.actions.files import json_bytes
from sonae.actions.fund.export import export_fund
from sonae.actions.keys import load_key, new_key
from sonae.actions.pack.keys import make_keys
from sonae.actions.pack.make import Wanted, make_pack, public_word
from sonae.actions.seal.make import sealing
from sonae.pack.age import encrypt
from sonae.pack.manifest import FIRST, MANIFEST, SIGNATURE, SUMS, sums
from sonae.pack.zipped import zip_stream
from sonae.seal import minisign
from tests import kit
from tests.fund.signed import Signers, opened

FILES = {
    "keys.toml": """
[procedure]
ja = "金庫の鍵は2名で開ける。"
en = "Two people open the safe."

[[wallet]]
holding_id = "btc-cold"
signing_domain = "btc-cold"
quorum = "2 of 3"
""",
    "suppliers.toml": """
[[supplier]]
name = "Custody Works"
role = "signing service"
wallets = ["btc-cold"]
""",
    "contacts.toml": """
[[contact]]
name = "山田太郎"
role = "最高財務責任者"
phone = "03-0000-0000"
""",
}
TERMS = """
[pack]
release = {{ ja = "破産手続開始の決定", en = "a court order" }}
next_check = 2027-03-31
outside = "Vault of Test Trust Bank"
outside_ground = {{ ja = "委託契約による保管", en = "kept under an agreement" }}
stale_after_hours = 48
keep_keys_days = 400

[[pack.call]]
name = "Sato"
role = "counsel"
phone = "03-1111-1111"

[[recipient]]
name = "Test Trust Bank"
role = "trustee"
key = "{trustee}"
ground = {{ ja = "本人の同意", en = "consent" }}
confidence = "memory"

[[recipient]]
name = "Administrator to come"
role = "administrator"
key = "{administrator}"
register = "administrator/register.json"
ground = {{ ja = "信託契約", en = "trust deed" }}
confidence = "memory"
"""


def tables() -> dict[str, kit.Rows]:
    """The clean day with customers, unidentified coins, agreements and a pending payment."""
    more = {
        "customers": [
            {
                "customer_id": "C1",
                "kind": "person",
                "name": "山田花子",
                "name_kana": "ヤマダハナコ",
            },
            {"customer_id": "C2", "kind": "person", "name": "=1+2", "name_kana": "サトウ"},
            {
                "customer_id": "C3",
                "kind": "person",
                "name": "山田花子",
                "name_kana": "ヤマダハナコ",
            },
        ],
        "agreements": [
            {
                "agreement_id": "G1",
                "kind": "custody",
                "counterparty": "Custody Works",
                "subject": "署名サービス",
            }
        ],
        "pending_payments": [
            {
                "payment_id": "P1",
                "account_id": "A1",
                "asset": "BTC",
                "quantity": 5,
                "state": "requested",
                "requested_at": kit.CUT_OFF,
            }
        ],
    }
    found = kit.changed(**more)
    found["assets"] = [{**r, "number": n} for n, r in enumerate(found["assets"], 1)]
    found["balances"] = [
        kit.balance("A1", "BTC", 50_0000_0000),
        kit.balance("A2", "BTC", 39_0000_0000),
        kit.balance("A3", "BTC", 10_0000_0001),
        kit.balance("U1", "BTC", 9999_9999, "unidentified", customer_id=""),
        kit.balance("A1", "JPY", 1_000_000),
    ]
    return found


PERSONS = "brand,customer_id,person,rule,evidence\nX,C1,P1,,\nX,C2,P2,,\nX,C3,P1,,\n"


class World(NamedTuple):
    """Where everything is."""

    root: Path
    file: Path
    key: Path
    trustee: Path
    shares: tuple[Path, ...]
    recipients: Path
    wanted: Wanted
    found: dict[str, Any]

    @property
    def signer(self) -> str:
        """The public key as the printed page has it."""
        return public_word(load_key(self.key).public)


def world(root: Path) -> World:
    """Books, close, seal, keys, terms and the pack of them."""
    books = kit.write(root / "books", tables(), files=FILES)
    new_key(root / "sign.key")
    close_books(books, out=root / "day", sealing=sealing(root / "sign.key"))
    make_keys(root / "administrator", 3, 5)
    administrator = (root / "administrator" / "recipient.txt").read_text().strip()
    secret = pyrage.x25519.Identity.generate()
    (root / "trustee.txt").write_text(f"# trustee\n{secret}\n")
    terms = TERMS.format(trustee=secret.to_public(), administrator=administrator)
    (root / "recipients.toml").write_text(terms, encoding="utf-8")
    (root / "people.csv").write_text(PERSONS, encoding="utf-8")
    people = Signers()
    with opened(str(root / "fund.db"), create=True) as ledger:
        people.begin(ledger)
        people.done(ledger, people.money(ledger.seen, 5))
        export_fund(ledger, root / "export", date(2026, 11, 20))
    wanted = Wanted(
        books, root / "day", root / "recipients.toml", root / "sign.key", root / "a.pack.age",
        seal=root / "day", fund=root / "export", people=root / "people.csv",
    )  # fmt: skip
    found = make_pack(wanted)
    shares = tuple(root / "administrator" / "shares" / f"share-{n}.txt" for n in range(1, 6))
    return World(
        root, wanted.out, wanted.key, root / "trustee.txt", shares, wanted.recipients, wanted, found
    )


def remade(
    world: World, folder: Path, out: Path, *, sign: Path | None = None, only: bool = False
) -> Path:
    """An opened folder as a pack again, as somebody with a recipient's public key could make it.

    With `sign` its manifest is made anew and signed by that key; with `only`, signed as it stands.
    """
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    if sign is not None:
        key, manifest = load_key(sign), json.loads((folder / MANIFEST).read_bytes())
        if not only:
            known = {f["name"]: f for f in manifest["files"]}
            for name in known:
                content = (folder / name).read_bytes()
                known[name] |= {"sha256": _sha(content), "bytes": len(content)}
            manifest["files"] = list(known.values())
        manifest["signer"] = key.public.hex()
        for name, content in (
            (MANIFEST, json_bytes(manifest)),
            (SUMS, sums(manifest["files"])),
        ):
            (folder / name).write_bytes(content)
            signed = minisign.signature_file(content, key, "remade")
            (folder / (name + SIGNATURE)).write_bytes(signed)
    order = [n for n in FIRST if n in files] + [n for n in files if n not in FIRST]
    out.unlink(missing_ok=True)
    recipient = next(
        line.split('"')[1]
        for line in world.recipients.read_text("utf-8").splitlines()
        if line.startswith("key")
    )
    encrypt(zip_stream(folder, order), out, [recipient])
    return out


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
