"""Days and instants as files write them: calendar forms, Japanese eras, local times with a zone.

An era's day outside that era is refused (平成31年5月1日 is a day that no calendar had). First days:
大正 1912-07-30, 昭和 1926-12-25, 平成 1989-01-08, 令和 2019-05-01; the day of the change belongs to
both in 1912 and 1926. Days before 1873, when the calendar was another, are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from sonae.books.map.numbers import narrow
from sonae.books.rows import Fault
from sonae.core.text import Text

_ERAS = {
    "令和": ("令R", date(2019, 5, 1), date(9999, 12, 31)),
    "平成": ("平H", date(1989, 1, 8), date(2019, 4, 30)),
    "昭和": ("昭S", date(1926, 12, 25), date(1989, 1, 7)),
    "大正": ("大T", date(1912, 7, 30), date(1926, 12, 25)),
    "明治": ("明M", date(1873, 1, 1), date(1912, 7, 30)),
}
_BASE = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
ERAS = tuple(_ERAS)
_SHORT = {letter: name for name, (letters, _, _) in _ERAS.items() for letter in letters}
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_PATTERNS = {
    "iso": re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})", re.ASCII),
    "slash": re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})", re.ASCII),
    "dot": re.compile(r"(?P<y>\d{4})\.(?P<m>\d{1,2})\.(?P<d>\d{1,2})", re.ASCII),
    "compact": re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII),
    "kanji": re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日", re.ASCII),
    "dmy": re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})", re.ASCII),
    "mdy": re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})", re.ASCII),
    "english": re.compile(r"(?P<d>\d{1,2}) (?P<m>[A-Za-z]+) (?P<y>\d{4})", re.ASCII),
    "era": re.compile(
        rf"(?P<e>{'|'.join(ERAS)}|[{''.join(_SHORT)}])(?P<y>元|\d{{1,2}})"
        r"(?:年|[./-])(?P<m>\d{1,2})(?:月|[./-])(?P<d>\d{1,2})日?",
        re.ASCII,
    ),
    "era_compact": re.compile(r"(?P<y>\d{2})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII),
}
DATE_FORMS = tuple(_PATTERNS)
INSTANT_FORMS = ("iso", "unix", "unix_ms")
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d{1,6}0*)?(Z|[+-]\d{2}(:?\d{2})?)", re.ASCII
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


@dataclass(frozen=True)
class DateForm:
    """The declared forms of a day; `era` is the era of two-digit years without one.

    For an instant also the zone its times are in, and the time of a day without one.
    """

    forms: tuple[str, ...] = ("iso",)
    era: str = ""
    wide: bool = False
    zone: str = ""
    time: str = ""


def read_date(text: str, form: DateForm) -> date:
    """A day of one of the declared forms.

    >>> read_date("令和8年11月20日", DateForm(("era",)))
    datetime.date(2026, 11, 20)

    Raises:
        Fault: of none of these forms, or not a day of its calendar or era.
    """
    given = narrow(text) if form.wide else text
    days, none = set(), Fault("corrupt-row", _DATE.format(v=text, forms=", ".join(form.forms)))
    for name in form.forms:
        pattern = _PATTERNS.get(name)
        if pattern and (found := pattern.fullmatch(given)):
            try:
                days.add(_day(name, found, form, text))
            except Fault as fault:
                none = fault
    if len(days) == 1:
        return days.pop()
    if len(days) > 1:
        raise Fault("ambiguous-date", _TWO.format(v=text, days=", ".join(map(str, sorted(days)))))
    raise none


def _day(name: str, found: re.Match[str], form: DateForm, text: str) -> date:
    year, month, day = found["y"], found["m"], found["d"]
    if name == "english":
        full = month.lower()
        if full not in _MONTHS:
            raise Fault("corrupt-row", _DATE.format(v=text, forms=name))
        month = str(_MONTHS.index(full) + 1)
    era = ""
    if name.startswith("era"):
        era = form.era if name == "era_compact" else _SHORT.get(found["e"], found["e"])
        year = str(_BASE[era] + (1 if year == "元" else int(year)))
    try:
        result = date(int(year), int(month), int(day))
    except ValueError as error:
        raise Fault("corrupt-row", _NO_DAY.format(v=text)) from error
    if era and not _ERAS[era][1] <= result <= _ERAS[era][2]:
        raise Fault("outside-era", _ERA.format(v=text, e=era, d=result.isoformat()))
    return result


def read_instant(text: str, form: DateForm) -> str:
    """An instant with its offset, as ISO 8601 text.

    >>> read_instant("2026/11/20 23:59:59", DateForm(("slash",), zone="Asia/Tokyo"))
    '2026-11-20T23:59:59+09:00'

    Raises:
        Fault: of none of the forms, or a local time that its zone has twice or not at all.
    """
    given = narrow(text) if form.wide else text
    for name in form.forms:
        if name in ("unix", "unix_ms") and re.fullmatch(r"-?\d{1,16}", given, re.ASCII):
            unit = "seconds" if name == "unix" else "milliseconds"
            try:
                moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(**{unit: int(given)})
            except OverflowError as error:
                raise Fault("corrupt-row", _NO_DAY.format(v=text)) from error
            return moment.isoformat()
    if "iso" in form.forms and _ISO.fullmatch(given):
        try:
            return datetime.fromisoformat(given).isoformat()
        except ValueError as error:
            raise Fault("corrupt-row", _NO_DAY.format(v=text)) from error
    parts = re.split(r"[ T]", given, maxsplit=1)
    day = read_date(parts[0], form)
    clock = _CLOCK.fullmatch(parts[1] if len(parts) == 2 else form.time)
    if clock is None or not form.zone:
        raise Fault("corrupt-row", _INSTANT.format(v=text))
    try:
        at = time(int(clock[1]), int(clock[2]), int(clock[3] or 0))
    except ValueError as error:
        raise Fault("corrupt-row", _INSTANT.format(v=text)) from error
    return _local(datetime.combine(day, at), form.zone, text).isoformat()


def _local(moment: datetime, zone: str, text: str) -> datetime:
    if zone[:1] in "+-":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        offset = timedelta(hours=hours, minutes=minutes)
        return moment.replace(tzinfo=timezone(offset if zone[0] == "+" else -offset))
    info = ZoneInfo(zone)
    first, second = (moment.replace(tzinfo=info, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise Fault("ambiguous-time", _FOLD.format(v=text, z=zone))
    return first


def zone_known(zone: str) -> bool:
    """True for `+09:00` and for a zone of the time-zone data base."""
    if re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", zone):
        return True
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return bool(zone)


_DATE = Text("「{v}」は日付の形（{forms}）でない", "{v!r} is not a day of the form {forms}")
_TWO = Text("「{v}」は二通りに読める: {days}", "{v!r} can be read as more than one day: {days}")
_NO_DAY = Text("「{v}」という日はない", "{v!r} is no day of the calendar")
_ERA = Text("「{v}」（{d}）は{e}の期間にない", "{v!r} ({d}) is not a day of the era {e}")
_INSTANT = Text(
    "「{v}」は日時として読めない（時刻と zone が要る）",
    "{v!r} is not an instant (a time and a zone are needed)",
)
_FOLD = Text(
    "「{v}」は{z}で二度あるか、存在しない時刻", "{v!r} is a time that {z} has twice or not at all"
)
