"""JSON-RPC over HTTP to the venue's own nodes, by the standard library alone.

Numbers with a point are read as exact decimals. One connection is kept; no answer in time, an
answer that is no JSON, a missing or a second answer in a batch are a NodeError.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
from base64 import b64encode
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from sonae.chains.node import Call, NodeError
from sonae.core.errors import UsageError

TIMEOUT = 30
"""Seconds that one answer may take."""
SCAN_TIMEOUT = 1800
"""The same where a node searches its whole index (`scantxoutset`), which takes minutes."""


class HttpNode:
    """A client of one node. `auth` is the name of an environment variable with `user:password`."""

    def __init__(self, url: str, auth: str = "", timeout: int = TIMEOUT) -> None:
        self.timeout = timeout
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url} is no http address of a node")
        if parts.username:
            raise UsageError("a password does not belong into an address; use `auth`")
        self.place = f"{parts.hostname}:{parts.port or parts.scheme}"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/json"} | _authorization(auth)
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            self._connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(
                parts.hostname, parts.port, timeout=timeout
            )

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call."""
        answer = self._post(_request(0, method, params))
        return _result(answer, method)

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls in one request, all or a NodeError."""
        if not calls:
            return []
        answers = self._post([_request(n, m, p) for n, (m, p) in enumerate(calls)])
        if not isinstance(answers, list):
            return [_result(answers, "a batch")]
        by_id = {a.get("id"): a for a in answers if isinstance(a, dict)}
        if len(answers) != len(calls) or set(by_id) != set(range(len(calls))):
            raise NodeError(f"{self.place} answered {len(by_id)} of {len(calls)} calls")
        return [_result(by_id[n], method) for n, (method, _) in enumerate(calls)]

    def get(self, path: str) -> Any:
        """A document by GET, such as a beacon node's."""
        return self._send("GET", self._path.rstrip("/") + path, None)

    def _post(self, body: Any) -> Any:
        return self._send("POST", self._path, json.dumps(body).encode())

    def _send(self, verb: str, path: str, body: bytes | None) -> Any:
        try:
            self._connection.request(verb, path, body, self._headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise NodeError(f"{self.place} does not answer: {error}") from error
        try:
            return json.loads(content, parse_float=Decimal)
        except ValueError as error:
            raise NodeError(f"{self.place} answered {response.status}, no JSON") from error


def _authorization(auth: str) -> dict[str, str]:
    if not auth:
        return {}
    secret = os.environ.get(auth)
    if not secret:
        raise UsageError(f"the environment has no {auth} (user:password of the node)")
    return {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


def _request(id: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": list(params)}


def _result(answer: Any, method: str) -> Any:
    if not isinstance(answer, dict) or (answer.get("error") is None and "result" not in answer):
        raise NodeError(f"{method}: an answer without a result")
    if answer.get("error") is not None:
        error = answer["error"]
        words = error.get("message") if isinstance(error, dict) else error
        raise NodeError(f"{method}: {words}")
    return answer["result"]
