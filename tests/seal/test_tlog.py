"""Merkle hashing and proofs of RFC 6962, against vectors of others and against itself."""

from __future__ import annotations

from base64 import b64decode
from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.seal.tlog import (
    EMPTY,
    Head,
    LogError,
    check_consistency,
    check_inclusion,
    consistency,
    head,
    inclusion,
    leaf_hash,
    root,
)
from tests.seal.keys import flipped

# The eight entries and their roots, as the reference implementations of Certificate Transparency
# test themselves.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "60" + "6162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): INCLUSION[1, 5][1:],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
# A proof of the public log Argon 2020, at 961 984 013 entries: its first 3 654 490 are unchanged.
ARGON = Head(961_984_013, b64decode("dwlueapdd7LaOEnX2W2Wp9v2XE+KzejHRQGHwEx0oaM="))
ARGON_BEFORE = Head(3_654_490, b64decode("AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ="))
ARGON_PROOF = b64decode(
    """
80Sfbj6UQEdVSZCSIgh9NMPj3vCBzcc1A48B2crJSWgVlyuAAdSTqc0++IlmryQQrqMIbV3Xykk4UTjlkNzVNEOu63ll5jwa
NVH5sAWqeF4vTzD3xXVEksN1hpUWXRu5eJ7CyhR4PxzBxDIsWgrVYW1eFUb9ndgf46tFmiqVrxBCsPCnTrYaublZjwp2uEWw
G642MbNGjHYlvw+ZUvk5jFzOGDIzBHSx/1yWpv2Vsmj9eJN3JrDrZz7DlkOeJVtbSGiBh+jOTGccXU48ZzgQ88lRcBmtB4wz
4oSDndv2QThYBLq3Go0tgoYvUZ0F2mqZXjZNN+fpwmy4Oyote5MI0kBZkUtK4q1AO2Td5cRYw53FfhNTgq59zVAeEQqfuX83
Hdbp7It2XBNZmNDBpCN/KPd7vfVqxgzwOosqVIaEA9GbG8cvRmJuUF0PuPukhrWOV8HSBKp8nqhfRQajsvRWxauYY8r6Fuky
/z04YHIraQ3Ek65yl9qdfmqrHKh9nrkQjTOWDqt3IHj2NVFeezyBz2ofpru+ztEywqKUAfFclKIYhGfTDceol29T2PVZUP/9
5HqWTYBpNWPLOOwk0/xTz8edhib8RvNX50Aa4Dk25ZdQObc/efy1ytAINTYQdK9S6/0OqrcTgc3o5dD5PymmoC96lB9yLPFu
THVvLy8fSGkZ/6Iot9xc7mXgkQWaxm9J0bmrW4R5Y99gut2zqmaPPQxrmnKPjHMjNwH0Uheql+0cEnrcHtonmCZscOXva1cd
2tQJ9V32hnYp+fdpP6TcjmgJmLeNVOMKM0Ml1kk4cNXc9qkr4iTImvwj3IASsCbO5l7PMszOyD4995EKA1bw1LOsYmHno2/s
LahwPlESWdiP0gj8iFvHKD+mgdNBSWzGz9lSpmdTcr5M5ZzKlc4EPh3SrSypKFdk6JUF/UccaZUZcgSV+adG5Z9sDjPu5tX9
TCWlJFRtR55zugvkcMOeHaUdEh/zWD+rPfvGs1sGnlFwOGXv91giIDH4eWFusL3Bf3GuAKYVrF8RBg3s15jvA/YvV9oAliWt
zP/imwPhQVBYefzMPGVWCRX6VKWbNo519IGtMehGvmdPd3vqrQopYX9rldmcVYFC8yzyrmXKMEWN2WO30ZV+fYgwY1dUfJDU
NzQVjJsvQwbi7WStMr9oFkh9VbHfK7LB6o7WwAqwNTsLQu20F5gdkeAv7TfYkhwkLcJMEjLNr+GxuYlSAl+YMp4sVOQlkxVQ
5ReARnXFOpAO1kmLqxKXvY0VnPhf+7Dn
"""
)
HASHES = [leaf_hash(b"day %d" % day) for day in range(301)]


@cache
def heads() -> list[Head]:
    """The log of 0, 1, ... 300 days."""
    return [Head(size, by_definition(tuple(HASHES[:size]))) for size in range(301)]


