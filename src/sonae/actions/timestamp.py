"""Time-stamps by an outside authority (RFC 3161): what to send it, and what its reply proves.

Nothing is sent from here. The request is a file of 59 bytes that is the same whenever it is made;
it goes to any authority by any means, and the reply is kept beside what was stamped. Without
Sonae, `openssl ts -verify` checks the same reply.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    PKIStatus,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from sonae.core.errors import UsageError

SHA256 = "2.16.840.1.101.3.4.2.1"
_BEFORE = bytes.fromhex("30390201013031300d060960864801650304020105000420")
_AFTER = bytes.fromhex("0101ff")
"""DER around the digest: version 1, SHA-256, and the wish for the authority's own certificate."""

_REASONS = re.compile(r'(?:reason|data): "([^"]+)"')
"""What matters in an error of OpenSSL."""


def request(digest: bytes) -> bytes:
    """The request to stamp what has this SHA-256 digest (a TimeStampReq in DER).

    It has no nonce, which would only make two requests for one digest differ.
    """
    if len(digest) != 32:
        raise UsageError(f"a digest of {len(digest)} bytes; SHA-256 has 32")
    return _BEFORE + digest + _AFTER


def check(reply: bytes, digest: bytes, roots: Sequence[bytes]) -> datetime:
    """The time at which the authority saw the digest; a UsageError names the step that fails.

    `roots` are certificates in PEM, by other means known to be those of the authority; those
    between a root and the authority may stand among them. They hold at the time of the stamp.
    """
    certificates = _certificates(roots)
    try:
        answer = decode_timestamp_response(reply)
    except ValueError as error:
        raise UsageError(f"not a time-stamp reply in DER: {error}") from error
    try:
        if answer.status != PKIStatus.GRANTED:
            raise UsageError(f"the authority gave no time-stamp: status {answer.status}")
        _same_digest(answer, digest)
        VerifierBuilder(roots=certificates).build().verify(answer, digest)
        return answer.tst_info.gen_time
    except (VerificationError, ValueError) as error:
        why = ": ".join(_REASONS.findall(str(error))) or error
        raise UsageError(f"the time-stamp is not signed under these roots: {why}") from error


def _certificates(roots: Sequence[bytes]) -> list[Certificate]:
    try:
        found = [one for root in roots for one in load_pem_x509_certificates(root)]
    except ValueError as error:
        raise UsageError(f"the certificates of the authority cannot be read: {error}") from error
    if not found:
        raise UsageError("no certificate of the authority to check a time-stamp with")
    return found


def _same_digest(answer: TimeStampResponse, digest: bytes) -> None:
    imprint = answer.tst_info.message_imprint
    if imprint.hash_algorithm.dotted_string != SHA256 or imprint.message != digest:
        raise UsageError("the time-stamp is over another digest")
