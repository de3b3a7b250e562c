"""What the console shows of an incident: the files of its folder, and the payments in the store.

FIRM/incidents/NAME/
    open/      `sonae incident open INCIDENT.toml --out …/open`
    value/     `sonae claims value BOOKS INCIDENT.toml --out …/value`
    frozen…/   `sonae claims freeze BOOKS INCIDENT.toml --method ID --out …/frozen`
    numbers/   `sonae claims numbers …/frozen --out …/numbers`
FIRM/payments.db   the store that pays, where it is not the fund's (fund.db)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.claims.frozen import DOCUMENT as FROZEN
from sonae.actions.claims.frozen import read_frozen, signer_of
from sonae.actions.console.home import Firm, NotFound
from sonae.actions.fund.session import Now, utc_now
from sonae.actions.incident.open import DOCUMENT, JST
from sonae.actions.pay.counters import by_stage
from sonae.actions.pay.verify import waiting
from sonae.core.amount import coins
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import SonaeError
from sonae.core.text import Text
from sonae.rulebook.edition import Edition
from sonae.store.payments import Payments

PART, OPEN, VALUE = "incidents", "open", "value"
VALUATION = "valuation.json"
Found = Mapping[str, Any]


def incident_names(firm: Firm) -> list[str]:
    """Incidents that were opened, by name."""
    return [n for n in firm.names(PART) if (firm.folder / PART / n / OPEN / DOCUMENT).is_file()]


def incident_document(firm: Firm, name: str) -> dict[str, Any]:
    """What `incident open` wrote.

    Raises:
        NotFound: there is no such incident.
    """
    if name not in incident_names(firm):
        raise NotFound(
            Text(
                f"{firm.id}に{name}という事故はない",
                f"{firm.id} has no incident {name}",
            )
        )
    found: dict[str, Any] = _json(firm.part(PART, name, OPEN, DOCUMENT))
    return found


def incident_list(firm: Firm, today: date) -> list[dict[str, Any]]:
    """Each incident with its next clock, the newest first."""
    found = []
    for name in incident_names(firm):
        document = incident_document(firm, name)
        times = clocks(document, today)
        days = [c["days"] for c in times if c["days"] is not None]
        left = [n for n in days if n >= 0]
        keys = ("id", "cause", "learned_at", "value", "currency", "what_if")
        more = {"name": name, "loss": document["loss"]["asset"]}
        more |= {"passed": len(days) - len(left), "next_in_days": min(left, default=None)}
        found.append({k: document[k] for k in keys} | more)
    return sorted(found, key=lambda i: str(i["learned_at"]), reverse=True)


def day_in_japan(now: Now = utc_now) -> date:
    """The day by which clocks of Japanese law are looked at."""
    return now().astimezone(JST).date()


# -- clocks ----------------------------------------------------------------------------------------


def clocks(document: Found, today: date) -> list[dict[str, Any]]:
    """What is due to whom, with the days left (below zero: passed) and the provision."""
    edition = Edition(date.fromisoformat(document["law_on"]))
    found = []
    for clock in document["clocks"]:
        days = None if (on := _day(clock["due"])) is None else (on - today).days
        provision = None
        if clock["rule"]:
            provision = edition.provision(clock["rule"].partition("#")[0]).as_json()
        passed = None if days is None else days < 0
        found.append({**clock, "days": days, "passed": passed, "provision": provision})
    return sorted(found, key=lambda c: (c["due"] != "immediately", c["days"] is None, c["days"]))


def _day(due: str | None) -> date | None:
    try:
        return None if due is None else date.fromisoformat(due)
    except ValueError:
        return None


# -- methods ---------------------------------------------------------------------------------------


def methods(document: Found, valuation: Found) -> list[dict[str, Any]]:
    """The money at stake under each method, and by how much it differs from the first.

    Coins that are given back count at the price of the loss; where an asset has none, the sum is
    not known. What stays claimed beside it is not in the sum.
    """
    prices = {a: parse_number(p["price"]) for a, p in document["loss"]["prices"].items()}
    scales = {a["asset"]: a["scale"] for a in valuation["assets"]}
    found: list[dict[str, Any]] = []
    first: Fraction | None = None
    for method in valuation["methods"]:
        back = {
            a: coins(int(part["in_kind"]), scales[a])
            for a, part in method["by_asset"].items()
            if int(part["in_kind"])
        }
        worth = None if set(back) - set(prices) else _worth(back, prices)
        money = parse_number(method["amount"]) + parse_number(method["goodwill"])
        whole = None if worth is None else money + worth
        first = whole if not found else first
        more = None if whole is None or first is None else whole - first
        found.append(
            {
                **method,
                "coins": {a: number_text(n) for a, n in back.items()},
                "coins_worth": _text(worth),
                "at_stake": _text(whole),
                "difference": _text(more),
            }
        )
    return found


def _worth(back: Mapping[str, Fraction], prices: Mapping[str, Fraction]) -> Fraction:
    return sum((n * prices[a] for a, n in back.items()), Fraction(0))


def _text(value: Fraction | None) -> str | None:
    return None if value is None else number_text(value)


# -- one incident ----------------------------------------------------------------------------------


def incident_view(firm: Firm, name: str, today: date) -> dict[str, Any]:
    """Everything of one incident: clocks, loss, methods, frozen lists, payments."""
    document = incident_document(firm, name)
    folder = firm.folder / PART / name
    valuation = (
        _json(folder / VALUE / VALUATION) if (folder / VALUE / VALUATION).is_file() else None
    )
    return {
        "firm": firm.id,
        "name": name,
        "time_zone": firm.time_zone(),
        "on": today.isoformat(),
        "incident": document,
        "clocks": clocks(document, today),
        "valuation": valuation,
        "methods": [] if valuation is None else methods(document, valuation),
        "frozen": [_frozen(p) for p in sorted(folder.glob(f"*/{FROZEN}"))],
        **payments_of(firm, document["id"]),
    }


def _frozen(file: Path) -> dict[str, Any]:
    """A frozen list: what it says, who signed it, and whether it still holds."""
    said = _json(file)
    keys = ("version", "supersedes", "reason", "accounts", "table_digest", "record_at")
    found = {"folder": file.parent.name, **{k: said[k] for k in keys}}
    found["method"] = said["valuation"]["methods"][0]["title"]
    try:
        read_frozen(file.parent)
        return {**found, "holds": True, "signer": signer_of(file.parent), "fault": None}
    except SonaeError as error:
        return {**found, "holds": False, "signer": None, "fault": error.text.as_json()}


@contextmanager
def payments_store(firm: Firm) -> Iterator[Payments | None]:
    """The store that pays; None where the firm has none."""
    place = firm.store("payments") or firm.store("fund")
    if place is None:
        yield None
        return
    with Payments(place) as store:
        yield store


def programmes_of(store: Payments, incident: str) -> list[str]:
    """Programmes that pay a list of an incident."""
    lists = ((programme, said.split(" ", 2)) for programme, _, said in store.lists())
    return list(dict.fromkeys(p for p, of in lists if len(of) == 3 and of[2] == incident))


def payments_of(firm: Firm, incident: str) -> dict[str, Any]:
    """The programmes that pay an incident: counters, files with their signatures, what waits."""
    with payments_store(firm) as store:
        if store is None:
            return {"programmes": [], "waiting": []}
        people = {p.id: p.key for p in _people(store)}
        found = [_programme(store, p, people) for p in programmes_of(store, incident)]
        names = {p["id"] for p in found}
        acts = [w._asdict() for w in waiting(store)]
    mine = [_impersonal(w) for w in acts if names & {w["subject"], w["content"].get("programme")}]
    return {"programmes": found, "waiting": mine}


SHOWN = ("programme", "asset", "entitled", "said", "estimate", "amount", "source")
"""What is shown of an act: nothing of who is paid, nor words that somebody wrote about them."""


def _impersonal(act: Found) -> dict[str, Any]:
    content = {k: act["content"][k] for k in SHOWN if k in act["content"]}
    return {**{k: act[k] for k in ("act", "at", "by", "kind")}, "content": content}


def _people(store: Payments) -> list[Any]:
    constitution = store.view().constitution()
    return [] if constitution is None else list(constitution.persons.values())


def _programme(store: Payments, id: str, people: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": id,
        "counters": by_stage(store, id),
        "people": [{"id": who, "key": key} for who, key in people.items()],
        "files": [
            {
                **{k: v for k, v in f._asdict().items() if k not in ("content", "total")},
                "total": str(f.total),
                "approvals": [
                    {"role": a.role, "person": a.person, "at": a.at}
                    for a in store.approvals(f.name)
                ],
            }
            for f in store.files(id)
        ],
    }


def counters_of(firm: Firm, name: str, now: Now = utc_now) -> dict[str, Any]:
    """The counters of every programme that pays an incident, at this moment."""
    document = incident_document(firm, name)
    with payments_store(firm) as store:
        programmes = [] if store is None else programmes_of(store, document["id"])
        found = {p: by_stage(store, p) for p in programmes} if store is not None else {}
    at = now().astimezone(JST).isoformat(timespec="seconds")
    return {"firm": firm.id, "name": name, "at": at, "counters": found}


def _json(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))
