"""Views: documents for paper."""
