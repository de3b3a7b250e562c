"""Claims: valuation, entitlements, people, payments."""
