"""Whether an insurance policy may stand in for own funds: a checklist with its reasons."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, constant, derive, missing
from sonae.core.formula import all_of, table
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, Record, field_of, rule

MONTHS_A_YEAR = constant(12, "months/year")
RISKS = {
    "loss_of_documents": "a",
    "misrepresentation": "b",
    "breach_of_legal_obligations": "c(i)",
    "breach_of_duty_to_act_honestly": "c(ii)",
    "breach_of_confidentiality": "c(iii)",
    "conflict_of_interest_procedures": "d",
    "business_disruption": "e",
    "gross_negligence": "f",
    "custody_liability": "g",
}


@rule(
    "eu.mica.insurance_eligibility",
    title=Text("保険の適格性", "eligibility of an insurance policy"),
    cites="mica 67(5)",
    needs={
        "policy": Record(
            initial_term_months="months",
            cancellation_notice_days="days",
            insurer_authorised="truth",
            third_party="truth",
            disclosed_on_website="truth",
            covers=Record(**dict.fromkeys(RISKS, "truth")),
        )
    },
    outputs={
        "eligible": Text(
            "保険の要件（第67条第5項）を満たし、不担保と分かっている危険がない",
            "has the characteristics of Art. 67(5), and no required risk is known to be uncovered",
        ),
        "covers_every_risk": Text(
            "担保すべき危険（第67条第6項）をすべて担保する", "covers every risk of Art. 67(6)"
        ),
        "counts_as_safeguard": Text("備えとして算入できる", "may be counted as a safeguard"),
        "reasons": Text("確認項目", "checklist"),
    },
)
def insurance_eligibility(law: Any, day: Any) -> Outputs:
    """Five characteristics and nine risks, each an answer of its own.

    `counts_as_safeguard` needs all of them. `eligible` is the part that the policy's face shows:
    a risk that nobody has answered for does not make it false, one that is uncovered does.
    """
    policy = day.policy
    if not policy.computable:
        gap = derive("{0}", None, "truth", (policy,))
        return {k: gap for k in ("eligible", "covers_every_risk", "counts_as_safeguard", "reasons")}
    term = field_of(policy, "initial_term_months", "months", "policy")
    notice = field_of(policy, "cancellation_notice_days", "days", "policy")
    face = {
        "initial_term": term >= law.initial_term * MONTHS_A_YEAR,
        "cancellation_notice": notice >= law.cancellation_notice,
        "insurer_authorised": field_of(policy, "insurer_authorised", "truth", "policy"),
        "third_party": field_of(policy, "third_party", "truth", "policy"),
        "disclosed_on_website": field_of(policy, "disclosed_on_website", "truth", "policy"),
    }
    risks = {key: _risk(policy, key) for key in RISKS}
    answered = [f for f in risks.values() if f.computable]
    return {
        "eligible": all_of(*face.values(), *answered),
        "covers_every_risk": all_of(*risks.values()),
        "counts_as_safeguard": all_of(*face.values(), *risks.values()),
        "reasons": table({**face, **risks}),
    }


def _risk(policy: Figure, key: str) -> Figure:
    covers = policy.rows().get("covers")
    if covers is not None and covers.computable and key in covers.rows():
        return covers.rows()[key]
    reason = Text(
        f"第67条第6項({RISKS[key]})の危険を担保するかの申告（policy.covers.{key}）がない",
        f"policy.covers.{key} is not given (Art. 67(6)({RISKS[key]}))",
    )
    return missing(f"policy.covers.{key}", reason, "truth")
