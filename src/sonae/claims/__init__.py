"""From a loss to paid customers: valuation, entitlements, waterfall, payments."""
