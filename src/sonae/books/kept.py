"""Small results kept in files, each with the digest of its content: what was written, or none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sonae.core.canonical import canonical_bytes, digest


def read_kept(file: Path) -> Any:
    """What was kept in a file; None where there is nothing, or not what was written."""
    try:
        found = json.loads(file.read_bytes())
        good = found["sha256"] == digest(found["content"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found["content"] if good else None


def write_kept(file: Path, content: Any) -> None:
    """Keep a small result, whole or not at all; what is no plain value is not kept."""
    try:
        body = canonical_bytes({"sha256": digest(content), "content": content})
    except TypeError:
        return
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_bytes(body)
    os.replace(fresh, file)
