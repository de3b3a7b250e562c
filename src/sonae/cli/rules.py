"""`sonae rules`: the law, listed, shown, audited, checked, compared and drafted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    Assume,
    Json,
    Language,
    day,
    language,
    out,
    rules,
    show,
    show_json,
)

GLOBS = "comma-separated rule ids with * as wildcard"


@rules.command(name="list")
def rules_list(
    *, on: str | None = None, assume: Assume = None, lang: Language = None, json: Json = False
) -> int:
    """List rules and the drafts that can be assumed.

    Parameters
    ----------
    on
        The day that picks the law (YYYY-MM-DD); today if absent.
    """
    from sonae.actions.rules.look import edition, list_drafts, list_rules

    book = edition(day(on), assume or ())
    found, drafts = list_rules(book), list_drafts()
    if json:
        show_json({"on": book.on.isoformat(), "rules": found, "drafts": drafts})
        return OK
    words = language(lang)
    for rule in found:
        out(f"{rule['rule']}\n    {rule['title'][words]} · {rule['provision'][words]}")
    out("")
    for draft in drafts:
        out(f"--assume {draft['draft']}\n    {draft['title'][words]}: {draft['note'][words]}")
    return OK


@rules.command(name="show")
def rules_show(
    rule: Annotated[str, Parameter(name="RULE")],
    *,
    on: str | None = None,
    assume: Assume = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Show one rule: provision and words, parameters on the day, needs, what is not modelled.

    Parameters
    ----------
    rule
        A rule id.
    on
        The day that picks the law (YYYY-MM-DD); today if absent.
    """
    from sonae.actions.rules.look import edition, show_rule
    from sonae.report.tree import tree

    shown, words = show_rule(edition(day(on), assume or ()), rule), language(lang)
    if json:
        show_json(shown)
        return OK
    provision = shown["provision"]
    out(f"{shown['rule']}  {shown['title'][words]}  ({shown['on']})")
    out(f"§ {provision['instrument'][words]} {provision['provision'][words]}")
    if provision["says"]:
        out(f"  「{provision['says']}」")
    if shown["parameters"]:
        out(tree(shown["figures"], shown["citations"], shown["parameters"], words))
    for need in shown["needs"]:
        out(f"< {need['key']}" + ("" if need["required"] else " (optional)"))
    for key, title in shown["outputs"].items():
        out(f"> {shown['rule']}#{key}  {title[words]}")
    for item in shown["unmodelled"]:
        out(f"? {item['provision']['provision'][words]}: {item['reason'][words]}")
    return OK


@rules.command(name="audit")
def rules_audit(*, on: str | None = None, lang: Language = None, json: Json = False) -> int:
    """List what is unquoted, unchecked, from memory or not modelled.

    Parameters
    ----------
    on
        As of this day (YYYY-MM-DD); today if absent.
    """
    from sonae.actions.rules.look import remarks

    found = remarks(day(on))
    if json:
        show_json([r.as_json() for r in found])
    else:
        words = language(lang)
        out("\n".join(f"{r.kind}  {r.where}\n    {r.message.lang(words)}" for r in found))
    return OK


