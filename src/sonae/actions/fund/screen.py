"""Acts on a screen: built here to the byte, signed in the person's browser, recorded here, once.

The person's act key (Ed25519) never leaves the browser that made it; its public half stands in the
fund's constitution, so the ledger judges a screen's act like any other. Besides that signature the
person's passkey answers a challenge that is the SHA-256 of the same bytes; that answer is kept
beside the ledger, in the console's log, before the act is recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from sonae.actions.console.home import Firm, NotFound
from sonae.actions.console.people import People, Reader
from sonae.actions.fund.session import Build, Seat
from sonae.actions.keys import verify_signature
from sonae.actions.once import Once
from sonae.core.chain import Signed, signature_good
from sonae.core.errors import Refused
from sonae.core.text import Text
from sonae.fund.entry import Seen
from sonae.store.console import KeptMemory, note
from sonae.store.console_schema import CREDENTIAL, KEY
from sonae.store.ledger import HistoryError, Ledger, Recorded

FUND = "fund"
KEY_LABEL = "sonae-act-key/1"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An act that was built for one person and waits for that person's signature."""

    user: str
    firm: str
    place: str
    key: str
    body: bytes


class Acts:
    """Acts of the people of a console at the ledgers of its firms."""

    def __init__(self, people: People) -> None:
        self.people, self.store = people, people.store
        self._waiting: Once[Waiting] = Once()

    # -- keys ----------------------------------------------------------------------------------

    def keys(self, me: Reader) -> list[str]:
        """Public keys with which this person signs, newest first."""
        rows = self.store.rows(KEY, user_id=me.id, ended=None)
        return [r["public"] for r in sorted(rows, key=lambda r: r["made"], reverse=True)]

    def key_options(self, me: Reader, public: str) -> dict[str, Any]:
        """What the passkey is asked, to take up an act key that the browser made."""
        challenge = hashlib.sha256(_key_text(me.id, public)).digest()
        return self.people.passkeys.request(challenge, self._passkeys(me))

    def add_key(
        self, me: Reader, public: str, signature: str, credential: Mapping[str, Any]
    ) -> None:
        """Take up an act key: it signs its own text, the passkey confirms the same text.

        Raises:
            Refused: one of both does not, or the key is known.
        """
        text = _key_text(me.id, public)
        if not verify_signature(_hex(public, 32), _hex(signature, 64), text):
            raise Refused(NOT_SIGNED)
        passkey = self.people.confirm(credential, hashlib.sha256(text).digest(), me.id)
        if self.store.one(KEY, public=public) is not None:
            raise Refused(Text("この鍵は登録済み", "this key is known already"))
        at = self.people.at()
        with self.store.change() as connection:
            connection.execute(insert(KEY).values(public=public, user_id=me.id, made=at))
            body = {"public": public, "passkey": passkey["id"], "answer": _answer(credential)}
            note(connection, at, me.id, "key", "", me.id, body=body)

    # -- acts ----------------------------------------------------------------------------------

    def prepare(
        self, me: Reader, firm: Firm, key: str, seen: str, make: Callable[[Seat], Build]
    ) -> dict[str, Any]:
        """The exact text that a person is to sign, and what their passkey is asked.

        Args:
            me: the person.
            firm: whose fund it is.
            key: the public half of the person's act key in this browser.
            seen: the last entry that this browser saw, `place:hash`; empty where it saw none.
            make: what the person wants to do.

        Raises:
            HistoryError: the ledger lacks what the browser saw.
            Refused: the key is not this person's.
        """
        if self.store.one(KEY, public=key, user_id=me.id, ended=None) is None:
            raise Refused(
                Text(
                    "このブラウザーの鍵は登録されていない。「自分の画面」で作る",
                    "the key of this browser is not registered; make one on your own page",
                )
            )
        place = place_of(firm)
        with Ledger(place, verify_signature) as ledger:
            _same(ledger, seen)
            seat = Seat(ledger, bytes.fromhex(key), self._memory(key), self.people.now)
            seat.stop_if_resumed()
            body = seat.prepare(make(seat))
        name = self._waiting.put(Waiting(me.id, firm.id, place, key, body))
        challenge = hashlib.sha256(body).digest()
        options = self.people.passkeys.request(challenge, self._passkeys(me))
        return {"act": name, "body": body.decode(), "options": options}

    def record(
        self, me: Reader, firm: Firm, act: str, signature: str, credential: Mapping[str, Any]
    ) -> Recorded:
        """Record the act that was built for this person, once, as they signed it.

        Raises:
            Refused: it was built for another or is gone, or a signature is not over its bytes.
        """
        waiting = self._waiting.take(act)
        if waiting is None or (waiting.user, waiting.firm) != (me.id, firm.id):
            raise Refused(
                Text(
                    "この操作は記録済みか、期限切れか、別の人のもの。画面を開き直して確かめる",
                    "this act was recorded, has lapsed or is not yours; open the page again",
                )
            )
        signed = Signed(waiting.body, _hex(signature, 64))
        if not signature_good(verify_signature, bytes.fromhex(waiting.key), signed):
            raise Refused(NOT_SIGNED)
        challenge = hashlib.sha256(waiting.body).digest()
        passkey = self.people.confirm(credential, challenge, me.id)
        body = {
            "digest": signed.digest,
            "key": waiting.key,
            "passkey": passkey["id"],
            "public_key": passkey["public_key"],
            "answer": _answer(credential),
        }
        self.store.note(self.people.at(), me.id, "signed", firm.id, signed.digest, body=body)
        with Ledger(waiting.place, verify_signature) as ledger:
            memory = self._memory(waiting.key)
            return Seat(ledger, bytes.fromhex(waiting.key), memory, self.people.now).record(signed)

    def _memory(self, key: str) -> KeptMemory:
        return KeptMemory(self.store, key)

    def _passkeys(self, me: Reader) -> list[str]:
        return [c["id"] for c in self.store.rows(CREDENTIAL, user_id=me.id, ended=None)]


