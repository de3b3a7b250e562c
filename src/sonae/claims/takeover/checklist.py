"""The first hours as a checklist with clocks: from the rulebook where it has the rule.

What is no law says so: a target of the house, or practice from memory. A clock in words (直ちに)
stays words. Cover that dies with the firm is told to its insurer before the petition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sonae.core.citation import Citation
from sonae.core.figure import Figure, NotComputable
from sonae.core.finding import IMMEDIATELY
from sonae.core.text import Text
from sonae.policy.terms import endings
from sonae.rulebook.edition import Edition

JST = ZoneInfo("Asia/Tokyo")
AREAS = ("pack", "keys", "sweep", "bank", "trust", "custodian", "insurer", "authority", "customers")
ENDS_WITH_FIRM = frozenset({"receiver", "insolvency", "supervisory_order", "change_of_control"})


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do; `due` is an instant, a day, or words. `standing` and `confidence` as law."""

    id: str
    area: str
    title: Text
    due: datetime | date | Text
    standing: str
    confidence: str
    provision: Text

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        due = self.due.as_json() if isinstance(self.due, Text) else self.due.isoformat()
        return {
            "id": self.id,
            "area": self.area,
            "title": self.title.as_json(),
            "due": due,
            "standing": self.standing,
            "confidence": self.confidence,
            "provision": self.provision.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Situation:
    """What the checklist depends on."""

    frozen_at: datetime
    petition_at: datetime | None
    policies: Sequence[Mapping[str, Any]]
    custodians: Sequence[str]
    banks: Sequence[str]
    trusts: Sequence[str]
    short: bool
    personal_data_lost: bool = False


_TARGET = Text("当製品の目標", "a target of this product")
_TRUST = Text(
    "暗号資産交換業者に関する内閣府令第26条第1項第4号・第11号（照合前）",
    "Cabinet Office Order on Crypto-Asset Exchange Service Providers Art. 26(1)(iv), (xi), "
    "not yet compared",
)
_MEMORY = Text("実務（記憶による）", "practice (from memory)")
_POLICY = Text("保険契約（policies.toml の terminates_on）", "the policy (its terminates_on)")


def checklist(edition: Edition, now: Situation) -> list[Task]:
    """Everything to be done, in the order of areas."""
    tasks = [
        *_own(now.frozen_at),
        *_outside(now),
        *_insurers(now),
        *_law(edition, now),
    ]
    return sorted(tasks, key=lambda t: AREAS.index(t.area))


_TARGETS = (
    (
        "open",
        "pack",
        1,
        Text("パックを開き、署名と合計を確かめる", "open the pack; verify signatures and totals"),
    ),
    (
        "missing",
        "pack",
        1,
        Text("欠けている部分・古い部分を書き出す", "list what is missing or stale"),
    ),
    (
        "signers",
        "keys",
        1,
        Text(
            "署名できる者を挙げ、会社側の署名権限を止める",
            "list who can sign; stop the firm's signers",
        ),
    ),
    (
        "watch",
        "keys",
        1,
        Text(
            "社外から、登録ウォレットの監視を始める",
            "watch the listed wallets from outside the firm",
        ),
    ),
    (
        "shares",
        "keys",
        24,
        Text(
            "鍵の持分を集め、立会いのもとで確かめる",
            "collect key shares and check them before witnesses",
        ),
    ),
    (
        "test",
        "sweep",
        6,
        Text("署名領域ごとに少額の移転を試す", "send the test transfer of each signing domain"),
    ),
    (
        "hot",
        "sweep",
        12,
        Text(
            "危険の大きいウォレットから管理人のウォレットへ移す",
            "sweep, riskiest wallets first",
        ),
    ),
    (
        "cold",
        "sweep",
        72,
        Text("残りのウォレットを移し、合計を照合する", "sweep the rest and reconcile the totals"),
    ),
    (
        "view",
        "customers",
        24,
        Text(
            "利用者の一覧を完成する（不明の分も数える）",
            "complete the single customer view, unknown owners counted",
        ),
    ),
)
"""Our own targets, in hours from the freeze."""


def _own(at: datetime) -> Iterator[Task]:
    for id, area, hours, title in _TARGETS:
        yield Task(id, area, title, at + timedelta(hours=hours), "house", "memory", _TARGET)


def _outside(now: Situation) -> Iterator[Task]:
    for n, bank in enumerate(now.banks, 1):
        title = Text(
            f"{bank}: 口座の出金停止と残高証明", f"{bank}: stop withdrawals, certify balances"
        )
        yield Task(f"bank-{n}", "bank", title, IMMEDIATELY, "house", "memory", _MEMORY)
    for n, name in enumerate(now.custodians, 1):
        title = Text(
            f"{name}: 会社の指図を受けないよう求める", f"{name}: accept no instruction of the firm"
        )
        yield Task(f"custodian-{n}", "custodian", title, IMMEDIATELY, "house", "memory", _MEMORY)


def _insurers(now: Situation) -> Iterator[Task]:
    for policy in now.policies:
        name = f"{policy['policy_id']} ({policy['insurer']})"
        ends = sorted(ENDS_WITH_FIRM & set(policy["terminates_on"]))
        if ends:
            title = _BEFORE_PETITION.format(name=name, ends=endings(ends))
            due: datetime | Text = now.petition_at or _BEFORE
            yield Task(
                f"insurer-{policy['policy_id']}", "insurer", title, due, "house", "memory", _POLICY
            )
        else:
            title = Text(
                f"{name}: 通知期間内に通知する", f"{name}: notice within the policy's period"
            )
            yield Task(
                f"insurer-{policy['policy_id']}",
                "insurer",
                title,
                _PERIOD,
                "house",
                "memory",
                _POLICY,
            )


_BEFORE_PETITION = Text(
    "{name}: 申立て前に事故・事情を通知する（{ends}で終了する契約）",
    "{name}: give notice before a petition; the cover ends on {ends}",
)
_BEFORE = Text("申立ての前", "before the petition")
_PERIOD = Text("保険契約の通知期間による", "within the policy's notice period")


def _law(edition: Edition, now: Situation) -> Iterator[Task]:
    on = now.frozen_at.astimezone(JST).date()
    if now.trusts:
        title = Text(
            "信託銀行と受益者代理人に通知する。事由の発生後は弁護士等の受益者代理人だけが"
            "受益権を行使する",
            "tell trust bank and beneficiary agent: after a trigger event only the professional "
            "agent exercises the beneficiaries' rights",
        )
        yield Task("trust", "trust", title, IMMEDIATELY, "house", "secondary", _TRUST)
    yield _ruled(
        edition,
        "reconcile",
        Text("帳簿とブロックチェーン上の有高を照合する", "reconcile ledger and chain"),
        "jp.crypto.reconciliation_due",
        {"last_reconciled_on": Figure(on, "date", id="fact:last_reconciled_on")},
        "due",
        "pack",
    )
    yield from _events(edition, now, on)
    for id, title in (
        (
            "bureau",
            Text(
                "財務局・金融庁へ連絡する（管理の状況、署名権限の停止）",
                "tell the finance bureau and the FSA: state of custody, signers stopped",
            ),
        ),
        ("association", Text("日本暗号資産等取引業協会へ連絡する", "tell the association (JVCEA)")),
    ):
        yield Task(id, "authority", title, IMMEDIATELY, "house", "memory", _MEMORY)


def _events(edition: Edition, now: Situation, on: date) -> Iterator[Task]:
    """What a shortage, or a breach of personal data, starts."""
    if now.short:
        yield _ruled(
            edition,
            "shortage",
            Text(
                "有高の不足を解消する、または不足として届け出る",
                "cure the shortage, or report it as one",
            ),
            "jp.crypto.cure_deadline",
            {
                "breach": Figure("chain_shortage", "code", id="fact:breach"),
                "arose_on": Figure(on, "date", id="fact:arose_on"),
            },
            "due",
            "authority",
        )
    if now.personal_data_lost:
        for output in ("preliminary_latest", "final"):
            given = {
                "learned_on": Figure(on, "date", id="fact:learned_on"),
                "wrongful": Figure(True, "truth", id="fact:wrongful"),
            }
            title = Text("個人データの漏えい等の報告", "report the breach of personal data")
            yield _ruled(
                edition,
                f"data-{output}",
                title,
                "jp.personal_data.breach_report_due",
                given,
                output,
                "authority",
            )


def _ruled(
    edition: Edition,
    id: str,
    title: Text,
    rule: str,
    given: Mapping[str, Figure],
    output: str,
    area: str,
) -> Task:
    """A task whose clock is an output of a rule; what cannot be computed says why."""
    figure = edition.evaluate(rule, given)[output]
    value = figure.value
    due = value.reason() if isinstance(value, NotComputable) else value
    cites: list[Citation] = [c for f in (figure, *figure.inputs) for c in f.cites]
    assert isinstance(due, date | Text)
    provision = (cites[-1] if cites else edition.provision(rule)).text()
    return Task(id, area, title, due, figure.standing, figure.confidence, provision)
