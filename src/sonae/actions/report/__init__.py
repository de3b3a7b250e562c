"""The verbs of reports and filings."""
