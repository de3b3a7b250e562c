"""Signed notes, checkpoints of a log, and cosignatures of witnesses, as C2SP defines them.

A note is a text, an empty line, and one line for each signature. A checkpoint is a note of the log
whose text says origin, size and root. A witness signs the same text and the second at which it had
seen no longer log; who trusts a few witnesses cannot be shown two logs.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sonae.core.chain import Signer, Verifier
from sonae.core.text import Text
from sonae.seal.tlog import Head, LogError

ED25519, COSIGNATURE = 1, 4
"""Types of signature: of the text itself, and of the text and a time."""
MOST_SIGNATURES = 100
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """What a checkpoint says: whose log, its size and root, and lines that are only signed."""

    origin: str
    head: Head
    extensions: tuple[str, ...] = ()


def key_id(name: str, public: bytes, kind: int = ED25519) -> bytes:
    """The four bytes that, with the name, say which key made a signature.

    >>> key_id("example.com/log", bytes(32)).hex()
    'a3ad76db'
    """
    return hashlib.sha256(_name(name) + b"\n" + bytes([kind]) + _thirty_two(public)).digest()[:4]


def verifier_key(name: str, public: bytes, kind: int = ED25519) -> str:
    """The public key as other programs for notes take it: name, id and key in one word."""
    material = b64encode(bytes([kind]) + public).decode()
    return f"{name}+{key_id(name, public, kind).hex()}+{material}"


def read_verifier_key(text: str) -> tuple[str, bytes, int]:
    """Name, public key and type out of such a word."""
    name, _, rest = text.partition("+")
    key = from_base64(rest.partition("+")[2], "a public key")
    if len(key) != 33 or key[0] not in (ED25519, COSIGNATURE):
        raise LogError(f"the public key of {name} is not of a type that is known here")
    if verifier_key(name, key[1:], key[0]) != text:
        raise LogError(f"the public key of {name} does not have the id that stands beside it")
    return name, key[1:], key[0]


def sign_note(text: str, name: str, signer: Signer) -> bytes:
    """The note of a text, signed by one key under a name."""
    signature = signer.sign(_body(text))
    return _body(text) + b"\n" + _line(name, signer, ED25519, signature)


def open_note(
    note: bytes, keys: Mapping[str, bytes], verify: Verifier
) -> tuple[str, tuple[str, ...]]:
    """The text of a note and who of `keys` (name -> public key) signed it, at least one.

    Signatures by other keys are passed over; one that is wrong under a known key refuses the note.
    """
    text, signed = _parse(note)
    names = []
    for name, rest in _of(signed, keys, ED25519):
        _must(name, len(rest) == 64 and verify(keys[name], rest, text.encode()))
        names.append(name)
    if not names:
        raise LogError(Text("既知の鍵による署名がない", "no known key has signed the note"))
    return text, tuple(dict.fromkeys(names))


def checkpoint(origin: str, head: Head, *extensions: str) -> str:
    """The text of a checkpoint."""
    text = "\n".join((origin, str(head.size), b64encode(head.root).decode(), *extensions, ""))
    if read_checkpoint(text) != Checkpoint(origin, head, extensions):
        raise LogError("a line of a checkpoint cannot hold a line break")
    return text


def read_checkpoint(text: str) -> Checkpoint:
    """What the text of a checkpoint says; open the note first."""
    lines = _body(text).decode().split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise LogError(
            Text(
                "チェックポイントではない：3行に満たないか、空の行がある",
                "not a checkpoint: fewer than three lines, or an empty one",
            )
        )
    if not _SIZE.fullmatch(lines[1]):
        raise LogError(
            Text(
                f"チェックポイントではない：ログの件数でない行がある（{lines[1]}）",
                f"not a checkpoint: no size of a log: {lines[1]}",
            )
        )
    root = from_base64(lines[2], "the root of a checkpoint")
    if len(root) != 32:
        raise LogError(
            Text(
                "チェックポイントではない：根が32バイトでない",
                "not a checkpoint: the root is not of 32 bytes",
            )
        )
    return Checkpoint(lines[0], Head(int(lines[1]), root), tuple(lines[3:]))


def open_checkpoint(note: bytes, origin: str, public: bytes, verify: Verifier) -> Checkpoint:
    """The checkpoint of a log, signed under its origin by its key."""
    found = read_checkpoint(open_note(note, {origin: public}, verify)[0])
    if found.origin != origin:
        raise LogError(
            Text(
                f"チェックポイントは{found.origin}のログのもので、{origin}のものではない",
                f"a checkpoint of the log {found.origin}, not of {origin}",
            )
        )
    return found


def cosign(note: bytes, name: str, signer: Signer, at: int) -> bytes:
    """The checkpoint with the cosignature of a witness added, at a time in seconds since 1970.

    A witness signs only what it has checked: the log's own signature, and that the log begins with
    the largest one it cosigned before (`check_consistency`).
    """
    text, _ = _parse(note)
    read_checkpoint(text)
    signature = signer.sign(_timed(text, at))
    return note + _line(name, signer, COSIGNATURE, at.to_bytes(8, "big") + signature)


def cosigners(note: bytes, keys: Mapping[str, bytes], verify: Verifier) -> dict[str, int]:
    """Which witnesses of `keys` cosigned a checkpoint, and when; the latest of each."""
    text, signed = _parse(note)
    read_checkpoint(text)
    found: dict[str, int] = {}
    for name, rest in _of(signed, keys, COSIGNATURE):
        at = int.from_bytes(rest[:8], "big")
        _must(name, len(rest) == 72 and verify(keys[name], rest[8:], _timed(text, at)))
        found[name] = max(at, found.get(name, 0))
    return found


def _timed(text: str, at: int) -> bytes:
    """What a witness signs."""
    if not 0 <= at < 1 << 63:
        raise LogError(f"{at} is no time of a cosignature")
    return b"cosignature/v1\ntime %d\n" % at + text.encode()


def _of(
    signed: list[tuple[str, bytes]], keys: Mapping[str, bytes], kind: int
) -> Iterator[tuple[str, bytes]]:
    """The signatures by known keys, without the ids."""
    for name, rest in signed:
        if name in keys and rest[:4] == key_id(name, keys[name], kind):
            yield name, rest[4:]


def _must(name: str, good: bool) -> None:
    if not good:
        raise LogError(
            Text(
                f"{name}の署名が、その鍵によるこの文への署名ではない",
                f"the signature of {name} is not that of its key over this text",
            )
        )


def _line(name: str, signer: Signer, kind: int, signature: bytes) -> bytes:
    identified = key_id(name, signer.public, kind) + signature
    return b"\xe2\x80\x94 " + _name(name) + b" " + b64encode(identified) + b"\n"


def _parse(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """The text, and name and bytes of each signature."""
    try:
        text, gap, block = note.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError as error:
        raise LogError(
            Text("署名付きの文ではない：UTF-8でない", "not a note: not UTF-8")
        ) from error
    lines = block.split("\n")
    if not gap or len(lines) < 2 or lines.pop():
        raise LogError(
            Text(
                "署名付きの文ではない：空の行の後に署名がない",
                "not a note: no signature after an empty line",
            )
        )
    if len(lines) > MOST_SIGNATURES:
        raise LogError(
            Text(
                f"署名が{MOST_SIGNATURES}件を超える",
                f"a note with more than {MOST_SIGNATURES} signatures",
            )
        )
    _body(text + "\n")
    signed = []
    for line in lines:
        dash, name, word = (*line.split(" "), "", "")[:3]
        if dash != "—" or line != f"— {name} {word}":
            raise LogError(
                Text(
                    f"署名付きの文ではない：署名でない行がある（{line}）",
                    f"not a note: not a signature: {line}",
                )
            )
        _name(name)
        signed.append((name, from_base64(word, f"the signature of {name}")))
        if len(signed[-1][1]) < 5:
            raise LogError(Text(f"{name}の署名が短すぎる", f"the signature of {name} is too short"))
    return text + "\n", signed


def _body(text: str) -> bytes:
    """The text as bytes, if a note can hold it."""
    body = _utf8(text)
    if not text.endswith("\n") or any(byte < 32 and byte != 10 for byte in body):
        raise LogError(
            Text(
                "文は改行で終わり、ほかの制御文字を含まないものでなければならない",
                "the text of a note ends a line and holds no other control character",
            )
        )
    return body


def _name(name: str) -> bytes:
    if not name or "+" in name or any(c.isspace() or ord(c) < 32 for c in name):
        raise LogError(
            Text(
                f"鍵の名前として使えない：{name!r}（空白と+は使えない）",
                f"no name for a key: {name!r} (no spaces, no plus)",
            )
        )
    return _utf8(name)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise LogError("a text that UTF-8 cannot write") from error


def _thirty_two(public: bytes) -> bytes:
    if len(public) != 32:
        raise LogError("a public key that is not of 32 bytes")
    return public


def from_base64(word: str, what: str) -> bytes:
    """The bytes of a word in base64, in its one canonical form."""
    try:
        found = b64decode(word.encode("ascii"), validate=True)
    except ValueError as error:
        raise LogError(f"{what} is not base64") from error
    if b64encode(found).decode() != word:
        raise LogError(f"{what} is not base64 in its canonical form")
    return found
