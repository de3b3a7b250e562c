"""The reserve fund: its ledger, who decides, and what it must still be paid."""
