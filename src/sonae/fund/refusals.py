"""Why an act was refused, in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping

from sonae.core.text import Text

REFUSALS: Mapping[str, Text] = {
    "not_constituted": Text(
        "規約がまだ承認されていない。まず規約を別の人が承認する",
        "the constitution is not approved yet; another person approves it first",
    ),
    "unknown_person": Text(
        "この鍵の持ち主は規約に登録されていない",
        "the constitution names nobody with this key",
    ),
    "another_key": Text(
        "登録された鍵と異なる鍵で署名されている",
        "signed with a key other than the one registered for this person",
    ),
    "role_revoked": Text(
        "管理人の選任により、会社側の権限は失われている",
        "an administrator was appointed; the firm's roles are revoked",
    ),
    "not_permitted": Text(
        "この役割では行えない。必要な役割の人に依頼する",
        "this role may not do that; ask a person with the role it needs",
    ),
    "same_person": Text(
        "起票者本人、または既に承認した人は承認できない。別の人が承認する",
        "the proposer, or someone who approved already, cannot approve; another person must",
    ),
    "no_such_proposal": Text(
        "その番号の起票はない", "there is no proposal with that number"
    ),
    "different_bytes": Text(
        "起票された内容と異なるものを承認しようとしている。内容を見直す",
        "what was approved is not what was proposed; look at the proposal again",
    ),
    "already_decided": Text(
        "この起票は既に決裁されている", "this proposal has been decided already"
    ),
    "expired": Text(
        "起票の期限が過ぎている。改めて起票する",
        "the proposal has lapsed; propose it again",
    ),
    "frozen": Text(
        "管理人の選任前の起票は凍結されている。管理人が改めて起票する",
        "proposals from before the appointment are frozen; the administrator proposes anew",
    ),
    "wrong_account": Text(
        "この種類の起票で使えない勘定科目または貸借がある",
        "an account, or a side of it, that this kind of proposal may not use",
    ),
    "unknown_unit": Text(
        "規約にない単位。規約の units に加える", "a unit that the constitution does not name"
    ),
    "bad_line": Text(
        "仕訳の行が正しくない（零、上限超過、同じ科目の重複、または行がない）",
        "a journal line is not usable (zero, too large, one account twice, or no line at all)",
    ),
    "unbalanced": Text(
        "貸借が一致しない", "debits and credits differ"
    ),
    "unknown_asset": Text(
        "登録されていない準備金資産。先に資産を登録する",
        "an asset that is not registered; register it first",
    ),
    "wrong_unit": Text(
        "資産の単位と異なる。単位の異なる資産は別の番号で登録する",
        "not the unit of that asset; an asset in another unit is registered under another id",
    ),
    "bad_asset": Text(
        "資産の登録内容が正しくない", "the particulars of the asset are not usable"
    ),
    "overdrawn": Text(
        "残高を超える", "more than the balance"
    ),
    "amount_differs": Text(
        "記載の円換算額が仕訳・価格と一致しない",
        "the stated yen amount is not what the lines and prices give",
    ),
    "above_limit": Text(
        "この金額を承認できる権限の定めがない。規約の limit を改める",
        "no limit of the constitution covers this amount; amend its limits",
    ),
    "no_ground": Text(
        "使用・取崩しの根拠が示されていない",
        "a use or release without a ground",
    ),
    "ground_does_not_hold": Text(
        "示された根拠は成り立たない", "the ground that was named does not hold"
    ),
    "evidence_missing": Text(
        "根拠に必要な証拠がそろっていない。不足は起票の missing にある",
        "evidence for the ground is missing; the proposal lists what",
    ),
    "above_excess": Text(
        "超過額を上回る取崩しはできない", "more than the excess that may be released"
    ),
    "statute_not_in_force": Text(
        "根拠となる法律が施行されていない", "the statute behind this ground is not in force"
    ),
    "not_computable": Text(
        "根拠を判定する事実が足りない", "facts that decide the ground are missing"
    ),
    "payment_not_permitted": Text(
        "この支払は損失の補塡の禁止に触れる。事故の確認を得るか、支払の性質を確かめる",
        "the ban on making good losses applies to this payment; obtain the confirmation of the "
        "incident, or look again at the nature of the payment",
    ),
    "court_order_needed": Text(
        "申立て又は管理人の選任の後は、裁判所の許可がなければ払い出せない",
        "after a petition or an appointment nothing is released without a court order",
    ),
    "close_is_signed": Text(
        "この日の締めは署名済み。訂正は署名済みの締めに代わるものとして起票する",
        "the close of this day is signed; a correction is proposed as superseding it",
    ),
    "nothing_to_correct": Text(
        "訂正できる起票でない（効力がないか、既に訂正された）",
        "nothing to correct: not in effect, or corrected already",
    ),
    "not_the_reverse": Text(
        "訂正の仕訳が元の仕訳の反対になっていない",
        "the lines are not the reverse of what they correct",
    ),
}  # fmt: skip


def refusal(code: str) -> Text:
    """The words for a code."""
    return REFUSALS.get(code, Text(code, code))
