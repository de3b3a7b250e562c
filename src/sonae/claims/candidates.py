"""Candidates at scale: pairs scored by Splink on DuckDB, for people to look at in that order.

The weights are written down here, not learned: a score then depends on its two customers alone,
whatever else is in the register, at any size and in any order of rows. They are assumptions of
how often a field agrees for one person (m) and for two (u). Floats stay inside this module; what
leaves it is a whole number per mille that orders a list. Needs the extra `identity`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sonae.claims.customer import Keys, Pair
from sonae.claims.decision import pair_of
from sonae.core.errors import UsageError

if TYPE_CHECKING:
    from splink import SettingsCreator

LEAST = 300
"""The score per mille from which a pair is worth a person's look."""
MOST = 999
"""No score says certain: that is for rules and people."""
PRIOR = 1e-5
"""How likely two customers drawn at random are one person."""
Level = tuple[str, float, float]
"""A condition between two rows, with m and u; the first that holds counts."""
COMPARISONS: dict[str, tuple[Level, ...]] = {
    "kana": (
        ("kana_l is null or kana_r is null", 0, 0),
        ("kana_l = kana_r", 0.85, 0.0005),
        ("sound_l = sound_r", 0.04, 0.0005),
        ("damerau_levenshtein(sound_l, sound_r) <= 1", 0.05, 0.002),
        ("right(sound_l, 2) = right(sound_r, 2)", 0.04, 0.02),  # a new surname, as on marriage
        ("else", 0.02, 0.977),
    ),
    "birth_date": (
        ("birth_date_l is null or birth_date_r is null", 0, 0),
        ("birth_date_l = birth_date_r", 0.93, 0.00004),
        ("damerau_levenshtein(birth_date_l, birth_date_r) <= 1", 0.05, 0.0015),
        ("else", 0.02, 0.99846),
    ),
    # Name and kana go together, so a name that agrees says little more; one that differs does.
    "name": (
        ("name_l is null or name_r is null", 0, 0),
        ("name_l = name_r", 0.8, 0.05),
        ("confusable_l = confusable_r", 0.08, 0.01),
        ("right(name_l, 2) = right(name_r, 2)", 0.06, 0.04),
        ("else", 0.06, 0.9),
    ),
    # Families share both: one comparison, so that a household is not counted twice.
    "household": (
        ("coalesce(phone_l, place_l) is null or coalesce(phone_r, place_r) is null", 0, 0),
        ("phone_l = phone_r and place_l = place_r", 0.35, 0.0003),
        ("phone_l = phone_r", 0.2, 0.0003),
        ("place_l = place_r", 0.15, 0.0003),
        ("area_l = area_r", 0.1, 0.01),
        ("else", 0.2, 0.9891),
    ),
    "payout_account": (
        ("payout_account_l is null or payout_account_r is null", 0, 0),
        ("payout_account_l = payout_account_r", 0.6, 0.00005),
        ("else", 0.4, 0.99995),
    ),
    "email": (
        ("email_l is null or email_r is null", 0, 0),
        ("email_l = email_r", 0.5, 0.00005),
        ("else", 0.5, 0.99995),
    ),
}
BLOCKS = (
    ("birth_date", "kana_start"),
    ("birth_date", "kana_end"),
    ("kana", "birth_year"),
    ("kana", "birth_day"),
    ("kana", "area"),
    ("phone",),
    ("payout_account",),
    ("email",),
)
"""Two customers are compared where all the columns of one block agree."""


def available() -> bool:
    """Whether the extra `identity` is installed."""
    return find_spec("splink") is not None


def scored(keys: Sequence[Keys], least: int = LEAST) -> dict[Pair, int]:
    """Pairs of natural persons that score at least so much per mille; the same for any order.

    Raises:
        UsageError: the extra `identity` is not installed.
    """
    if not available():
        raise UsageError("scores need Splink: install sonae[identity]")
    people = sorted((k for k in keys if k.nature == "natural"), key=lambda k: k.ref)
    if len(people) < 2:
        return {}
    from splink import DuckDBAPI, Linker

    table = DuckDBAPI().register(_table(people))
    linker = Linker(table, _settings(), log_level=None)
    found = linker.inference.predict(least / 1000, warning_mode="never").as_dict()
    rows = zip(*(found[name] for name in _RESULT), strict=True)
    return {
        pair_of(people[a].ref, people[b].ref): min(round(p * 1000), MOST)
        for a, b, p in sorted(rows)
    }


_RESULT = ("unique_id_l", "unique_id_r", "match_probability")


def _settings() -> SettingsCreator:
    from splink import SettingsCreator, block_on

    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(name, levels) for name, levels in COMPARISONS.items()],
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKS],
        probability_two_random_records_match=PRIOR,
        retain_matching_columns=False,
    )


def _comparison(name: str, levels: Sequence[Level]) -> Any:
    from splink import comparison_level_library as level
    from splink.comparison_library import CustomComparison

    empty, *others, (_, m, u) = levels
    made: list[Any] = [level.CustomLevel(empty[0]).configure(is_null_level=True)]
    made += [
        level.CustomLevel(sql).configure(m_probability=m_, u_probability=u_)
        for sql, m_, u_ in others
    ]
    made.append(level.ElseLevel().configure(m_probability=m, u_probability=u))
    return CustomComparison(comparison_levels=made, output_column_name=name)


# -- columns ---------------------------------------------------------------------------------------


def _table(people: Sequence[Keys]) -> pa.Table:
    columns = {n: pa.array([of(k) or None for k in people], pa.string()) for n, of in _READ.items()}
    return pa.table({"unique_id": pa.array(range(len(people)), pa.int64()), **columns})


class _Letters(dict[int, str]):
    """One byte for each letter of kana: the engine counts edits in bytes."""

    def __missing__(self, letter: int) -> str:
        near = letter - 0x30A1 if 0x30A1 <= letter <= 0x30FC else letter
        self[letter] = chr(0x21 + near % 92)
        return self[letter]


_LETTERS = _Letters()
_DIGIT = re.compile("[0-9]")
_READ: dict[str, Callable[[Keys], str]] = {
    "kana": lambda k: k.kana.translate(_LETTERS),
    "sound": lambda k: k.sound.translate(_LETTERS),
    "kana_start": lambda k: k.sound[:2].translate(_LETTERS),
    "kana_end": lambda k: k.sound[-2:].translate(_LETTERS),
    "birth_date": lambda k: k.birth_date,
    "birth_year": lambda k: k.birth_date[:4],
    "birth_day": lambda k: k.birth_date[5:],
    "name": lambda k: k.name,
    "confusable": lambda k: k.confusable,
    "place": lambda k: k.place,
    "area": lambda k: _DIGIT.split(k.place, maxsplit=1)[0],
    "phone": lambda k: k.phone,
    "payout_account": lambda k: k.payout_account,
    "email": lambda k: k.email,
}
"""What a customer is compared and blocked by; ends of the kana stand for the two names."""
