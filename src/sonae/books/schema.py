"""The input tables, column by column (design section 6). Everything that reads or checks uses this.

A quantity is given as `quantity` (integer, base units) or `quantity_decimal` (text, whole coins),
never both in one part. Other amounts of money are decimal text or exact numbers in whole units of
their currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "code", "integer", "quantity", "amount", "date", "instant", "truth"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: kind, whether a value is required, codes, and whether it may be below zero."""

    name: str
    kind: Kind = "text"
    required: bool = True
    codes: tuple[str, ...] = ()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: columns, key, and whether every Books needs it."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    always: bool = False

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((c for c in self.columns if c.name == name), None)


def _text(name: str, required: bool = True) -> Column:
    return Column(name, "text", required)


def _code(name: str, *codes: str, required: bool = True) -> Column:
    return Column(name, "code", required, codes)


ASSET_KINDS = ("crypto", "stablecoin", "fiat", "basket")
PRODUCTS = ("spot", "margin", "lending")
STATES = (
    "free",
    "locked",
    "staked",
    "withdrawal_in_transit",
    "incoming_uncredited",
    "unidentified",
    "margin_debt",
)
OWNERS = ("customer", "guarantee", "buffer", "reserve", "house")
TIERS = ("cold", "hot", "other")
EVIDENCE = ("signature", "send_to_self", "custodian_statement")
PURPOSES = ("regulatory", "accounting", "claim")
STATEMENT_KINDS = (
    "customer_trust",
    "margin_trust",
    "segregated",
    "reserve",
    "house",
    "unclassified",
)
NAMED_TITLES = ("customers", "trust", "firm_for_customers", "firm")
STAGES = ("calculated", "instructed", "settled")
VOLUME_ITEMS = (
    "crypto_traded_value",
    "equity_value",
    "equity_index_futures_value",
    "equity_option_premium",
    "bond_futures_value",
    "bond_option_premium",
    "fx_futures_notional",
    "deposit_rate_futures_notional",
    "bill_discount_futures_notional",
    "commodity_futures_notional",
    "commodity_index_futures_notional",
    "commodity_option_premium",
)
FINANCIAL_ITEMS = (
    "capital",
    "net_assets",
    "liabilities",
    "guarantee_liabilities",
    "debts_to_nonresidents",
    "opening_reserve",
    "used_for_incidents",
    "profit",
    "own_funds",
    "fixed_overheads",
    "fixed_overheads_deductions",
    "operating_expenses_12_months",
    "liquid_assets",
    "liquid_capital",
    "adjusted_liabilities",
)

