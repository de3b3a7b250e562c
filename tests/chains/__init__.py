"""Tests of chains need the extra `chains`; without it all of them are skipped, with the reason."""

import pytest

for name in ("coincurve", "embit", "pbk"):
    pytest.importorskip(name, reason=f"{name} is not installed: it is of the extra `chains`")
