"""One event against a programme: the situations of practice, to the unit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sonae.core.errors import InputError, Refused
from sonae.policy.perils import PERILS, STANDARD
from sonae.policy.terms import read_policies
from tests.claims.policies import ITEM, ON, M, hit, lost, policies, reasons
from tests.kit import clean, close

PLAIN: dict[str, Any] = {"sublimits": None, "retention": 0}


def test_one_hot_theft_of_40_million_pays_the_hot_sublimit() -> None:
    """min(40 − 1, 10) = 10: the retention is borne by what is beyond the sublimit."""
    answer = hit(policies({}), lost(40 * M))
    assert (answer.paid, answer.retained) == (10 * M, 30 * M)
    assert reasons(answer) == {"sublimit": 29 * M, "retention": M}


def test_a_specie_form_pays_nothing_for_keys_stolen_from_afar() -> None:
    """E58: specie is of things in a vault; hot storage is not covered at all."""
    specie = policies({"form": "specie", **PLAIN})
    assert reasons(hit(specie, lost(5 * M))) == {"peril_not_in_form": 5 * M}
    hot = hit(specie, lost(5 * M, "physical_loss", "hot"))
    assert reasons(hot) == {"tier_not_covered": 5 * M}
    assert hit(specie, lost(5 * M, "physical_loss", "cold")).paid == 5 * M


def test_social_engineering_is_paid_only_where_the_policy_is_endorsed() -> None:
    """E59: executives tricked into three transfers, under a form of direct fraud."""
    parts = [lost(n * M, "social_engineering") for n in (1, 2, 3)]
    assert hit(policies(PLAIN), *parts).paid == 0
    endorsed = [*STANDARD["crime"], "social_engineering"]
    sub = [{"peril": "social_engineering", "amount": M}]
    answer = hit(policies({"perils": endorsed, "retention": 0, "sublimits": sub}), *parts)
    assert (answer.paid, reasons(answer)) == (M, {"sublimit": 5 * M})


def test_keys_held_by_someone_else_are_not_covered_unless_named() -> None:
    """E60: a client holds one key of a custodian; the policy does not respond."""
    client = lost(5 * M, custodian="a client")
    assert reasons(hit(policies(PLAIN), client)) == {"keys_elsewhere": 5 * M}
    assert hit(policies({**PLAIN, "custodians": ["a client"]}), client).paid == 5 * M
    third = [*STANDARD["crime"], "third_party_custodian"]
    assert hit(policies({**PLAIN, "perils": third}), client).paid == 5 * M
    listed = policies({**PLAIN, "perils": third, "custodians": ["another"]})
    assert hit(listed, client).paid == 0


def test_what_an_earlier_claim_took_of_the_aggregate_is_gone_from_its_day_of_payment() -> None:
    """E61: aggregate 30, 21 paid on 1 June: 9 are left from that day; a reinstatement is bought."""
    terms = {**PLAIN, "claims_paid": 21, "claims": [{"paid_on": date(2026, 6, 1), "amount": 21}],
             "annual_aggregate": 30, "limit_per_event": 30}  # fmt: skip
    assert hit(policies(terms), lost(30), on=date(2026, 5, 31)).paid == 30
    after = hit(policies(terms), lost(30), on=date(2026, 6, 1))
    assert (after.paid, reasons(after)) == (9, {"aggregate_used": 21})
    bought = policies({**terms, "reinstatements": 1})
    assert hit(bought, lost(30), on=date(2026, 6, 1)).paid == 30


def test_the_yen_capacity_of_a_dollar_policy_falls_with_the_dollar() -> None:
    """E65: 150 to 100 yen takes a third the same day."""
    loss = lost(10**12)
    at_150, at_100 = (hit(policies(PLAIN), loss, rate=r).paid for r in (150, 100))
    assert (at_150, at_100) == (4500 * M, 3000 * M)


@pytest.mark.parametrize("form", ["crime", "specie"])
@pytest.mark.parametrize("peril", ["chain_failure", "contract_failure"])
def test_failure_of_a_chain_or_a_contract_is_excluded(form: str, peril: str) -> None:
    """E67: and a policy of these forms that names such a peril contradicts itself."""
    answer = hit(policies({"form": form, **PLAIN}), lost(5 * M, peril, "cold"))
    assert reasons(answer) == {"peril_excluded": 5 * M}
    with pytest.raises(InputError):
        policies({"form": form, "perils": [peril], **PLAIN})


def test_layers_of_a_tower_stand_on_one_loss_from_the_ground() -> None:
    """Primary 9 xs 1, then 20 xs 10 of which 80 % is placed; each says what it does not pay."""
    primary = {**PLAIN, "policy_id": "A", "tower": "T", "retention": 1, "limit_per_event": 9}
    excess = {**PLAIN, "policy_id": "B", "tower": "T", "attachment": 10, "limit_per_event": 20,
              "exhaustion": 30,
              "shares": [{"insurer": "X", "share": "0.5"},
                         {"insurer": "Y", "share": "0.3"}]}  # fmt: skip
    answer = hit(policies(excess, primary), lost(40))
    [tower] = answer.towers
    assert [(x.policy.policy_id, x.inside, x.paid) for x in tower.layers] == [
        ("A", 9, 9),
        ("B", 20, 16),
    ]
    assert reasons(answer) == {"retention": 1, "above_limit": 10, "not_placed": 4}


def test_a_second_tower_is_asked_for_what_the_first_left() -> None:
    """Policies in sequence: the same loss is never paid twice."""
    first = {**PLAIN, "policy_id": "Z", "limit_per_event": 10, "sequence": 0}
    second = {**PLAIN, "policy_id": "A", "retention": 2, "sequence": 1}
    answer = hit(policies(second, first), lost(15))
    assert [(t.name, t.asked, t.paid) for t in answer.towers] == [("Z", 15, 10), ("A", 5, 3)]
    assert answer.retained == 2


def test_losses_within_the_hours_clause_bear_one_retention() -> None:
    """72 hours from the first loss; what begins later is an event of its own."""

    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 4, day, hour, tzinfo=UTC)

    parts = [lost(10, at=at(1, 0)), lost(10, at=at(4, 0)), lost(10, at=at(4, 1))]
    terms = {**PLAIN, "retention": 4, "limit_per_event": 100, "annual_aggregate": 20}
    assert reasons(hit(policies({**terms, "hours_clause": 72}), *parts)) == {
        "retention": 8,
        "aggregate_used": 2,
    }
    assert reasons(hit(policies(terms), *parts)) == {"retention": 4, "aggregate_used": 6}


@pytest.mark.parametrize(
    ("trigger", "pays"), [("loss_occurring", 0), ("discovery", 5), ("claims_made", 5)]
)
def test_the_trigger_says_which_day_must_be_in_the_period(trigger: str, pays: int) -> None:
    """Lost on 31 March, known on 1 April, the first day of the period."""
    programme = policies({**PLAIN, "trigger": trigger})
    assert hit(programme, lost(5), on=date(2026, 3, 31), learned=ON).paid == pays
    notified = {"P1": date(2027, 4, 1)}
    made = hit(policies({**PLAIN, "trigger": "claims_made"}), lost(5), notified=notified)
    assert reasons(made) == {"not_in_force": 5}
    late = policies({**PLAIN, "trigger": "discovery", "retro_date": ON})
    answer = hit(late, lost(5), on=date(2026, 3, 31), learned=ON)
    assert reasons(answer) == {"before_retro_date": 5}


def test_the_day_of_a_loss_is_that_of_the_policy_s_time_zone() -> None:
    """31 March 20:00 in London is 1 April in Tokyo."""
    at = datetime(2026, 3, 31, 19, tzinfo=UTC)
    for zone, pays in (("Asia/Tokyo", 5), ("Europe/London", 0)):
        programme = policies({**PLAIN, "time_zone": zone})
        assert hit(programme, lost(5, at=at), on=date(2026, 3, 31)).paid == pays


def test_cover_that_was_cancelled_or_dies_with_the_firm_says_so() -> None:
    """A notice takes effect after its days; a firm that failed keeps what survives it."""
    given = {**PLAIN, "cancellation_given_on": date(2026, 5, 1)}
    assert hit(policies(given), lost(5), on=date(2026, 7, 29)).paid == 5
    gone = hit(policies(given), lost(5), on=date(2026, 7, 30))
    assert reasons(gone) == {"not_in_force": 5}
    ends = hit(policies({**PLAIN, "terminates_on": ["receiver"]}), lost(5), failed=True)
    assert reasons(ends) == {"ends_with_firm": 5}
    own = {**PLAIN, "insurance_kind": "first_party", "beneficiary": "firm"}
    assert reasons(hit(policies(own), lost(5), failed=True)) == {"into_the_estate": 5}


def test_an_aggregate_retention_is_used_up_before_anything_is_paid() -> None:
    """7 of which 3 were used by earlier events; co-insurance comes first."""
    terms = {**PLAIN, "co_insurance": "1/10", "aggregate_retention": 7,
             "aggregate_retention_used": 3}  # fmt: skip
    answer = hit(policies(terms), lost(20))
    assert (answer.paid, reasons(answer)) == (14, {"co_insurance": 2, "aggregate_retention": 4})


def test_sublimits_of_two_kinds_are_never_exceeded_together() -> None:
    """Hot 10 and social engineering 1: 5 hot tricked, 20 hot hacked, 8 cold tricked."""
    subs = [{"tier": "hot", "amount": 10}, {"peril": "social_engineering", "amount": 1}]
    perils = ["external_hack", "social_engineering"]
    programme = policies({"retention": 0, "perils": perils, "sublimits": subs})
    parts = [lost(5, "social_engineering"), lost(20), lost(8, "social_engineering", "cold")]
    assert hit(programme, *parts).paid == 11


def test_a_policy_without_a_rate_is_refused_and_not_worth_nothing() -> None:
    """A currency that nobody gave a rate for."""
    with pytest.raises(Refused, match="EUR"):
        hit(policies({**PLAIN, "currency": "EUR"}), lost(5))


def test_the_captive_form_has_no_standard_of_its_own() -> None:
    """Every peril of the vocabulary, as whoever writes it to itself chose."""
    assert policies({**PLAIN, "form": "captive"})[0].perils == PERILS


# -- in a close -----------------------------------------------------------------------------------

CLOSED = """
[[policy]]
policy_id = "{id}"
insurer = "Test Insurance"
insurer_licence = "JP"
form = "crime"
insurance_kind = "liability"
period_start = 2026-04-01
period_end = 2027-03-31
currency = "JPY"
limit_per_event = 400_000_000
annual_aggregate = 400_000_000
retention = {retention}
co_insurance = 0
claims_paid = {claims_paid}
beneficiary = "customers"
pledge = "none"
terminates_on = []
{more}
"""


def counted(folder: Path, *terms: dict[str, Any]) -> int:
    """What a close counts of insurance for a requirement of 2 billion yen, in millions."""
    usual = {"retention": 0, "claims_paid": 0, "more": ""}
    text = "".join(CLOSED.format(**{**usual, **t}) for t in terms)
    draft = "jp.proposal.custody-value"
    files = {"policies.toml": text}
    closed = close(folder / "books", clean(), files=files, assume=[draft])
    found = closed.document["cover"]["by_regime"][f"{draft}.5pct"]
    assert found["required"] == "2000000000"
    return int(found["going_concern"]["insurance"]) // M


def test_a_close_asks_a_further_policy_for_what_the_first_left(tmp_path: Path) -> None:
    """400 of 2,000, then 1,600 less a retention of 1,500; a layer above 400 is on the same loss."""
    first = {"id": "A"}
    assert counted(tmp_path / "1", {"id": "B", "retention": 1500 * M}, first) == 500
    tower = [{"id": "A", "more": 'tower = "T"'},
             {"id": "B", "more": f'tower = "T"\nattachment = {400 * M}'}]  # fmt: skip
    assert counted(tmp_path / "2", *tower) == 800


def test_a_close_counts_a_paid_claim_from_its_day(tmp_path: Path) -> None:
    """The close is of 20 November 2026."""
    for day, left in (("2026-11-20", 100), ("2026-11-21", 400)):
        more = f"claims = [{{ paid_on = {day}, amount = {300 * M} }}]"
        terms = {"id": "A", "claims_paid": 300 * M, "more": more}
        assert counted(tmp_path / day, terms) == left
    more = f"aggregate_retention = {50 * M}\nreinstatements = 1"
    terms = {"id": "A", "claims_paid": 300 * M, "more": more}
    assert counted(tmp_path / "more", terms) == 350


# -- contradictions --------------------------------------------------------------------------------


def faults(*changes: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InputError) as refused:
        policies(*changes)
    return {p.key: p.message.en for p in refused.value.problems}


def test_terms_that_contradict_each_other_are_refused_all_at_once() -> None:
    """Two policies, six contradictions, one run."""
    first = {"sublimits": [{"tier": "hot", "amount": 31 * M}], "attachment": 0, "exhaustion": 0,
             "interim_share": "0.5", "reinsured_share": "0.5"}  # fmt: skip
    second = {"policy_id": "P2", "tiers": ["cold"], "exhaustion": 5 * M,
              "shares": [{"insurer": "X", "share": 1}, {"insurer": "Y", "share": "0.1"}],
              "claims": [{"paid_on": ON, "amount": 5}],
              "perils": ["insider"], "exclusions": ["insider"]}  # fmt: skip
    assert set(faults(first, second)) == {
        "policy[0].sublimits[0]",
        "policy[0].attachment",
        "policy[0].exhaustion",
        "policy[0].interim_share",
        "policy[0].reinsured_share",
        "policy[1].sublimits[0]",
        "policy[1].exhaustion",
        "policy[1].shares",
        "policy[1].claims",
        "policy[1].perils",
    }


@pytest.mark.parametrize(
    ("attachment", "word"), [(9, "overlap"), (11, "gap"), (10, "perils of layer")]
)
def test_layers_that_overlap_leave_a_gap_or_stand_on_other_losses_are_refused(
    attachment: int, word: str
) -> None:
    """Primary 9 xs 1; the next layer must attach at 10 and follow its terms."""
    primary = {**PLAIN, "policy_id": "A", "tower": "T", "retention": 1, "limit_per_event": 9}
    excess = {**PLAIN, "policy_id": "B", "tower": "T", "attachment": attachment}
    excess |= {"perils": ["insider"]} if word.startswith("perils") else {}
    assert word in faults(excess, primary)["tower T"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("perils", ["fire"]), ("perils", "insider"), ("tiers", ["warm"]), ("exclusions", [3]),
        ("sublimits", [{"amount": 1}]), ("sublimits", [{"tier": "hot"}]), ("sublimits", 5),
        ("sublimits", [{"tier": "warm", "amount": 1}]), ("sublimits", [{"amount": 1, "x": "y"}]),
        ("shares", [{"insurer": "X", "share": "1.1"}]), ("ratings", [{"rating": "A"}]),
        ("ratings", [{"known_on": ON, "rating": "good"}]), ("attachment", "-1"),
        ("hours_clause", "72"), ("reinstatements", True), ("trigger", "manifest"),
        ("time_zone", "Mars"), ("time_zone", "Asia"),
        ("retro_date", datetime(2026, 1, 1, tzinfo=UTC)), ("notice_days", -1),
        ("captive", "yes"), ("admission", "unknown"),
        ("retro_date", "2026-01-01"), ("claims", [{"paid_on": ON}]), ("interim_share", "2"),
        ("custodians", [""]), ("tower", ""), ("sequence", "first"),
    ],
)  # fmt: skip
def test_an_optional_term_that_cannot_be_used_is_named(key: str, value: Any) -> None:
    """And nothing of it is guessed."""
    assert f"policy[0].{key}" in faults({key: value})


def test_sublimits_of_three_kinds_are_refused() -> None:
    """With two kinds the amount payable is exact; with three it would not be."""
    three = [{k: v, "amount": 1} for k, v in
             (("tier", "hot"), ("asset", "BTC"), ("custodian", "X"))]  # fmt: skip
    assert list(faults({"sublimits": three})) == ["policy[0].sublimits"]


def test_existing_files_without_optional_terms_stay_valid() -> None:
    """Nothing optional stated: it attaches at its retention and stands alone."""
    required = {k: v for k, v in ITEM.items() if k not in
                ("sublimits", "admission", "ratings", "cancellation_notice_days")}  # fmt: skip
    [policy] = read_policies({"policy": [required]})
    assert (policy.attachment, policy.tower, policy.capacity) == (M, "P1", 30 * M)
    assert policy.conditions.placed == Fraction(1)
