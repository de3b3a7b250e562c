"""Letters of an administrator as drafts in plain text: no link, and one for each addressee.

They say what is asked and why it cannot wait. A person completes and signs them; terms of law are
only those that the rulebook or a policy gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sonae.core.errors import Refused
from sonae.core.text import Lang, Text
from sonae.report.format import day
from sonae.report.notice import url_like


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: its kind, who it is to, and what it is about, line by line."""

    kind: str
    to: Text
    about: Sequence[Text]


@dataclass(frozen=True, slots=True)
class From:
    """Who writes, for which firm, on which day, and since when rights are frozen."""

    writer: str
    entity: str
    on: date
    frozen_at: datetime


KINDS: Mapping[str, tuple[Text, Text]] = {
    "bank": (
        Text(
            "預金口座の出金停止と残高証明のお願い",
            "Request to stop withdrawals and to certify balances",
        ),
        Text(
            "下記の口座について、管理人の書面による指図があるまで出金と引落しを停止し、本日現在の"
            "残高証明、代理人・届出印・電子取引の権限者の一覧、相殺を主張する債権の有無を"
            "書面でお知らせ"
            "ください。ここに挙げた以外の口座があるときは、それもお知らせください。",
            "Please stop withdrawals and debits on the accounts below until instructed in "
            "writing by "
            "the administrator, and state in writing today's balances, everyone with power "
            "over the "
            "accounts, whether any set-off is claimed, and any account of the firm not "
            "listed here.",
        ),
    ),
    "trust_bank": (
        Text("利用者区分管理信託に関する通知", "Notice concerning the customers' money trust"),
        Text(
            "信託契約の定める事由の有無をご確認のうえ、以後は弁護士等である受益者代理人の指図に"
            "よってください。会社による運用の指図と解約は受けないでください。"
            "元本の額と直近の利用者"
            "区分管理必要額をお知らせください。",
            "Please check whether a trigger event of the trust deed has occurred, and from "
            "then on "
            "follow the professional beneficiary agent alone: take no investment or termination "
            "instruction of the firm. Please state the principal and the latest required amount.",
        ),
    ),
    "beneficiary_agent": (
        Text("受益者代理人へのご連絡", "Notice to the beneficiary agent"),
        Text(
            "受益権の行使に必要な個別利用者区分管理金額の一覧は、当方で再現した合計と照合して"
            "お渡しします。信託財産は受益者代理人、暗号資産は管理人が扱うため、"
            "利用者への案内の時期を"
            "合わせさせてください。",
            "The individual amounts needed to exercise the beneficiaries' rights will be "
            "handed over "
            "once reconciled with the totals rebuilt here. You deal with the trust and the "
            "administrator with the coins: please let us time what customers are told together.",
        ),
    ),
    "custodian": (
        Text("保管暗号資産の移転停止のお願い", "Request to stop transfers of assets in custody"),
        Text(
            "下記の保管分について、会社の役職員の指図による移転を止め、残高、承認権限者、担保権・"
            "相殺の主張の有無を書面でお知らせください。以後の指図は管理人の書面に限ります。",
            "Please stop transfers on instructions of the firm's people for the assets below, and "
            "state in writing the balances, everyone who can approve, and whether any lien "
            "or set-off "
            "is claimed. From now on only the administrator instructs, in writing.",
        ),
    ),
    "insurer": (
        Text("保険契約に関する通知", "Notice under the policy"),
        Text(
            "下記の保険契約について、事故および事故となり得る事情を、"
            "契約の通知期間内に通知します。"
            "詳細は判明次第補います。受領をご確認ください。",
            "Under the policy below we give notice, within its notice period, of loss and of "
            "circumstances that may lead to loss; particulars follow as they become known. Please "
            "confirm receipt.",
        ),
    ),
    "insurer_before_petition": (
        Text("保険契約に関する通知（申立て前）", "Notice under the policy, before a petition"),
        Text(
            "下記の保険契約は手続の開始等により終了する定めがあるため、申立てに先立ち、"
            "現在判明して"
            "いる事故および事故となり得る事情をすべて通知します。"
            "終了後に発見される損害の扱いについても"
            "ご回答ください。",
            "The policy below ends on proceedings or their like. Ahead of any petition we "
            "therefore give notice of every loss and circumstance known now. Please also say "
            "how losses "
            "discovered after the end are dealt with.",
        ),
    ),
    "authority": (
        Text("暗号資産交換業者の管理の状況に関する報告", "Report on the state of custody"),
        Text(
            "会社側の署名権限を停止し、残高と保有を再現しました。概要は下記のとおりです。"
            "利用者ごとの"
            "資料は、個人情報を含むため本書に添付しません。",
            "The firm's signers are stopped, and balances and holdings have been rebuilt as "
            "below. "
            "Data on single customers contain personal data and are not attached.",
        ),
    ),
}
_HEAD = Text(
    "【下書き・未送付】\n{to} 御中\n{on}\n\n{title}\n\n"
    "対象会社: {entity}\n権利の凍結: {at}\n\n{body}\n\n",
    "DRAFT, NOT SENT\nTo: {to}\n{on}\n\n{title}\n\n"
    "Concerning {entity}\nRights frozen: {at}\n\n{body}\n\n",
)
_FOOT = Text("\n{writer}\n（管理人）\n", "\n{writer}\n(administrator)\n")


def letter(found: Letter, by: From, lang: Lang) -> str:
    """The letter in one language.

    Raises:
        Refused: put together, something in it looks like a link.
    """
    title, body = KINDS[found.kind]
    on, frozen = (day(d.isoformat()[:10], lang) for d in (by.on, by.frozen_at))
    at = f"{frozen} {by.frozen_at:{'%H時%M分' if lang == 'ja' else '%Hh%M'}}"
    values = {"to": found.to, "on": on, "entity": by.entity, "at": at}
    head = _HEAD.format(title=title, body=body, **values).lang(lang)
    lines = "".join(f"- {line.lang(lang)}\n" for line in found.about)
    text = head + lines + _FOOT.format(writer=by.writer).lang(lang)
    if url_like(text):
        raise Refused(f"letter to {found.to.en}: it looks as if it had a link in it")
    return text
