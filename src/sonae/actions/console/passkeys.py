"""Passkeys (WebAuthn Level 3): registering one, and proof that its owner is there and willing.

User verification (a finger, a PIN at the key itself) is always required. A passkey that is copied
to an account in a cloud is refused: whoever takes that account over, by a stolen telephone number
for one, would have the key (the standard's flag BE, "backup eligible").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from sonae.core.errors import Refused, UsageError
from sonae.core.text import Text

REQUIRED = UserVerificationRequirement.REQUIRED
Json = dict[str, Any]
NOT_GOOD = Text(
    "パスキーの応答を確認できない。もう一度行う",
    "the passkey's answer does not hold; try again",
)
SYNCED = Text(
    "クラウドに同期されるパスキーは使えない。端末から出ない鍵（セキュリティキーなど）で登録する",
    "a passkey that is synced to a cloud is refused; register one that never leaves its device, "
    "such as a security key",
)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered passkey: id and public key (COSE) in hexadecimal, and its counter."""

    id: str
    public_key: str
    sign_count: int


class Passkeys:
    """Passkeys for one address of the console, such as https://console.example.

    Raises:
        UsageError: browsers allow passkeys only on https, and on http for localhost.
    """

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        secure = parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")
        if not secure or not host or parts.path or parts.query or host.replace(".", "").isdigit():
            raise UsageError(f"{origin} is no https://NAME (http://localhost only on this machine)")
        self.origin, self.host, self.https = origin, host, parts.scheme == "https"

    def creation(
        self, handle: bytes, user: str, name: str, challenge: bytes, had: list[str]
    ) -> Json:
        """What the browser is asked to register; `had` are ids of passkeys that are known."""
        options = generate_registration_options(
            rp_id=self.host,
            rp_name="Sonae",
            user_id=handle,
            user_name=user,
            user_display_name=name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
            ),
            exclude_credentials=[_descriptor(id) for id in had],
        )
        found: Json = json.loads(options_to_json(options))
        return found

    def created(self, credential: Json, challenge: bytes) -> Passkey:
        """The passkey that was registered in answer to a challenge.

        Raises:
            Refused: the answer does not hold, or the passkey leaves its device.
        """
        try:
            found = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.host,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except Exception as error:  # whatever its parsers trip over, the answer does not hold
            raise Refused(NOT_GOOD) from error
        if found.credential_device_type is not CredentialDeviceType.SINGLE_DEVICE:
            raise Refused(SYNCED)
        return Passkey(
            found.credential_id.hex(), found.credential_public_key.hex(), found.sign_count
        )

    def request(self, challenge: bytes, known: list[str]) -> Json:
        """What the browser is asked to confirm with a passkey; any of ours where none is named."""
        options = generate_authentication_options(
            rp_id=self.host,
            challenge=challenge,
            allow_credentials=[_descriptor(id) for id in known] or None,
            user_verification=REQUIRED,
        )
        found: Json = json.loads(options_to_json(options))
        return found

    def confirmed(self, credential: Json, challenge: bytes, passkey: Passkey) -> int:
        """The passkey's new counter, where it answered this very challenge.

        Raises:
            Refused: it did not.
        """
        try:
            found = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.host,
                expected_origin=self.origin,
                credential_public_key=bytes.fromhex(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except Exception as error:  # whatever its parsers trip over, the answer does not hold
            raise Refused(NOT_GOOD) from error
        return found.new_sign_count


def named(credential: Mapping[str, Any]) -> str:
    """The id that an answer gives, in hexadecimal; empty where it gives none."""
    try:
        return base64url_to_bytes(str(credential.get("rawId", ""))).hex()
    except ValueError:
        return ""


def _descriptor(id: str) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=bytes.fromhex(id))
