"""Answers of venues after their documents, and ccxt with a network that gives them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

FILE = Path(__file__).with_name("answers.toml")
ANSWERS: Mapping[str, Mapping[str, Mapping[str, str]]] = tomllib.loads(FILE.read_text("utf-8"))


def answer(venue: str, kind: str) -> bytes:
    """The bytes of one; none of them claims to have been recorded."""
    found = ANSWERS[venue][kind]
    assert found["made"] == "documented", found
    assert found["documents"]
    return found["answer"].encode()


def having(kind: str) -> list[str]:
    """The venues that have an answer of a kind."""
    return [venue for venue, kinds in ANSWERS.items() if kind in kinds]


Reply = Callable[[requests.PreparedRequest], bytes]


def network(monkeypatch: pytest.MonkeyPatch, reply: Reply) -> list[requests.PreparedRequest]:
    """Requests that ccxt really built go here instead of out; each is answered by `reply`."""
    asked: list[requests.PreparedRequest] = []

    def send(self: Any, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        asked.append(request)
        response = requests.Response()
        response.status_code, response.url, response.request = 200, str(request.url), request
        response._content = reply(request)
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return asked
