"""A source that changed its layout is refused with the difference shown, never read by position."""

from __future__ import annotations

from collections.abc import Sequence

from sonae.books.map.batch import Faults
from sonae.core.errors import Problem
from sonae.core.text import Text


def numbered(names: Sequence[str]) -> list[str]:
    """Headings with a second one of a name as `name#2`.

    >>> numbered(["金額", "摘要", "金額"])
    ['金額', '摘要', '金額#2']
    """
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return result


def same_layout(
    source: str, file: str, expected: Sequence[str], found: Sequence[str], faults: Faults
) -> bool:
    """True where names, order and count agree; else one problem with the whole difference."""
    if list(expected) == list(found):
        return True
    text = difference(expected, found)
    faults.add(Problem("layout-changed", source, text, file))
    return False


def difference(expected: Sequence[str], found: Sequence[str]) -> Text:
    """What is gone, new and elsewhere, each with its place counted from 1."""
    gone = [f"{n}:{c}" for n, c in enumerate(expected, 1) if c not in found]
    new = [f"{n}:{c}" for n, c in enumerate(found, 1) if c not in expected]
    both = [c for c in expected if c in found]
    order = [c for c in found if c in expected]
    moved = [
        f"{a}({list(expected).index(a) + 1}→{list(found).index(a) + 1})"
        for a, b in zip(both, order, strict=False)
        if a != b
    ]
    ja, en = [], []
    for words, ja_name, en_name in (
        (gone, "なくなった列", "gone"), (new, "増えた列", "new"), (moved, "移った列", "moved"),
    ):  # fmt: skip
        if words:
            ja.append(f"{ja_name} {'、'.join(words)}")
            en.append(f"{en_name} {', '.join(words)}")
    counts = f"{len(expected)}→{len(found)}"
    return Text(
        f"見出しがマッピングの layout と異なる（列数 {counts}）: {'; '.join(ja)}",
        f"the headings differ from the mapping's layout (columns {counts}): {'; '.join(en)}",
    )
