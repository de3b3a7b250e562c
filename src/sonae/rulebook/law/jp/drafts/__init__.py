"""Drafts shipped as illustrations; no authority published them."""
