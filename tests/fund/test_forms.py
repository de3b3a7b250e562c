"""A filled form means what a request file means: one reader judges both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date

import pytest

from sonae.actions.console.home import Firm
from sonae.actions.fund.forms import FORMS, read_form
from sonae.actions.fund.requests import read_request
from sonae.actions.fund.session import looking, read_toml
from sonae.core.errors import InputError
from sonae.store.view import StoreView
from tests.fund.people import DAY, People

ON = date.fromisoformat(DAY)
FILES = {
    "contribute": 'asset = "COLD"\namount = "1.5"\n[prices]\nBTC = "15000000"',
    "set_aside": 'amount = "7"',
    "use": 'incident = "I-1"\nasset = "TRUST"\namount = "5"\nnature = "transaction_loss"\n'
    'business = "spot"\nfrom_incident = true\nground = "illegal_outflow"\n'
    '[evidence]\nproof_of_outflow = "proof.txt"',
    "release": 'asset = "TRUST"\namount = "5"\nreverse = "5"\nground = "excess"\nexcess_jpy = "9"',
    "exchange": 'sold = "TRUST"\nsold_amount = "5"\nbought = "TRUST"\nbought_amount = "5"',
    "recover": 'incident = "I-1"\nasset = "TRUST"\namount = "5"',
    "asset": '[asset]\nid = "T2"\nkind = "cash"\nunit = "JPY"\nholder = "Bank"\n'
    'title = "own_account"\nbankruptcy_remote = "no"\nevidence = "statement"',
}
FIELDS = {
    "contribute": {"asset": "COLD", "amount": "1.5", "price_unit": "BTC", "price": "15000000"},
    "set_aside": {"amount": " 7 ", "asset": ""},
    "use": {"incident": "I-1", "asset": "TRUST", "amount": "5", "nature": "transaction_loss",
            "business": "spot", "from_incident": "true", "ground": "illegal_outflow"},
    "release": {"asset": "TRUST", "amount": "5", "reverse": "5", "ground": "excess",
                "excess_jpy": "9"},
    "exchange": {"sold": "TRUST", "sold_amount": "5", "bought": "TRUST", "bought_amount": "5"},
    "recover": {"incident": "I-1", "asset": "TRUST", "amount": "5"},
    "asset": {"asset.id": "T2", "asset.kind": "cash", "asset.unit": "JPY", "asset.holder": "Bank",
              "asset.title": "own_account", "asset.bankruptcy_remote": "no",
              "asset.evidence": "statement"},
}  # fmt: skip


@pytest.fixture(scope="module")
def fund(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StoreView, Firm]]:
    folder = tmp_path_factory.mktemp("forms")
    people = People(folder, str(folder / "fund.db"))
    people.begin()
    (folder / "proof.txt").write_text("proof", encoding="utf-8")
    with looking(people.store) as ledger:
        yield ledger.view, Firm("acme", folder)


@pytest.mark.parametrize("kind", FILES)
def test_a_form_gives_what_the_file_gives(fund: tuple[StoreView, Firm], kind: str):
    view, firm = fund
    file = firm.folder / "request.toml"
    file.write_text(f'kind = "{kind}"\non = {DAY}\n{FILES[kind]}\n', encoding="utf-8")
    digest = hashlib.sha256(b"proof").hexdigest()
    evidence = {"proof_of_outflow": {"file": "proof.txt", "sha256": digest}}
    given = read_form(kind, ON, FIELDS[kind], evidence if kind == "use" else {}, firm, view)
    assert given == read_request(read_toml(file), file, view)


@pytest.mark.parametrize("kind", FORMS)
def test_an_empty_form_names_everything_it_lacks(fund: tuple[StoreView, Firm], kind: str):
    with pytest.raises(InputError) as refused:
        read_form(kind, ON, {"odd": "x"}, {}, fund[1], fund[0])
    named = {p.key for p in refused.value.problems}
    assert named == {f.key for f in FORMS[kind] if f.must} | {"odd"}


@pytest.mark.parametrize(
    ("kind", "on", "change", "key"),
    [("contribute", None, {}, "on"), ("nothing", ON, {}, "kind"),
     ("contribute", ON, {"amount": "1.5x"}, "amount"), ("contribute", ON, {"price": "0"}, "price"),
     ("contribute", ON, {"price": "x"}, "price"), ("contribute", ON, {"asset": "NONE"}, "asset")],
)  # fmt: skip
def test_what_makes_no_sense_is_named(fund, kind: str, on: date | None, change: dict, key: str):
    fields = {**FIELDS["contribute"], **change}
    with pytest.raises(InputError) as refused:
        read_form(kind, on, fields, {}, fund[1], fund[0])
    assert key in {p.key for p in refused.value.problems}


def test_a_person_is_added_and_another_changed_without_touching_the_rest(fund):
    view, firm = fund
    before = view.constitution().raw
    fields = {
        "person.name": "N",
        "person.roles": "approver auditor",
        "person.public_key": "ab" * 32,
    }
    for id, count in (("new", 6), ("chi", 5)):
        made = read_form("person", ON, {**fields, "person.id": id}, {}, firm, view).content
        assert len(made["person"]) == count
        assert made["person"][-1]["id"] == id
        assert made["person"][-1]["roles"] == ["approver", "auditor"]
        assert {k: v for k, v in made.items() if k != "person"} == {
            k: v for k, v in before.items() if k != "person"
        }


def test_evidence_without_a_digest_is_refused(fund):
    bad = {"proof_of_outflow": {"file": "proof.txt", "sha256": "no"}}
    with pytest.raises(InputError):
        read_form("use", ON, FIELDS["use"], bad, fund[1], fund[0])