@rules.command(name="check")
def rules_check(
    cases: Annotated[Path | None, Parameter(name="CASES")] = None,
    *,
    rules: Annotated[str, Parameter(help=GLOBS)] = "*",
    assume: Assume = None,
    json: Json = False,
) -> int:
    """Run executable cases through the rules; ends with `N passed, M failed`.

    Parameters
    ----------
    cases
        A file of JSON lines: id, rule, on, given, expect; the shipped cases if absent.
    """
    from sonae.actions.rules.look import check_cases

    results = check_cases(cases, [g.strip() for g in rules.split(",")], assume or ())
    failed = [r for r in results if not r.passed]
    if json:
        show_json(
            {
                "passed": len(results) - len(failed),
                "failed": len(failed),
                "cases": [
                    {
                        "id": r.case.id,
                        "rule": r.case.rule,
                        "passed": r.passed,
                        "differences": list(r.differences),
                        "unknown": list(r.unknown),
                    }
                    for r in results
                ],
            }
        )
    else:
        for result in results:
            for difference in result.differences:
                out(f"FAILED {result.case.id} ({result.case.rule}): {difference}")
            for key in result.unknown:
                out(f"note {result.case.id}: {result.case.rule} does not know {key!r}")
        out(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return FOUND if failed else OK


@rules.command(name="timeline")
def rules_timeline(
    *,
    rules: Annotated[str, Parameter(help="comma-separated topics with * as wildcard")] = "*",
    lang: Language = None,
    json: Json = False,
) -> int:
    """Every dated value of the law in order of its first day."""
    from sonae.report.law import steps
    from sonae.rulebook.timeline import timeline

    found = [s.as_json() for s in timeline([g.strip() for g in rules.split(",")])]
    if json:
        show_json(found)
    else:
        show(steps(found, language(lang)))
    return OK


@rules.command(name="diff")
def rules_diff(
    before: Annotated[str, Parameter(name="BEFORE")],
    after: Annotated[str, Parameter(name="AFTER")],
    *,
    books: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What differs between two days, drafts or both, in law and in a venue's numbers.

    Parameters
    ----------
    before
        A day, with drafts after plus signs: 2026-11-20 or 2026-11-20+jp.proposal.combined.
    after
        The same for the other side.
    books
        A venue whose requirements are computed on both sides.
    """
    from sonae.actions.rules.compare import difference
    from sonae.report.law import differences

    found = difference(before, after, books)
    if json:
        show_json(found)
    else:
        show(differences(found, language(lang)))
    return OK


@rules.command(name="matrix")
def rules_matrix(
    *folders: Annotated[Path, Parameter(name="BOOKS")],
    assume: Assume = None,
    what_if_on: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """One venue under every regime it could be under: requirement, what counts, shortfall, clock.

    Parameters
    ----------
    folders
        One or more Books; the demo venues if none. Without --assume every shipped draft is shown.
    what_if_on
        Apply the law of another day (YYYY-MM-DD) instead of each venue's cut-off day.
    """
    from sonae.actions.demo.close import VENUES, demo_books
    from sonae.actions.rules.compare import venues_under_every_regime
    from sonae.report.law import matrix

    picked = folders or [demo_books(name) for name in VENUES]
    found = venues_under_every_regime(picked, assume or (), day(what_if_on))
    if json:
        show_json(found)
    else:
        for venue in found:
            show(matrix(venue, language(lang)))
    return OK


@rules.command(name="recompute")
def rules_recompute(
    file: Annotated[Path, Parameter(name="CLOSE")],
    *,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Work out a firm's close.json again: every rule on the facts that stand in it.

    Exit 1 where a figure differs, or a rule could not be run.

    Parameters
    ----------
    file
        A close.json, or the folder that holds it.
    """
    from sonae.actions.rules.recompute import recompute_file
    from sonae.report.supervise import recomputed_view

    found = recompute_file(file)
    if json:
        show_json(found)
    else:
        show(recomputed_view(found, language(lang)))
    return FOUND if found["different"] or found["not_run"] else OK


@rules.command(name="calendar")
def rules_calendar(
    folder: Annotated[Path, Parameter(name="BOOKS")],
    *,
    first: Annotated[str | None, Parameter(name="--from")] = None,
    months: int = 12,
    event: str | None = None,
    daily: bool = False,
    regime: Annotated[list[str] | None, Parameter(negative="")] = None,
    ics: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Every clock a venue lives by, as a table and as iCalendar.

    Parameters
    ----------
    folder
        The venue's Books; only venue.toml is read.
    first
        First day (YYYY-MM-DD); the day after the cut-off if absent.
    months
        How many months.
    event
        A day on which something happened: also what that starts.
    daily
        Also the duties of every business day.
    regime
        Instead of the venue's own regimes, such as jp or eu; may be repeated.
    ics
        Write an iCalendar file.
    """
    from sonae.actions.rules.compare import venue_duties
    from sonae.report.law import duties

    words = language(lang)
    found = venue_duties(
        folder, day(first), months, day(event), daily=daily, regimes=regime, ics=ics, lang=words
    )
    if json:
        show_json(found)
    else:
        show(duties(found, words))
        if ics is not None:
            out(f"→ {ics}")
    return OK


@rules.command(name="propose")
def rules_propose(
    file: Annotated[str, Parameter(name="DRAFT")],
    *,
    against: str | None = None,
    books: Annotated[list[Path] | None, Parameter(negative="")] = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """A draft rule: what it would require of venues, its text as an article, what is undecided.

    Parameters
    ----------
    file
        A draft by name or file.
    against
        The former draft, for the comparison (新旧対照表).
    books
        Venues to compute it for; the demo venues if absent.
    """
    from sonae.actions.rules.compare import propose
    from sonae.report.law import proposal

    found = propose(file, against, books)
    if json:
        show_json(found)
    else:
        show(proposal(found, language(lang)))
    return OK


@rules.command(name="index")
def rules_index(*, lang: Language = None, json: Json = False) -> int:
    """From every provision to the values, rules and lines of a report that answer to it."""
    from sonae.actions.rules.reference import reverse_index

    found, words = reverse_index(), language(lang)
    if json:
        show_json(found)
    else:
        out("\n".join(f"§ {i['provision'][words]}\n    {', '.join(i['lines'])}" for i in found))
    return OK


@rules.command(name="pages")
def rules_pages(folder: Annotated[Path, Parameter(name="DIR")] = Path("docs/reference")) -> int:
    """Write the rulebook's reference pages, both languages.

    Parameters
    ----------
    folder
        Where the pages go.
    """
    from sonae.actions.rules.reference import write_pages

    out(f"→ {folder} ({len(write_pages(folder))})")
    return OK
