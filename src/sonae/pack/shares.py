r"""An administrator's key in shares of words (SLIP-39), and how a holder shows that it is there.

Any `needed` shares of the same splitting give the key, fewer give nothing. A share carries its own
checksum, so a mistyped word is found in the share it is in.

Liveness, once a year, without showing the share: the answer of year Y is
SHA-256("sonae-share/1\n" | Y | "\n" | words | "\n"); the register holds SHA-256 of each answer,
made when the key was split. An answer that was given reveals neither the share nor that of
another year.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.share import Share

from sonae.core.errors import Refused

YEARS = 30
"""For how many years a register holds what answers must be."""
MOST = 16


def normal(words: str) -> str:
    r"""The words of a share in one writing: small letters, one space between them.

    >>> normal("  Duckling  enlarge\nacademic ")
    'duckling enlarge academic'
    """
    return " ".join(words.lower().split())


def split(secret: bytes, needed: int, shares: int) -> list[str]:
    """The shares of a secret of 32 bytes.

    Raises:
        Refused: numbers that cannot be: 2 <= needed <= shares <= 16.
    """
    if not 2 <= needed <= shares <= MOST:
        raise Refused(f"a key is split 2 <= needed <= shares <= {MOST}, not {needed} of {shares}")
    return list(generate_mnemonics(1, [(needed, shares)], secret)[0])


def restore(shares: Sequence[tuple[str, str]]) -> bytes:
    """The secret of enough shares, each with the name of where it was read.

    Raises:
        Refused: which share cannot be read, how many are missing, or that they are of different
            splittings.
    """
    read: dict[int, str] = {}
    identifier, needed = None, 0
    for place, words in shares:
        try:
            share = Share.from_mnemonic(normal(words))
        except (MnemonicError, ValueError) as error:
            raise Refused(f"{place}: not a share: {error}") from error
        if identifier is not None and share.identifier != identifier:
            raise Refused(f"{place}: this share is of another splitting than the first one")
        identifier, needed = share.identifier, share.member_threshold
        read[share.index] = normal(words)
    if len(read) < needed or not read:
        raise Refused(f"{len(read)} different shares were given and {needed or 'more'} are needed")
    try:
        return bytes(combine_mnemonics(list(read.values())[:needed]))
    except MnemonicError as error:
        raise Refused(f"the shares do not make a key: {error}") from error


def number_of(words: str) -> int:
    """Which share it is, from 1."""
    try:
        return int(Share.from_mnemonic(normal(words)).index) + 1
    except (MnemonicError, ValueError) as error:
        raise Refused(f"not a share: {error}") from error


def answer(words: str, year: int) -> str:
    """What a holder answers in a year, 64 hexadecimal digits; made where the share is kept."""
    return hashlib.sha256(f"sonae-share/1\n{year}\n{normal(words)}\n".encode()).hexdigest()


def commitment(words: str, year: int) -> str:
    """What the register holds of a year's answer."""
    return commitment_of(answer(words, year))


def commitment_of(answered: str) -> str:
    """The commitment that an answer must have."""
    return hashlib.sha256(bytes.fromhex(answered)).hexdigest()
