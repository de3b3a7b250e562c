"""Time-stamps against a small authority of our own, made with openssl."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from sonae.actions.timestamp import check, request
from sonae.core.errors import UsageError
from tests.seal.keys import flipped

MESSAGE = b"a header\n"
DIGEST = sha256(MESSAGE).digest()
SETTINGS = """[tsa]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
ordering = no
tsa_name = no
ess_cert_id_chain = no
[stamp]
extendedKeyUsage = critical,timeStamping
[plain]
basicConstraints = CA:false
[between]
basicConstraints = critical,CA:true
"""


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Authority:
    """A root, an authority under it, one under an authority between, and another root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "settings").write_text(SETTINGS, "utf-8")
        (folder / "serial").write_text("01\n", "utf-8")
        for name in ("root", "other"):
            self._new(name, "-x509", "-days", "2", "-out", f"{name}.crt")
        self._signed("between", "root", "between")
        self._signed("stamper", "root", "stamp")
        self._signed("below", "between", "stamp")
        self._signed("plain", "root", "plain")

    def _new(self, name: str, *words: str) -> None:
        made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name)
        run(self.folder, "req", *made, "-subj", f"/CN={name}", *words)

    def _signed(self, name: str, by: str, section: str) -> None:
        self._new(name, "-out", "wish")
        signer = ("-CA", f"{by}.crt", "-CAkey", by, "-CAcreateserial", "-days", "2")
        use = ("-extfile", "settings", "-extensions", section)
        run(self.folder, "x509", "-req", "-in", "wish", "-out", f"{name}.crt", *signer, *use)

    def certificate(self, name: str) -> bytes:
        return (self.folder / f"{name}.crt").read_bytes()

    def reply(self, wish: bytes, by: str = "stamper", *words: str) -> bytes:
        (self.folder / "wish.tsq").write_bytes(wish)
        signer = ("-signer", f"{by}.crt", "-inkey", by, "-queryfile", "wish.tsq", "-out", "r.tsr")
        run(self.folder, "ts", "-reply", "-config", "settings", "-section", "tsa", *signer, *words)
        return (self.folder / "r.tsr").read_bytes()

    def signed(self, statement: str, by: str) -> bytes:
        """A reply around any statement, signed by any key."""
        what = ("-econtent_type", "1.2.840.113549.1.9.16.1.4", "-in", statement)
        form = ("-binary", "-nodetach", "-cades", "-nosmimecap", "-outform", "DER")
        signer = ("-signer", f"{by}.crt", "-inkey", by, "-out", "signed")
        run(self.folder, "cms", "-sign", *what, *form, *signer)
        token = (self.folder / "signed").read_bytes()
        content = bytes.fromhex("3003020100") + token
        return b"\x30\x82" + len(content).to_bytes(2, "big") + content


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def reply(authority: Authority) -> bytes:
    return authority.reply(request(DIGEST))


def test_a_request_is_the_same_bytes_that_the_library_makes_of_the_message() -> None:
    library = TimestampRequestBuilder(MESSAGE, HashAlgorithm.SHA256, nonce=False).build()
    assert request(DIGEST) == library.as_bytes()
    with pytest.raises(UsageError, match="20 bytes"):
        request(bytes(20))


def test_openssl_reads_the_request(authority: Authority) -> None:
    (authority.folder / "read.tsq").write_bytes(request(DIGEST))
    text = run(authority.folder, "ts", "-query", "-in", "read.tsq", "-text")
    assert "Hash Algorithm: sha256" in text
    assert "Nonce: unspecified" in text
    assert "Certificate required: yes" in text


def test_a_reply_tells_when_the_digest_was_seen(authority: Authority, reply: bytes) -> None:
    at = check(reply, DIGEST, [authority.certificate("root")])
    assert timedelta(0) <= datetime.now(UTC) - at < timedelta(minutes=5)
    both = authority.certificate("other") + authority.certificate("root")
    assert check(reply, DIGEST, [both]) == at


def test_openssl_agrees_without_sonae(authority: Authority, reply: bytes) -> None:
    (authority.folder / "kept.tsr").write_bytes(reply)
    words = ("ts", "-verify", "-digest", DIGEST.hex(), "-in", "kept.tsr", "-CAfile", "root.crt")
    assert "Verification: OK" in run(authority.folder, *words)


def test_an_authority_below_another_needs_both_certificates(authority: Authority) -> None:
    stamped = authority.reply(request(DIGEST), "below")
    root, between = authority.certificate("root"), authority.certificate("between")
    check(stamped, DIGEST, [root, between])
    for roots in ([root], [between]):
        with pytest.raises(UsageError, match=r"not signed under these roots: .* get .*issuer"):
            check(stamped, DIGEST, roots)


def test_another_digest_another_root_and_no_root_are_refused(
    authority: Authority, reply: bytes
) -> None:
    root = authority.certificate("root")
    for digest, roots, words in (
        (sha256(b"another").digest(), [root], "another digest"),
        (DIGEST, [authority.certificate("other")], "not signed under these roots"),
        (DIGEST, [], "no certificate"),
        (DIGEST, [b"not a certificate"], "cannot be read"),
    ):
        with pytest.raises(UsageError, match=words):
            check(reply, digest, roots)


def test_no_changed_byte_of_a_reply_gives_another_time(authority: Authority, reply: bytes) -> None:
    """A few bytes of the envelope are not signed (versions, a name of the algorithm)."""
    roots = [authority.certificate("root")]
    at, free = check(reply, DIGEST, roots), 0
    for bad in [*flipped(reply), reply[:-1], reply + b"\0", b""]:
        try:
            assert check(bad, DIGEST, roots) == at
            free += 1
        except UsageError:
            continue
    assert free <= 12


def test_an_authority_that_declines_is_told_apart(authority: Authority) -> None:
    wish = TimestampRequestBuilder(MESSAGE, HashAlgorithm.SHA512, nonce=False).build().as_bytes()
    with pytest.raises(UsageError, match="gave no time-stamp: status 2"):
        check(authority.reply(wish), DIGEST, [authority.certificate("root")])


def test_a_key_of_the_authority_for_another_purpose_makes_no_time_stamp(
    authority: Authority, reply: bytes
) -> None:
    """Openssl does not stamp with such a key, so the same statement is signed without its help."""
    start = reply.index(b"\x02\x01\x01\x06\x03\x2a\x03\x04") - 2
    (authority.folder / "statement").write_bytes(reply[start : start + 2 + reply[start + 1]])
    roots = [authority.certificate("root")]
    assert check(authority.signed("statement", "stamper"), DIGEST, roots)
    with pytest.raises(UsageError, match="unsuitable certificate purpose"):
        check(authority.signed("statement", "plain"), DIGEST, roots)
