"""The verbs a person may perform: paths, identity, clock and transaction live here."""
