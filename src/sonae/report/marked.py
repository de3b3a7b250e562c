"""Words and moments as HTML that says what they are: in which language, at which instant."""

from __future__ import annotations

from markupsafe import Markup, escape

from sonae.core.text import Lang
from sonae.report.format import clock, local, tongue
from sonae.report.words import Words


def written(words: str, lang: Lang) -> Markup:
    """Words as somebody wrote them, such as a source, marked where the page's language is another.

    >>> written("company notices", "ja"), written("会社の告知", "ja")
    (Markup('<span lang="en">company notices</span>'), Markup('会社の告知'))
    """
    wrote = tongue(words)
    if wrote is None or wrote == lang:
        return escape(words)
    return Markup('<span lang="{}">{}</span>').format(wrote, words)


def when(at: str, lang: Lang, zone: str = "UTC") -> Markup:
    """An instant to the minute by a zone's clock, for a column whose head names the zone.

    >>> when("2026-11-20T15:30:00.000000Z", "ja", "Asia/Tokyo")
    Markup('<time datetime="2026-11-20T15:30:00Z">2026年11月21日 00:30</time>')
    """
    return _time(at, clock(at, zone, lang))


def moment(at: str, lang: Lang, zone: str = "UTC") -> Markup:
    """The same with the name of the zone, where no head names it.

    >>> moment("2026-11-20T15:30:00.000000Z", "en")
    Markup('<time datetime="2026-11-20T15:30:00Z">20 November 2026, 15:30 (UTC)</time>')
    """
    named = Words(lang)("zone.heading", what=clock(at, zone, lang), zone=zone_name(zone, lang))
    return _time(at, named)


def _time(at: str, words: str) -> Markup:
    exact = f"{local(at, 'UTC'):%Y-%m-%dT%H:%M:%SZ}"
    return Markup('<time datetime="{}">{}</time>').format(exact, words)


def zone_name(zone: str, lang: Lang) -> str:
    """What people call a time zone; its own name where they call it nothing.

    >>> zone_name("Asia/Tokyo", "ja"), zone_name("Europe/Paris", "ja")
    ('日本時間', 'Europe/Paris')
    """
    return Words(lang).known(f"zone.{zone}", zone)
