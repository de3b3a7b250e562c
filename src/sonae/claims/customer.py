"""A customer as one brand knows them, and the keys that they are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from sonae.claims.details import address, birth_date, payout_account, phone
from sonae.claims.firms import corporate_form, corporate_name, split_trade_name
from sonae.claims.names import confusable, kana, name, sound, wide

Ref = tuple[str, str]
"""Brand and customer id: one account holder at one brand."""
Pair = tuple[Ref, Ref]
"""Two customers, the lesser first."""
Nature = Literal["natural", "legal", "unclear"]


class Customer(NamedTuple):
    """A row of the customers table, under the brand whose register it is."""

    brand: str
    customer_id: str
    kind: str
    name: str = ""
    name_kana: str = ""
    birth_date: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    payout_bank: str = ""
    payout_branch: str = ""
    payout_account: str = ""

    @property
    def ref(self) -> Ref:
        """Brand and customer id."""
        return self.brand, self.customer_id


@dataclass(frozen=True, slots=True)
class Keys:
    """What a customer is compared by; "" proves nothing.

    `place` is the address without its prefecture; `confusable` and `sound` are looser than `name`
    and `kana` and make candidates only.
    """

    ref: Ref
    nature: Nature
    name: str
    kana: str
    birth_date: str
    prefecture: str
    place: str
    phone: str
    payout_account: str
    email: str
    confusable: str
    sound: str


def keys_of(customer: Customer) -> Keys:
    """The keys of a customer; a sole proprietor's are those of the person, without the trade name.

    >>> shop = Customer("A", "1", "sole_proprietor", "山田商店 山田太郎", "ﾔﾏﾀﾞｼｮｳﾃﾝ ﾔﾏﾀﾞ ﾀﾛｳ")
    >>> keys_of(shop).name, keys_of(shop).kana
    ('山田太郎', 'ヤマダタロウ')
    """
    nature = nature_of(customer)
    own, own_kana = customer.name, customer.name_kana
    if customer.kind == "sole_proprietor":
        own, own_kana = split_trade_name(own)[1], split_trade_name(own_kana)[1]
    prefecture, place = address(customer.address)
    plain, read = name(own), kana(own_kana)
    return Keys(
        customer.ref,
        nature,
        plain if nature == "natural" else corporate_name(own),
        read,
        birth_date(customer.birth_date),
        prefecture,
        place,
        phone(customer.phone),
        payout_account(customer.payout_bank, customer.payout_branch, customer.payout_account),
        wide(customer.email).lower(),
        confusable(plain),
        sound(read),
    )


def nature_of(customer: Customer) -> Nature:
    """Whether a customer is a natural or a legal person, as far as kind and name agree on it.

    A person whose name shows the form of a company, and a related party that may be either, are
    unclear: no rule and no decision joins them until the record says which they are.

    >>> nature_of(Customer("A", "1", "person", "株式会社山田"))
    'unclear'
    >>> nature_of(Customer("A", "2", "staff", "山田太郎"))
    'natural'
    """
    if customer.kind == "corporate":
        return "legal"
    if corporate_form(customer.name) or corporate_form(customer.name_kana):
        return "unclear"
    if customer.kind == "related" and not birth_date(customer.birth_date):
        return "unclear"
    return "natural"


FIELDS = ("name", "kana", "birth_date", "address", "phone", "payout_account", "email")
"""What a person is shown of a pair, in this order."""


def compare(a: Keys, b: Keys) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields in which two customers agree, and those in which both say something else."""
    agree: list[str] = []
    differ: list[str] = []
    for field in FIELDS:
        left, right = (k.place if field == "address" else getattr(k, field) for k in (a, b))
        if left and right:
            same = left == right and (field != "address" or _same_prefecture(a, b))
            (agree if same else differ).append(field)
    return tuple(agree), tuple(differ)


def _same_prefecture(a: Keys, b: Keys) -> bool:
    return not a.prefecture or not b.prefecture or a.prefecture == b.prefecture
