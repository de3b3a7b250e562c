"""Seals: what is owed on a day, fixed in trees, chained, and provable to each customer.

Every byte follows docs/guide/seal-format.md, version 1. Whoever needs one module of it: `encoding`
has the bytes, `tree` one asset, `header` the day, `verifier` what a customer runs.
"""
