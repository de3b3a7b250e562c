"""Who may look at the console and act in it: joining by a one-time code, signing in, leaving.

The first person joins with a code that the server prints; everybody else with a code that somebody
who lets people in (`registrar`) hands over. Roles by which money or personal data could leave need
two such people, once there are two. There are no passwords and nothing goes by SMS or mail.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update

from sonae.actions.console.passkeys import NOT_GOOD, Passkey, Passkeys, named
from sonae.actions.fund.session import Now, utc_now
from sonae.actions.once import Once
from sonae.core.errors import Refused
from sonae.core.text import Text
from sonae.fund.constitution import ROLES
from sonae.fund.entry import instant
from sonae.store.console import ConsoleStore, Row, note
from sonae.store.console_schema import CODE, CREDENTIAL, SESSION, USER

GRANTS = (*ROLES, "personal", "registrar")
"""Roles of the ledger, sight of personal data, and letting people in."""
SECONDED = frozenset({"approver", "releaser", "personal", "registrar"})
"""Roles that two people give."""
FIRST = ("preparer", "registrar")
"""Roles of whoever comes first."""
ACTING = frozenset({"preparer", "approver", "releaser", "supervisor", "administrator"})
"""Roles that may act on a ledger, which judges every act by its own constitution."""
EVERY, SERVER = "*", "(server)"
"""Every firm; whoever runs the server, in the log."""
CODE_HOURS, FIRST_HOURS = 72, 1
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
"""A session ends when it was not used for so long, and after so long in any case."""
TOUCH = timedelta(seconds=60)
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever asks for a page; without an id, nobody who signed in."""

    id: str = ""
    name: str = ""
    roles: frozenset[str] = frozenset()
    firms: tuple[str, ...] = ()
    session: str = ""
    token: str = field(default="", repr=False)

    @property
    def signed_in(self) -> bool:
        """Whether this is somebody."""
        return bool(self.id)

    def sees(self, firm: str) -> bool:
        """Whether a firm's pages are for this reader."""
        return EVERY in self.firms or firm in self.firms


NOBODY = Reader()


@dataclass(frozen=True, slots=True)
class _Joining:
    """A registration under way: the code's hash, the challenge, who it will be."""

    code: str
    challenge: bytes
    id: str
    name: str


