"""What insurance can be against, in closed words, and what a form covers where it says nothing."""

from __future__ import annotations

PERILS = (
    "external_hack",
    "insider",
    "collusion",
    "physical_loss",
    "social_engineering",
    "key_loss",
    "third_party_custodian",
    "operational_error",
    "chain_failure",
    "contract_failure",
)
TIERS = ("cold", "hot", "other")

STANDARD = {
    "crime": ("external_hack", "insider", "collusion"),
    "specie": ("physical_loss", "insider", "collusion"),
    "cyber": (),
    "tech_eo": ("operational_error",),
    "do": (),
    "captive": PERILS,
    "guarantee": PERILS,
}
"""Perils of a form whose policy names none (house rule, from memory of usual wordings).

Social engineering, key loss and custodians are covered only where the policy says so; cyber and
D&O forms pay costs and managers, not lost assets.
"""
NEVER = {
    "crime": ("chain_failure", "contract_failure"),
    "specie": ("chain_failure", "contract_failure"),
}
"""Excluded in these forms whatever the policy says: failure of a chain or of a contract."""
STORED = {"specie": ("cold",)}
"""Tiers of a form whose policy names none; other forms cover every tier."""
