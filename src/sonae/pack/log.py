"""What was done with packs and their keys, one line each, every line chained to the one before.

A line is canonical JSON: `seq`, `previous` (SHA-256 of the line before, 64 zeros at the start),
`on`, `what` (made, restore-tested, keys-made, share-checked, rotated, key-destroyed), `why` where
there is one, and what that act knows. A line that is changed or taken out shows at the next one;
the last line is held by whoever keeps its digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sonae.core.canonical import canonical_bytes
from sonae.core.errors import Refused

START = "0" * 64
Line = Mapping[str, Any]


def read(content: bytes, name: str) -> list[dict[str, Any]]:
    """The lines of a log.

    Raises:
        Refused: the first line that does not follow.
    """
    lines: list[dict[str, Any]] = []
    previous = START
    for number, text in enumerate(content.splitlines(), 1):
        try:
            line = json.loads(text)
            whole = canonical_bytes(line) == text
        except (ValueError, TypeError) as error:
            raise Refused(f"{name} line {number}: not a line of this log") from error
        if not whole or line.get("seq") != number or line.get("previous") != previous:
            raise Refused(f"{name} line {number}: it was changed, or a line before it taken out")
        lines.append(line)
        previous = hashlib.sha256(text).hexdigest()
    return lines


def line(former: bytes, name: str, what: str, on: str, **known: Any) -> bytes:
    """The next line of a log, with its end."""
    lines = read(former, name)
    previous = hashlib.sha256(former.splitlines()[-1]).hexdigest() if lines else START
    body = {"seq": len(lines) + 1, "previous": previous, "on": on, "what": what, **known}
    return canonical_bytes(body) + b"\n"


def newest(lines: Iterable[Line]) -> str | None:
    """The day of the newest pack that was made."""
    return max((str(x["pack"]["on"]) for x in lines if x["what"] == "made"), default=None)


def made(lines: Iterable[Line], on: str) -> list[str]:
    """SHA-256 of every pack that was made of a day."""
    return [
        str(x["pack"]["sha256"]) for x in lines if x["what"] == "made" and x["pack"]["on"] == on
    ]
