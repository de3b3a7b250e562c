"""Incidents, exchanges and demo venues: dated, cited, shipped with the product."""
