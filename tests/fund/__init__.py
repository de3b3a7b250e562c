"""The reserve fund: plan, ledger, people."""
