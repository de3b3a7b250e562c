"""Signed notes, checkpoints and cosignatures, against notes of other programs and their own."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.actions.keys import verify_signature as verify
from sonae.seal.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    checkpoint,
    cosign,
    cosigners,
    key_id,
    open_checkpoint,
    open_note,
    read_checkpoint,
    read_verifier_key,
    sign_note,
    verifier_key,
)
from sonae.seal.tlog import Head, LogError, head
from tests.seal.keys import TestKey, flipped

# The notes with which Go's reference implementation tests itself: two keys, one text.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
PETER_KEY = TestKey(b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:])
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
    "Zb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33"
    "WWd1RvMc+QQ=\n"
)
BOTH = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}".encode()
PETER_KEYS = {"PeterNeumann": PETER_KEY.public}
BOTH_KEYS = {**PETER_KEYS, "EnochRoot": read_verifier_key(ENOCH)[1]}
# The checkpoint of the specification, cosigned by a witness.
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
SOFA_LINES = (
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv"
    "2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
    "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG, W1, W2 = TestKey("log"), TestKey("w1"), TestKey("w2")
NAME = "log.example/solvency"
KEYS = {NAME: LOG.public}
WITNESSES = {"w.example/1": W1.public, "w.example/2": W2.public}
HEAD = head([b"day 1", b"day 2"])
NOTE = sign_note(checkpoint(NAME, HEAD), NAME, LOG)
COSIGNED = cosign(cosign(NOTE, "w.example/1", W1, 1_800_000_000), "w.example/2", W2, 1_800_000_060)


def test_a_key_id_and_a_key_in_one_word_are_those_of_the_reference() -> None:
    for word in (PETER, ENOCH):
        name, public, kind = read_verifier_key(word)
        assert kind == ED25519
        assert verifier_key(name, public) == word
    witness = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    name, public, kind = read_verifier_key(witness)
    assert (kind, key_id(name, public, kind).hex()) == (COSIGNATURE, "da77ade7")


def test_no_changed_or_shortened_key_is_read() -> None:
    for bad in [*flipped(PETER.encode()), *(PETER.encode()[:end] for end in range(len(PETER)))]:
        with pytest.raises(LogError):
            read_verifier_key(bad.decode("latin-1"))
    for word in (  # a longer key, and another algorithm, each with the id that fits it
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ):
        with pytest.raises(LogError):
            read_verifier_key(word)


def test_a_note_is_signed_to_the_byte_as_the_reference_signs_it() -> None:
    assert sign_note(TEXT, "PeterNeumann", PETER_KEY) == f"{TEXT}\n{PETER_LINE}".encode()


def test_a_note_of_the_reference_opens_for_who_knows_one_of_its_keys() -> None:
    assert open_note(BOTH, PETER_KEYS, verify) == (TEXT, ("PeterNeumann",))
    assert open_note(BOTH, BOTH_KEYS, verify) == (TEXT, ("PeterNeumann", "EnochRoot"))
    twice = f"{TEXT}\n{PETER_LINE}{PETER_LINE}".encode()
    assert open_note(twice, PETER_KEYS, verify) == (TEXT, ("PeterNeumann",))


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    for keys in ({}, {"PeterNeumann": bytes(32)}, {"Peter": PETER_KEY.public}):
        with pytest.raises(LogError, match="no known key"):
            open_note(BOTH, keys, verify)


@pytest.mark.parametrize(
    "bad",
    [
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{PETER_LINE}"[:-1],
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE}".replace("\n", "\r\n"),
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad+Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad　Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', '')}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE}— Peter AAAA\n",
        f"{TEXT}\n{PETER_LINE}— Peter AAAAAAB=\n",
        f"{TEXT}\n{PETER_LINE}— Peter !!!!\n",
        f"{TEXT}\n{PETER_LINE[:60]}ABCD{PETER_LINE[60:]}",
        f"{TEXT}\n{PETER_LINE * 101}",
    ],
)
def test_a_malformed_note_is_refused(bad: str) -> None:
    with pytest.raises(LogError):
        open_note(bad.encode(), PETER_KEYS, verify)


def test_a_note_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(LogError, match="UTF-8"):
        open_note(b"\xff" + BOTH, PETER_KEYS, verify)


def test_a_wrong_signature_of_a_known_key_refuses_the_note_though_another_is_right() -> None:
    wrong = BOTH.replace(b"5n2tiOHp", b"5n2tiOHq")
    assert open_note(wrong, PETER_KEYS, verify)[1] == ("PeterNeumann",)
    with pytest.raises(LogError, match="signature of EnochRoot"):
        open_note(wrong, BOTH_KEYS, verify)


@pytest.mark.parametrize("text", ["", "no line end", "a\tb\n", "a\r\n", "\udc80\n"])
def test_what_is_no_text_of_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(LogError):
        sign_note(text, "name", LOG)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x1fb", "\udc80"])
def test_what_is_no_name_signs_nothing(name: str) -> None:
    with pytest.raises(LogError):
        sign_note("text\n", name, LOG)


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was_signed(text: str) -> None:
    for signed in (f"{text}\n", f"{text}\n\n{text}\n", f"{text}\n\n"):
        assert open_note(sign_note(signed, NAME, LOG), KEYS, verify) == (signed, (NAME,))


def test_the_checkpoint_of_the_specification_is_read_and_made() -> None:
    found = read_checkpoint(SOFA)
    assert (found.origin, found.head.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint(found.origin, found.head) == SOFA
    assert read_checkpoint(f"{SOFA}more\n").extensions == ("more",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SOFA[:-1],
        SOFA.replace("20852163", "020852163"),
        SOFA.replace("20852163", "+20852163"),
        SOFA.replace("20852163", "２０"),
        SOFA.replace("20852163", "9" * 20),
        SOFA.replace("20852163\n", ""),
        SOFA.replace("example.com/behind-the-sofa", ""),
        SOFA.replace("q2I=", "q2J="),
        SOFA.replace("q2I=", ""),
        f"{SOFA}\n",
        f"{SOFA}\nmore\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(LogError):
        read_checkpoint(text)


def test_a_checkpoint_with_a_line_break_in_a_line_is_not_made() -> None:
    for origin, extension in (("a\nb", "c"), ("a", "b\nc"), ("", "c"), ("a", "")):
        with pytest.raises(LogError):
            checkpoint(origin, HEAD, extension)


def test_a_checkpoint_opens_with_the_key_of_its_log_only() -> None:
    assert open_checkpoint(NOTE, NAME, LOG.public, verify) == Checkpoint(NAME, HEAD)
    assert open_checkpoint(COSIGNED, NAME, LOG.public, verify).head == HEAD
    for origin, public in ((NAME, W1.public), ("other", LOG.public)):
        with pytest.raises(LogError, match="no known key"):
            open_checkpoint(NOTE, origin, public, verify)
    lent = sign_note(checkpoint("other", HEAD), NAME, LOG)
    with pytest.raises(LogError, match="of the log other, not of"):
        open_checkpoint(lent, NAME, LOG.public, verify)


def test_the_time_of_a_cosignature_of_the_specification_is_read() -> None:
    """Its key is not published, so the check is that the right bytes are asked about."""
    asked = []

    def ask(public: bytes, signature: bytes, message: bytes) -> bool:
        asked.append(message)
        return len(signature) == 64

    note = f"{SOFA}\n{SOFA_LINES}".encode()
    name = "witness.example.com/w1"
    assert cosigners(note, {name: bytes(32)}, ask) == {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sonae.seal.note.key_id", lambda *_: bytes.fromhex("8d66cf3f"))
        assert cosigners(note, {name: bytes(32)}, ask) == {name: 1_679_315_147}
    assert asked == [f"cosignature/v1\ntime 1679315147\n{SOFA}".encode()]


def test_witnesses_are_told_with_the_time_each_signed() -> None:
    times = {"w.example/1": 1_800_000_000, "w.example/2": 1_800_000_060}
    assert cosigners(COSIGNED, WITNESSES, verify) == times
    assert cosigners(COSIGNED, {"w.example/2": W2.public}, verify) == {"w.example/2": 1_800_000_060}
    assert cosigners(NOTE, WITNESSES, verify) == {}
    later = cosign(COSIGNED, "w.example/1", W1, 1_800_000_120)
    assert cosigners(later, WITNESSES, verify)["w.example/1"] == 1_800_000_120


def test_a_cosignature_is_not_the_signature_of_a_log_nor_the_reverse() -> None:
    own = cosign(NOTE, NAME, LOG, 5)
    assert cosigners(own, KEYS, verify) == {NAME: 5}
    assert cosigners(NOTE, KEYS, verify) == {}
    with pytest.raises(LogError, match="no known key"):
        open_note(COSIGNED, WITNESSES, verify)


def test_only_a_checkpoint_is_cosigned_and_at_a_time_that_can_be_written() -> None:
    with pytest.raises(LogError, match="not a checkpoint"):
        cosign(BOTH, "w.example/1", W1, 1)
    for at in (-1, 1 << 63):
        with pytest.raises(LogError, match="no time"):
            cosign(NOTE, "w.example/1", W1, at)


def test_no_changed_byte_of_a_cosigned_checkpoint_goes_unseen() -> None:
    """A signature may lose its name or id and be unknown then; nothing else may differ."""
    for bad in flipped(COSIGNED):
        try:
            found = open_checkpoint(bad, NAME, LOG.public, verify)
            times = cosigners(bad, WITNESSES, verify)
        except LogError:
            continue
        assert found == Checkpoint(NAME, HEAD)
        assert len(times) == 1
        assert times.items() < cosigners(COSIGNED, WITNESSES, verify).items()


def test_a_head_of_a_size_beyond_any_log_is_not_written() -> None:
    with pytest.raises(LogError):
        checkpoint(NAME, Head(10**19, HEAD.root))
