"""Books: one legal entity's records for one cut-off."""
