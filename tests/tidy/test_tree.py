"""The tree in ARCHITECTURE.md names every package and every module that is there, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
APART = "store/migrations/"
"""Numbered by themselves."""


def tree() -> str:
    """The block below `src/sonae/`."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    begin = text.index("src/sonae/\n")
    return text[begin : text.index("```", begin)]


def named() -> dict[str, set[str]]:
    """Modules by the folder under whose line they stand."""
    found: dict[str, set[str]] = {}
    stack: list[tuple[int, str]] = []
    for line in tree().splitlines()[1:]:
        indent = len(line) - len(line.lstrip())
        folder = re.match(r" *([a-z_0-9]+)/(?: |$)", line)
        if folder:
            while stack and stack[-1][0] >= indent:
                stack.pop()
            stack.append((indent, (stack[-1][1] if stack else "") + folder[1] + "/"))
            assert stack[-1][1] not in found, f"{stack[-1][1]} stands twice"
            found[stack[-1][1]] = set()
        elif line.strip():
            found[stack[-1][1]] |= set(line.split())
    return found


def test_the_tree_is_the_code():
    shown, missing, gone = named(), [], []
    source = ROOT / "src" / "sonae"
    for folder in sorted(p.parent for p in source.rglob("__init__.py") if p.parent != source):
        name = folder.relative_to(source).as_posix() + "/"
        if name.startswith(APART):
            continue
        modules = {f.stem for f in folder.glob("*.py")} - {"__init__"}
        if name not in shown:
            missing.append(name)
            continue
        missing += [f"{name}{m}" for m in sorted(modules - shown[name])]
        gone += [f"{name}{m}" for m in sorted(shown[name]) if not _there(folder, m)]
    assert (missing, gone) == ([], [])


def _there(folder: Path, word: str) -> bool:
    return (folder / word).exists() or (folder / f"{word}.py").is_file()
