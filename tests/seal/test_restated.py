"""The restatement gives the published test vector, to the byte."""

from __future__ import annotations

from . import restated

VECTOR = {
    "master": bytes(range(32)),
    "seq": 1,
    "time_ms": 1767225600000,
    "previous": bytes(32),
    "operator": "operator",
    "manifest": b"manifest",
    "parts": 2,
    "rows": [("JP-000001|a@example.jp", 1, 1000000007)],
}


def test_the_vector_comes_out_to_the_byte() -> None:
    key = restated.snapshot_key(bytes(range(32)), 1, 1767225600000)
    assert key.hex() == "d06ab1ee52d07d3e10b048adc0190edf630ab00c8c2d0c9263a053a709668c15"
    digest = restated.account_digest("JP-000001|a@example.jp")
    assert digest.hex() == "2e90bc9d2f34635431673526f69b67849ac61e7af68053491302406ee3e2d102"
    salts = [restated.salt(key, digest, 1, part) for part in (0, 1)]
    assert [s.hex() for s in salts] == [
        "6806e898b2b756800db097191e95b1c35df91192e9a568527db895545b11e43d",
        "51d898fd2ca84528e1e83c80e5b4b3dadf7322e80776e48a512a7e2c41d2db36",
    ]
    assert restated.split(1000000007, salts) == [491097771, 508902236]
    leaves = [
        restated.leaf_node(restated.Leaf(salts[p], digest, 1, p, amount)).hash.hex()
        for p, amount in ((0, 491097771), (1, 508902236))
    ]
    assert leaves == [
        "88c11c9ed502e54d4646399ef1c22e8b8408a659a7d81659b1061c61561b6686",
        "89b2e8bceb4e8a84da516133c5954c102e4857ece20f22ef4e9978eef41cf309",
    ]
    empty = restated.node([], 1, 0)
    assert empty.hash.hex() == "e513ac56043606c3813761a9a37037234443c64d6fc327c72c271b9ebd9594e9"

    sealed = restated.seal(**VECTOR)
    assert len(sealed.header) == 224
    assert sealed.header[-32:].hex() == (
        "6bd245c55e0091a4a6985453b716182ce6ca3eb768e55a378deaa6c8ee56c1eb"
    )
    assert sealed.hash.hex() == "e1a42c93c556cf0ffe6263e8d4d39fec6b041a7220a002f688107565e0c673f3"


def test_the_receipt_of_the_vector_is_in_its_exact_format() -> None:
    sealed = restated.seal(**VECTOR)
    (account, receipt), *others = sealed.receipts.items()
    assert not others
    assert account == receipt["account"] == "JP-000001|a@example.jp"
    assert list(receipt) == ["header", "account", "leaves"]
    first, second = receipt["leaves"]
    assert list(first) == ["asset", "part", "amount", "index", "salt", "path"]
    assert (first["index"], second["index"]) == (1, 0)  # salt 51.. comes before 68..
    assert first["amount"] == "491097771"
    sibling = "89b2e8bceb4e8a84da516133c5954c102e4857ece20f22ef4e9978eef41cf309"
    assert first["path"] == sibling + f"{508902236:032x}"
    assert receipt["header"] == sealed.header.hex()