@cache
def by_definition(hashes: tuple[bytes, ...]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return sha256(b"\1" + by_definition(hashes[:k]) + by_definition(hashes[k:])).digest()


def steps(joined: bytes) -> list[bytes]:
    """A proof out of its hashes, one after the other."""
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


def hexed(proof: list[bytes]) -> list[str]:
    return [step.hex() for step in proof]


def test_roots_and_proofs_are_those_of_the_reference_vectors() -> None:
    hashes = [leaf_hash(entry) for entry in ENTRIES]
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [head(ENTRIES[: n + 1]).root.hex() for n in range(8)] == ROOTS
    for (index, size), proof in INCLUSION.items():
        assert hexed(inclusion(index, hashes[:size])) == proof
    for (old, new), proof in CONSISTENCY.items():
        assert hexed(consistency(old, hashes[:new])) == proof


def test_a_proof_of_a_public_log_of_a_thousand_million_entries_holds() -> None:
    check_consistency(ARGON_BEFORE, ARGON, steps(ARGON_PROOF))
    for bad in flipped(ARGON_PROOF, 11):
        refused(ARGON_BEFORE, ARGON, steps(bad))
    refused(Head(ARGON_BEFORE.size - 1, ARGON_BEFORE.root), ARGON, steps(ARGON_PROOF))


def test_the_root_of_every_size_is_that_of_the_definition() -> None:
    assert [Head(size, root(HASHES[:size])) for size in range(301)] == heads()


def test_every_entry_of_every_size_is_proved() -> None:
    for size in range(1, 301):
        for index in {*range(0, size, 1 + size // 12), size - 1}:
            proof = inclusion(index, HASHES[:size])
            check_inclusion(HASHES[index], index, heads()[size], proof)


def test_every_two_sizes_are_proved_consistent() -> None:
    for new in range(301):
        for old in {*range(0, new, 1 + new // 12), max(new - 1, 0), new}:
            check_consistency(heads()[old], heads()[new], consistency(old, HASHES[:new]))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_changed_proof_of_an_entry_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    proof, log = inclusion(index, HASHES[:size]), heads()[size]
    for bad in flipped(b"".join(proof), 7):
        refused_entry(HASHES[index], index, log, steps(bad))
    for other in (proof[:-1], proof[1:], [*proof, EMPTY], [EMPTY, *proof], [*proof, b""]):
        if other != proof:
            refused_entry(HASHES[index], index, log, other)
    for place in {index ^ 1, index ^ 2, index + 1, index - 1, size, -1} - {index}:
        refused_entry(HASHES[index], place, log, proof)
    refused_entry(leaf_hash(b"another"), index, log, proof)
    refused_entry(HASHES[index], index, Head(size, EMPTY), proof)
    refused_entry(HASHES[index], index, Head(size * 2, log.root), proof)


def refused_entry(leaf: bytes, index: int, log: Head, proof: list[bytes]) -> None:
    with pytest.raises(LogError):
        check_inclusion(leaf, index, log, proof)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_changed_proof_of_a_beginning_is_refused(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 300))
    old = data.draw(st.integers(1, new - 1))
    proof, before, after = consistency(old, HASHES[:new]), heads()[old], heads()[new]
    for bad in flipped(b"".join(proof), 7):
        refused(before, after, steps(bad))
    for other in (proof[:-1], proof[1:], [*proof, EMPTY], [EMPTY, *proof], [*proof, b""], []):
        refused(before, after, other)
    for size in {old - 1, old + 1, old ^ 2, new, new + 1} - {old}:
        refused(Head(size, before.root), after, proof)
    refused(before, Head(new * 2, after.root), proof)
    refused(Head(old, after.root), Head(new, before.root), proof)


def refused(before: Head, after: Head, proof: list[bytes]) -> None:
    with pytest.raises(LogError):
        check_consistency(before, after, proof)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_log_that_changed_an_old_entry_has_no_proof_that_holds(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 300))
    old = data.draw(st.integers(1, new))
    changed = list(HASHES[:new])
    changed[data.draw(st.integers(0, old - 1))] = leaf_hash(b"rewritten")
    for proof in (consistency(old, changed), consistency(old, HASHES[:new])):
        refused(heads()[old], Head(new, root(changed)), proof)


def test_a_log_that_shrank_is_refused() -> None:
    with pytest.raises(LogError, match="shrunk from 9 entries to 8"):
        check_consistency(heads()[9], heads()[8], [])


def test_same_sizes_need_same_roots_and_no_proof() -> None:
    check_consistency(heads()[8], heads()[8], [])
    refused(heads()[8], heads()[8], [EMPTY])
    refused(heads()[8], Head(8, EMPTY), [])


def test_every_log_begins_with_the_empty_one_and_with_no_other_of_size_zero() -> None:
    check_consistency(heads()[0], heads()[5], [])
    refused(heads()[0], heads()[5], [EMPTY])
    refused(Head(0, bytes(32)), heads()[5], [])


def test_what_is_not_there_has_no_proof() -> None:
    for index in (-1, 3):
        with pytest.raises(LogError, match="no entry"):
            inclusion(index, HASHES[:3])
    for old in (-1, 4):
        with pytest.raises(LogError, match="no beginning"):
            consistency(old, HASHES[:3])
