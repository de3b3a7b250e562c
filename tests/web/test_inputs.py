"""Every input that the OpenAPI document allows, and some that it does not: never a 500."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tests.web.conftest import Console

EXAMPLES = 15
LOOK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


def test_no_input_makes_the_console_fail(demo: Console):
    described: Any = schemathesis.openapi.from_url(f"{demo.url}/openapi.json")
    asked = 0
    for found in described.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:

            @LOOK
            @given(case=operation.as_strategy(generation_mode=mode))
            def look(case: Any) -> None:
                nonlocal asked
                asked += 1
                if asked % 2 and "firm" in (case.path_parameters or {}):
                    case.path_parameters["firm"] = "mihon"  # most names lead nowhere
                answer = case.call()
                assert answer.status_code < 500, (case.as_curl_command(), answer.text[:300])

            with suppress(Unsatisfiable):  # nothing about it can be wrong
                look()
    assert asked > EXAMPLES * len(list(described.get_all_operations()))


def test_every_page_has_a_twin_that_is_described(demo: Console):
    described = json.loads(demo.ask("/openapi.json").body)
    for path, operations in described["paths"].items():
        if path.endswith(".json"):
            assert operations["get"]["description"], path
    assert {"/{firm}/today.json", "/{firm}/why.json", "/supervisor.json"} <= set(described["paths"])
