"""Signature files of minisign, also against the program itself where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from hashlib import blake2b
from pathlib import Path

import pytest

from sonae.actions.keys import verify_signature as verify
from sonae.seal.minisign import (
    PublicKey,
    check,
    id_text,
    public_file,
    public_key,
    read_public,
    signature_file,
)
from sonae.seal.tlog import LogError
from tests.seal.keys import TestKey, flipped

KEY, OTHER = TestKey("ours"), TestKey("another")
OURS = public_key(KEY.public)
MESSAGE = b"a header\n"
TRUSTED = "2026-11-20 負債の証明 header 42"
SIGNED = signature_file(MESSAGE, KEY, TRUSTED)
MINISIGN = shutil.which("minisign")
program = pytest.mark.skipif(MINISIGN is None, reason="minisign is not installed")


def test_a_signature_gives_its_trusted_comment() -> None:
    assert check(MESSAGE, SIGNED, OURS, verify) == TRUSTED
    assert check(b"", signature_file(b"", KEY, ""), OURS, verify) == ""
    assert check(MESSAGE, SIGNED.removesuffix(b"\n"), OURS, verify) == TRUSTED


def test_the_public_file_gives_the_key_and_its_id() -> None:
    file = public_file(KEY.public)
    assert read_public(file) == OURS
    assert file.startswith(b"untrusted comment: minisign public key " + id_text(OURS).encode())


def test_no_changed_byte_is_accepted_but_of_the_comment_that_is_not_signed() -> None:
    free = range(len("untrusted comment: "), SIGNED.index(b"\n"))
    for at, bad in enumerate(flipped(SIGNED)):
        if at in free:
            continue
        with pytest.raises(LogError):
            check(MESSAGE, bad, OURS, verify)


def test_each_failure_says_what_fails() -> None:
    lines = SIGNED.split(b"\n")
    other = signature_file(MESSAGE, KEY, "another comment").split(b"\n")
    mixed = b"\n".join((*lines[:2], other[2], lines[3], b""))
    for message, signature, key, words in (
        (b"another", SIGNED, OURS, "not that of the key over this file"),
        (MESSAGE, SIGNED, public_key(OTHER.public), "by key .*, not by"),
        (MESSAGE, SIGNED, PublicKey(OTHER.public, OURS.id), "not that of the key over this file"),
        (MESSAGE, mixed, OURS, "not the one that was signed"),
        (MESSAGE, SIGNED.replace(lines[1], b"RW" + lines[1][2:]), OURS, "algorithm ED"),
        (MESSAGE, SIGNED + b"more\n", OURS, "5 lines, not 4"),
        (MESSAGE, b"\xff" + SIGNED, OURS, "UTF-8"),
        (MESSAGE, SIGNED.replace(b"\n", b"\r\n"), OURS, "minisign"),
        (MESSAGE, SIGNED.replace(lines[3], b"AAAA"), OURS, "3 bytes, not 64"),
    ):
        with pytest.raises(LogError, match=words):
            check(message, signature, key, verify)


def test_a_comment_that_would_end_its_line_or_is_too_long_is_not_signed() -> None:
    for trusted, untrusted in (("a\nb", "c"), ("a", "b\nc"), ("a" * 8190, "c"), ("a", "b" * 1010)):
        with pytest.raises(LogError):
            signature_file(MESSAGE, KEY, trusted, untrusted)


def test_what_is_signed_is_the_digest_and_the_signature_with_its_comment() -> None:
    asked = []

    def ask(public: bytes, signature: bytes, message: bytes) -> bool:
        asked.append(message)
        return verify(public, signature, message)

    check(MESSAGE, SIGNED, OURS, ask)
    assert asked == [
        blake2b(MESSAGE).digest(),
        KEY.sign(blake2b(MESSAGE).digest()) + TRUSTED.encode(),
    ]


def minisign(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    assert MINISIGN is not None
    command = [MINISIGN, *map(str, words)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@program
@pytest.mark.parametrize("trusted", [TRUSTED, "", "a\ttab and a space ", "x" * 8173])
def test_the_program_accepts_what_is_signed_here(tmp_path: Path, trusted: str) -> None:
    (tmp_path / "header").write_bytes(MESSAGE)
    (tmp_path / "header.minisig").write_bytes(signature_file(MESSAGE, KEY, trusted, "u" * 1003))
    (tmp_path / "key.pub").write_bytes(public_file(KEY.public))
    said = minisign("-V", "-m", "header", "-p", "key.pub", folder=tmp_path)
    assert said.returncode == 0, said.stderr
    assert f"Trusted comment: {trusted}\n" in said.stdout
    word = public_file(KEY.public).decode().split("\n")[1]
    assert minisign("-V", "-m", "header", "-P", word, folder=tmp_path).returncode == 0
    (tmp_path / "header").write_bytes(MESSAGE + b".")
    assert minisign("-V", "-m", "header", "-P", word, folder=tmp_path).returncode == 1


@program
def test_what_the_program_signs_is_accepted_here(tmp_path: Path) -> None:
    made = minisign("-G", "-W", "-p", "key.pub", "-s", "key.sec", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    (tmp_path / "header").write_bytes(MESSAGE)
    said = minisign("-S", "-s", "key.sec", "-t", TRUSTED, "-m", "header", folder=tmp_path)
    assert said.returncode == 0, said.stderr
    key = read_public((tmp_path / "key.pub").read_bytes())
    assert id_text(key) in (tmp_path / "key.pub").read_text("utf-8")
    assert check(MESSAGE, (tmp_path / "header.minisig").read_bytes(), key, verify) == TRUSTED
    minisign("-S", "-s", "key.sec", "-m", "header", folder=tmp_path)  # with its own comment
    own = check(MESSAGE, (tmp_path / "header.minisig").read_bytes(), key, verify)
    assert own.startswith("timestamp:")
    legacy = minisign("-S", "-l", "-s", "key.sec", "-m", "header", folder=tmp_path)
    assert legacy.returncode == 0, legacy.stderr
    with pytest.raises(LogError, match="algorithm ED"):
        check(MESSAGE, (tmp_path / "header.minisig").read_bytes(), key, verify)