BALANCES = Table(
    "balances",
    (
        _text("account_id"),
        _text("customer_id", required=False),
        _text("asset"),
        _code("product", *PRODUCTS),
        _code("state", *STATES),
        Column("quantity", "quantity", signed=True),
        Column("days_to_liquid", "integer", required=False),
    ),
    ("account_id", "asset", "product", "state"),
    always=True,
)
CUSTOMERS = Table(
    "customers",
    (
        _text("customer_id"),
        _code("kind", "person", "sole_proprietor", "corporate", "staff", "related"),
        *(
            _text(name, required=False)
            for name in (
                "name",
                "name_kana",
                "birth_date",
                "address",
                "phone",
                "email",
                "country",
                "flags",
                "payout_bank",
                "payout_branch",
                "payout_account",
                "proof_text",
            )
        ),
        Column("payout_verified_on", "date", required=False),
    ),
    ("customer_id",),
)
ASSETS = Table(
    "assets",
    (
        _text("asset"),
        Column("number", "integer", required=False),
        _code("kind", *ASSET_KINDS),
        Column("scale", "integer"),
        _text("chain", required=False),
        _text("contract", required=False),
        Column("own_issue", "truth"),
    ),
    ("asset",),
    always=True,
)
HOLDINGS = Table(
    "holdings",
    (
        _text("holding_id"),
        _text("asset"),
        _code("owner", *OWNERS),
        _code("tier", *TIERS, required=False),
        _text("custodian", required=False),
        _text("chain", required=False),
        _text("address", required=False),
        _text("signing_domain", required=False),
        Column("quantity", "quantity"),
        Column("control_proved_on", "date", required=False),
        _code("evidence", *EVIDENCE, required=False),
        Column("days_to_liquid", "integer", required=False),
        Column("as_of", "instant"),
        _text("block_hash", required=False),
    ),
    ("holding_id", "asset", "owner"),
    always=True,
)
STATEMENTS = Table(
    "statements",
    (
        _text("account"),
        _text("bank"),
        _text("branch", required=False),
        _text("holder"),
        _text("currency"),
        _code("kind", *STATEMENT_KINDS),
        _code("stage", *STAGES),
        Column("amount", "amount"),
        Column("as_of", "date"),
    ),
    ("bank", "branch", "account", "currency", "kind", "stage", "as_of"),
)
PRICES = Table(
    "prices",
    (
        _text("asset"),
        _text("currency"),
        Column("price", "amount"),
        _text("source"),
        Column("own_venue", "truth"),
        _code("purpose", *PURPOSES),
        _text("entered_by", required=False),
        _text("approved_by", required=False),
        _text("evidence", required=False),
        Column("at", "instant"),
        _text("method", required=False),
        _text("answer", required=False),
    ),
    ("asset", "currency", "source", "purpose", "at"),
    always=True,
)
VOLUMES = Table(
    "volumes",
    (
        Column("fiscal_year_start", "date"),
        _code("item", *VOLUME_ITEMS),
        Column("amount", "amount"),
        Column("amount_at_most", "amount", required=False),
    ),
    ("fiscal_year_start", "item"),
)
FINANCIALS = Table(
    "financials",
    (
        Column("on", "date"),
        _code("item", *FINANCIAL_ITEMS),
        Column("amount", "amount", signed=True),
    ),
    ("on", "item"),
)
HISTORY = Table(
    "history",
    (
        _text("asset"),
        Column("on", "date"),
        _text("currency"),
        Column("price", "amount"),
        _text("source"),
    ),
    ("asset", "on", "currency"),
)
INSTRUMENTS = Table(
    "instruments",
    (
        _text("instrument_id"),
        _code("kind", "trust_deed", "guarantee", "deposit", "bond"),
        _text("holder"),
        _code("title", "own_account", "pledged", "trust_for_customers", "deposited"),
        _text("currency", required=False),
        _text("asset", required=False),
        Column("amount", "amount"),
        _code("bankruptcy_remote", "yes", "no", "untested"),
        Column("maturity", "date", required=False),
        _text("evidence", required=False),
    ),
    ("instrument_id",),
)
AGREEMENTS = Table(
    "agreements",
    (
        _text("agreement_id"),
        _code("kind", "custody", "bank", "trust", "supplier", "insurance", "employment", "other"),
        _text("counterparty"),
        _text("subject"),
        Column("signed_on", "date", required=False),
        Column("ends_on", "date", required=False),
        _text("ends_on_insolvency", required=False),
        _text("where_kept", required=False),
        _text("contact", required=False),
    ),
    ("agreement_id",),
)
PENDING_PAYMENTS = Table(
    "pending_payments",
    (
        _text("payment_id"),
        _text("account_id"),
        _text("asset"),
        Column("quantity", "quantity"),
        _code("state", "requested", "approved", "sent", "held"),
        _text("destination", required=False),
        Column("requested_at", "instant"),
        _text("reason", required=False),
    ),
    ("payment_id",),
)
SEGREGATION = Table(
    "segregation",
    (
        _code("kind", "wallet", "account"),
        _text("item"),
        _text("holder", required=False),
        _code("named_title", *NAMED_TITLES, required=False),
        Column("exclusive_use", "truth", required=False),
        Column("no_lien_on", "date", required=False),
        _text("no_lien_evidence", required=False),
        _text("trust_deed", required=False),
        Column("audited_on", "date", required=False),
        _text("auditor", required=False),
    ),
    ("kind", "item"),
)
ALLOCATIONS = Table(
    "allocations",
    (
        _text("account_id"),
        _text("holding_id"),
        _text("asset"),
        Column("quantity", "quantity"),
    ),
    ("account_id", "holding_id", "asset"),
)
CONSENTS = Table(
    "consents",
    (
        _text("account_id"),
        _text("asset"),
        _code("kind", "lending"),
        Column("agreed_on", "date"),
        Column("until", "date", required=False),
        _text("evidence"),
    ),
    ("account_id", "asset", "kind", "agreed_on"),
)
TABLES = {
    t.name: t
    for t in (
        AGREEMENTS,
        ALLOCATIONS,
        ASSETS,
        BALANCES,
        CONSENTS,
        CUSTOMERS,
        FINANCIALS,
        HISTORY,
        HOLDINGS,
        INSTRUMENTS,
        PENDING_PAYMENTS,
        PRICES,
        SEGREGATION,
        STATEMENTS,
        VOLUMES,
    )
}
NESTED = ("venue", "policies", "keys", "suppliers", "contacts")
LATER = ("incident_payouts",)
"""Tables of design section 6 that no part of the product reads yet; their presence is no fault."""
ASIDE = ("originals", "mapping.json", "mapping.toml")
"""What `books map` puts beside the tables: files by digest, what became of them, the mapping."""