def place_of(firm: Firm) -> str:
    """The store of a firm's fund.

    Raises:
        NotFound: it has none.
    """
    place = firm.store(FUND)
    if place is None:
        raise NotFound(
            Text(
                f"{firm.id}の準備金の元帳はまだない。`sonae fund init` で {firm.id}/fund.db を作る",
                f"{firm.id} has no reserve ledger yet; begin {firm.id}/fund.db with "
                "`sonae fund init`",
            )
        )
    return place


NOT_SIGNED = Text(
    "署名がこの内容に合わない。何も記録していない",
    "the signature is not over this content; nothing was recorded",
)


def _same(ledger: Ledger, seen: str) -> None:
    """Refuse a ledger that lacks what the browser saw."""
    place, _, hash = seen.partition(":")
    if seen and not (place.isdecimal() and ledger.contains(Seen(int(place), hash))):
        raise HistoryError(
            Text(
                f"このブラウザーが前に見た記録第{place}号がない。古い控えか別の履歴なので、"
                "何も署名しない",
                f"the ledger lacks entry {place}, which this browser saw: it is an older backup or "
                "another history; sign nothing",
            )
        )


def _key_text(user: str, public: str) -> bytes:
    return f"{KEY_LABEL}\n{user}\n{public}".encode()


def _hex(text: str, size: int) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError as error:
        raise Refused(NOT_SIGNED) from error
    if len(found) != size:
        raise Refused(NOT_SIGNED)
    return found


def _answer(credential: Mapping[str, Any]) -> dict[str, str]:
    """What proves a passkey's answer to anyone: its data, the browser's, the signature."""
    response = credential["response"]
    names = ("authenticatorData", "clientDataJSON", "signature")
    return {name: str(response[name]) for name in names}
