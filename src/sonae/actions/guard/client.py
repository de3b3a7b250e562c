"""A ledger's side of the guard over HTTP: ask, book, tell; and what to do when nobody answers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from sonae.core.errors import SonaeError

URL = "http://127.0.0.1:8480"
SECONDS = 5


class GuardSilent(SonaeError):
    """The guard did not answer: nothing may be booked, unless the firm's policy says so."""


class GuardRefusal(SonaeError):
    """The guard cannot use what was sent; `said` is its answer."""

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {said.get('error') or said.get('problems')}")
        self.status, self.said = status, said


class GuardClient:
    """One connection to a guard's service; not for several threads at once."""

    def __init__(
        self, url: str = URL, token_file: Path | None = None, seconds: int = SECONDS
    ) -> None:
        self._at, self._seconds = urlsplit(url), seconds
        self._headers = {"content-type": "application/json"}
        if token_file is not None:
            self._headers["authorization"] = f"Bearer {token_file.read_text('ascii').strip()}"
        self._connection: http.client.HTTPConnection | None = None

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """One request and its parsed answer.

        Raises:
            GuardSilent: nothing came back, or the record cannot be written.
            GuardRefusal: the guard cannot use it.
        """
        content = None if body is None else json.dumps(body).encode()
        used = self._connection is not None
        try:
            status, raw = self._sent(method, path, content)
            said = json.loads(raw)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            if used:  # it was open for long, and may have been closed at the other end
                return self.send(method, path, body)
            raise GuardSilent(f"no answer from the guard: {error}") from error
        if status >= 500:
            raise GuardSilent(f"the guard cannot answer: {said.get('error')}")
        if status >= 400:
            raise GuardRefusal(status, said)
        return said

    def _sent(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._at.scheme == "https" else None
            made = kind or http.client.HTTPConnection
            self._connection = made(
                self._at.hostname or "", self._at.port or 80, timeout=self._seconds
            )
        self._connection.request(method, path, content, self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def ask(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """The guard's answer to a batch."""
        return dict(self.send("POST", "/batches", batch))

    def booked(self, id: str) -> None:
        """The ledger has booked it."""
        self.send("POST", f"/batches/{quote(id, safe='')}/booked")

    def dropped(self, id: str) -> None:
        """The ledger will not book it."""
        self.send("POST", f"/batches/{quote(id, safe='')}/dropped")

    def book(
        self,
        batch: Mapping[str, Any],
        commit: Callable[[], None],
        when_silent: Literal["refuse", "allow"] = "refuse",
    ) -> dict[str, Any]:
        """Ask, and let the ledger commit the whole batch only where the answer is "allow".

        `commit` books all of it in one transaction, or raises and books nothing. A guard that does
        not answer is a refusal ("fails closed"), unless the firm's policy says `allow`.
        """
        try:
            answer = self.ask(batch)
        except GuardSilent as error:
            if when_silent == "refuse":
                return {"batch": batch["batch"], "answer": "refuse", "silent": str(error)}
            commit()
            return {"batch": batch["batch"], "answer": "allow", "silent": str(error)}
        if answer["answer"] != "allow":
            return answer
        try:
            commit()
        except BaseException:
            self.dropped(batch["batch"])
            raise
        try:
            self.booked(batch["batch"])
        except GuardSilent as error:  # it counts as open, which is the safe side
            return answer | {"silent": str(error)}
        return answer
