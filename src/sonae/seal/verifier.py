"""Checks a receipt of a seal, offline: python verifier.py RECEIPT.json [HEADER_HASH]."""
import json, re, struct, sys, typing, unicodedata
from hashlib import sha256
FORM = (r'{"account": "([^"\\]|\\.)*", "header": "([0-9a-f]{2}){160,}", "leaves": \[('
        r'{"amount": "(0|[1-9]\d{0,38})", "asset": \d{1,10}, "index": \d{1,20}, "part": \d{1,10}, '
        r'"path": "[0-9a-f]*", "salt": "[0-9a-f]{64}"}(, )?)+\]}')
def _need(holds: object, step: str) -> None:
    if not holds: raise ValueError(step)

def verify(receipt: dict[str, typing.Any], header_hash: str | None = None) -> dict[int, int]:
    """The amount of each asset that a receipt proves, under the header of that hash if given."""
    _need(re.fullmatch(FORM, json.dumps(receipt, sort_keys=True)), "receipt: form or shows nothing")
    header, leaves = bytes.fromhex(receipt["header"]), receipt["leaves"]
    n_assets, parts = struct.unpack_from(">II", header, 152)
    _need(header[:8] == b"SONAE\1H\0" and len(header) == 160 + 64 * n_assets, "header: form")
    _need(header_hash in (None, sha256(header).hexdigest()), "header: hash is not the one given")
    assets = {asset: row for asset, *row in struct.iter_unpack(">IB3sQ16s32s", header[160:])}
    _need([*assets] == sorted(assets) and len(assets) == n_assets, "header: assets do not ascend")
    for asset, (height, pad, n, *_) in assets.items():
        _need(height == max(1, (n - 1).bit_length()) and not any(pad), f"header: height of {asset}")
    ids = {(leaf["asset"], leaf["part"]) for leaf in leaves}
    _need(len(leaves) == len(ids) == parts * len(dict(ids)), "leaves: a part is missing or twice")
    me = sha256(b"SONAE\1A\0" + unicodedata.normalize("NFC", receipt["account"]).encode()).digest()
    for amount, asset, index, part, path, salt in ([i[key] for key in sorted(i)] for i in leaves):
        _need(asset in assets, (at := f"asset {asset} part {part}: ") + "asset not in the header")
        height, _, n, total, root = assets[asset]
        _need(part < parts and index < n, at + "part or index out of range")
        _need(int(amount) < 2**128 and len(path) == 96 * height, at + "amount or path out of range")
        own = bytes.fromhex(salt) + me + struct.pack(">II", asset, part) + int(amount).to_bytes(16)
        node, empty = sha256(b"SONAE\1L\0" + own).digest() + own[-16:], bytes(48)
        for level, (sib,) in enumerate(struct.iter_unpack("48s", bytes.fromhex(path))):
            _need(sib == empty or (index >> level ^ 1) << level < n, at + "leaf past the last")
            _need((s := int.from_bytes(node[32:]) + int.from_bytes(sib[32:])) < 2**128, at + "sum")
            pair = sib + node if index >> level & 1 else node + sib
            node = sha256(b"SONAE\1N%c" % (level + 1) + pair).digest() + s.to_bytes(16)
            empty = sha256(b"SONAE\1N%c" % (level + 1) + empty * 2).digest() + bytes(16)
        _need(node == root + total, at + "path does not lead to the root")
    return {a: sum(int(i["amount"]) for i in leaves if i["asset"] == a) for a in sorted(dict(ids))}
if __name__ == "__main__": print(verify(json.load(open(sys.argv[1], "rb")), *sys.argv[2:]))