class People:
    """The people of a console."""

    def __init__(self, store: ConsoleStore, passkeys: Passkeys, now: Now = utc_now) -> None:
        self.store, self.passkeys, self.now = store, passkeys, now
        self._joining: Once[_Joining] = Once()
        self._signing: Once[bytes] = Once(300)

    def at(self) -> str:
        """This instant, as it is kept."""
        return instant(self.now())

    # -- codes ---------------------------------------------------------------------------------

    def first_code(self) -> str | None:
        """A code for the first person; None once there is somebody. Former ones end."""
        if not self.store.empty():
            return None
        code, at = _code(), self.at()
        with self.store.change() as connection:
            connection.execute(update(CODE).where(CODE.c.used.is_(None)).values(ends=at))
            row = self._row(code, "", "", FIRST, (EVERY,), "", FIRST_HOURS)
            connection.execute(insert(CODE).values(**row))
            note(connection, at, "", "invited", "", "")
        return code

    def invite(
        self, by: Reader, id: str, name: str, roles: Sequence[str], firms: Sequence[str]
    ) -> tuple[str, bool]:
        """A code that lets one person in, once, and whether another must second it first.

        A code for somebody who is there gives another passkey, and the roles anew.

        Raises:
            Refused: `by` lets nobody in, or what is asked for does not exist.
        """
        _must(by, "registrar")
        _named(id, name := name.strip())
        if not roles or set(roles) - set(GRANTS) or not firms or not all(map(_is_firm, firms)):
            raise Refused(Text("役割と事業者を選ぶ", "choose roles and firms"))
        there = self.store.one(USER, id=id)
        if there is not None and there["ended"]:
            raise Refused(Text("失効したIDは使えない", "an id that was revoked stays so"))
        risky = SECONDED & ({*roles} | set(there["roles"].split() if there else ()))
        second = bool(risky and (risky != {"registrar"} or not self._alone(by.id)))
        code, at = _code(), self.at()
        row = self._row(code, id, name, roles, firms, by.id, CODE_HOURS)
        with self.store.change() as connection:
            connection.execute(insert(CODE).values(**row | {"needs_second": int(second)}))
            body = {"roles": " ".join(roles), "firms": " ".join(firms)}
            note(connection, at, by.id, "invited", "", id, body=body)
        return code, second

    def server_code(self, id: str, name: str) -> str:
        """A code that makes somebody a registrar, by whoever runs the server: it is logged as such.

        It is the way back when registrars are gone or one is left where two are needed.

        Raises:
            Refused: no such id or name is possible.
        """
        _named(id, name)
        there = self.store.one(USER, id=id, ended=None)
        roles = {"registrar", *(there["roles"].split() if there else ())}
        firms = there["firms"].split() if there else (EVERY,)
        code, at = _code(), self.at()
        row = self._row(code, id, name, sorted(roles), firms, SERVER, FIRST_HOURS)
        with self.store.change() as connection:
            connection.execute(insert(CODE).values(**row))
            note(connection, at, SERVER, "invited", "", id, body={"roles": row["roles"]})
        return code

    def second(self, by: Reader, hash: str) -> None:
        """Another who lets people in agrees to an invitation.

        Raises:
            Refused: it is one's own, or there is none.
        """
        _must(by, "registrar")
        row = self.store.one(CODE, hash=hash)
        if row is None or row["used"] or row["ends"] <= self.at() or not row["needs_second"]:
            raise Refused(Text("その招待はない", "there is no such invitation"))
        if by.id in (row["by_id"], row["user_id"]):
            raise Refused(
                Text(
                    "別の登録担当者が承認する", "another registrar, and not the person, must agree"
                )
            )
        if not self.store.second(CODE, hash, by.id, self.at(), ("", row["user_id"])):
            raise Refused(Text("承認済み", "it was agreed to already"))

    def waiting(self) -> list[Row]:
        """Invitations that were not used and have not lapsed."""
        at = self.at()
        return [c for c in self.store.rows(CODE) if not c["used"] and c["ends"] > at and c["by_id"]]

    def _alone(self, user: str) -> bool:
        """Whether nobody else lets people in, or ever did: revoking the other changes nothing."""
        users = self.store.rows(USER)
        return not any("registrar" in u["roles"].split() for u in users if u["id"] != user)

    def _registrars(self) -> list[str]:
        users = self.store.rows(USER, ended=None)
        return [u["id"] for u in users if "registrar" in u["roles"].split()]

    def _row(
        self, code: str, id: str, name: str, roles: Sequence[str], firms: Sequence[str],
        by: str, hours: int,
    ) -> dict[str, Any]:  # fmt: skip
        now = self.now()
        return {
            "hash": _hash(code), "user_id": id, "name": name, "roles": " ".join(sorted(set(roles))),
            "firms": " ".join(sorted(set(firms))), "by_id": by, "needs_second": 0,
            "made": instant(now), "ends": instant(now + timedelta(hours=hours)),
        }  # fmt: skip

    # -- joining -------------------------------------------------------------------------------

    def begin_join(self, code: str, id: str = "", name: str = "") -> tuple[str, dict[str, Any]]:
        """What the browser of somebody with a code is asked to register; the first says who.

        Raises:
            Refused: no such code, or nobody seconded it yet; the same words for both.
        """
        row = self._open(_hash(code))
        if not row["by_id"]:
            id, name = id.strip(), name.strip()
            _named(id, name)
        else:
            id, name = row["user_id"], row["name"]
        challenge = secrets.token_bytes(32)
        had = [c["id"] for c in self.store.rows(CREDENTIAL, user_id=id, ended=None)]
        handle = hashlib.sha256(f"sonae-user/1\n{id}".encode()).digest()
        options = self.passkeys.creation(handle, id, name, challenge, had)
        return self._joining.put(_Joining(row["hash"], challenge, id, name)), options

    def join(self, name: str, credential: Mapping[str, Any]) -> str:
        """Let somebody in with a new passkey; what their browser is to hold.

        Raises:
            Refused: the code or the passkey does not hold.
        """
        joining = self._joining.take(name)
        if joining is None:
            raise Refused(NOT_GOOD)
        passkey = self.passkeys.created(dict(credential), joining.challenge)
        row, at = self._open(joining.code), self.at()
        with self.store.change() as connection:
            mine = (CODE.c.hash == row["hash"], CODE.c.used.is_(None))
            if connection.execute(update(CODE).where(*mine).values(used=at)).rowcount != 1:
                raise Refused(NO_CODE)
            granted = {"name": joining.name, "roles": row["roles"], "firms": row["firms"]}
            mine = (USER.c.id == joining.id, USER.c.ended.is_(None))
            if not connection.execute(update(USER).where(*mine).values(**granted)).rowcount:
                connection.execute(insert(USER).values(id=joining.id, made=at, **granted))
            made = {"user_id": joining.id, "made": at, "sign_count": passkey.sign_count}
            key = {"id": passkey.id, "public_key": passkey.public_key}
            connection.execute(insert(CREDENTIAL).values(**key, **made))
            body = {"roles": row["roles"], "firms": row["firms"], "passkey": passkey.id}
            note(connection, at, joining.id, "joined", "", joining.id, body=body)
        return self._session(joining.id)

    def _open(self, hash: str) -> Row:
        row = self.store.one(CODE, hash=hash)
        if row is None or row["used"] or row["ends"] <= self.at():
            raise Refused(NO_CODE)
        if (row["needs_second"] and not row["second_id"]) or not (
            row["by_id"] or self.store.empty()
        ):
            raise Refused(NO_CODE)
        return row

    # -- signing in ----------------------------------------------------------------------------

    def begin_sign_in(self) -> tuple[str, dict[str, Any]]:
        """What the browser is asked to confirm with any passkey of this console."""
        challenge = secrets.token_bytes(32)
        return self._signing.put(challenge), self.passkeys.request(challenge, [])

    def sign_in(self, name: str, credential: Mapping[str, Any]) -> str:
        """Begin a session; what the browser is to hold.

        Raises:
            Refused: the passkey's answer does not hold.
        """
        challenge = self._signing.take(name)
        if challenge is None:
            raise Refused(NOT_GOOD)
        return self._session(self.confirm(credential, challenge)["user_id"])

    def confirm(
        self, credential: Mapping[str, Any], challenge: bytes, user: str | None = None
    ) -> Row:
        """The passkey that answered a challenge: of anybody, or of one person.

        Raises:
            Refused: none of theirs did.
        """
        row = self.store.one(CREDENTIAL, id=named(credential))
        if row is None or row["ended"] or (user is not None and row["user_id"] != user):
            raise Refused(NOT_GOOD)
        passkey = Passkey(row["id"], row["public_key"], row["sign_count"])
        count = self.passkeys.confirmed(dict(credential), challenge, passkey)
        if not self.store.counted(row["id"], row["sign_count"], count):
            raise Refused(NOT_GOOD)
        return row

    def _session(self, user: str) -> str:
        token, now = secrets.token_urlsafe(32), self.now()
        row = {"hash": _hash(token), "user_id": user, "made": instant(now), "seen": instant(now)}
        with self.store.change() as connection:
            connection.execute(insert(SESSION).values(**row, ends=instant(now + LONGEST)))
            note(connection, instant(now), user, "signed-in", "", user)
        return token

    def reader(self, token: str) -> Reader:
        """Whose session this is; nobody's where it has ended or was not used for too long."""
        if not token:
            return NOBODY
        row, now = self.store.session(_hash(token)), self.now()
        if row is None or row["ends"] <= instant(now) or row["seen"] <= instant(now - IDLE):
            return NOBODY
        if row["seen"] <= instant(now - TOUCH):
            self.store.touch(row["hash"], instant(now))
        form = hmac.digest(token.encode(), b"sonae-form/1", "sha256").hex()
        roles, firms = frozenset(row["roles"].split()), tuple(row["firms"].split())
        return Reader(row["user_id"], row["name"], roles, firms, row["hash"], form)

    def sign_out(self, by: Reader) -> None:
        """End this session."""
        self.store.end_session(by.session, self.at())
        self.store.note(self.at(), by.id, "signed-out", "", by.id)

    def revoke(self, by: Reader, user: str) -> None:
        """End a person's sessions, passkeys, keys and invitations at once, for good.

        Raises:
            Refused: `by` lets nobody in or out, or it is the last who does.
        """
        _must(by, "registrar")
        if self.store.one(USER, id=user) is None:
            raise Refused(Text("その人はいない", "there is nobody of that id"))
        if self._registrars() == [user]:
            raise Refused(
                Text("最後の登録担当者は失効できない", "the last registrar cannot be revoked")
            )
        self.store.end_user(user, self.at(), by.id)


NO_CODE = Text(
    "このコードは使えない。誤り、期限切れ、使用済み、または別の登録担当者の承認待ち",
    "this code opens nothing: mistyped, lapsed, used, or another registrar has yet to agree",
)


def _named(id: str, name: str) -> None:
    if not _ID.fullmatch(id) or not name or len(name) > 200 or not name.isprintable():
        raise Refused(
            Text(
                "IDは英小文字・数字・._-で64字まで、氏名は200字まで",
                "an id has lower-case letters, digits, . _ - up to 64; a name up to 200",
            )
        )


def _must(by: Reader, role: str) -> None:
    if role not in by.roles:
        raise Refused(Text("この操作をする役割がない", "you do not have the role for this"))


def _is_firm(name: str) -> bool:
    return name == EVERY or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) is not None


def _code() -> str:
    """80 bits as four groups of four letters that are not mistaken for one another."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def _hash(secret: str) -> str:
    plain = secret.strip()
    if re.fullmatch(r"[0-9A-Za-z]{4}(-?[0-9A-Za-z]{4}){3}", plain):
        plain = plain.replace("-", "").upper()
    return hashlib.sha256(f"sonae-secret/1\n{plain}".encode()).hexdigest()
