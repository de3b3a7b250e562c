"""Every input that the OpenAPI document allows, and some that it does not: never a 500."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from sqlalchemy import insert

from sonae.actions.console.passkeys import Passkeys
from sonae.actions.console.people import GRANTS, People
from sonae.store.console import ConsoleStore
from sonae.store.console_schema import USER
from tests.web.conftest import Console, running

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


def test_no_input_of_somebody_who_signed_in_makes_it_fail(demo_home: Path, tmp_path: Path):
    home = tmp_path / "home"
    shutil.copytree(demo_home / "dmm-bitcoin", home / "dmm-bitcoin")
    with running(home) as console:
        headers = signed_in(home)
        described: Any = schemathesis.openapi.from_url(f"{console.url}/openapi.json")
        said: dict[str, set[int]] = {}
        for found in described.get_all_operations():
            operation = found.ok()
            if not operation.path.startswith(("/{firm}/reserve", "/{firm}/exports", "/me")):
                continue
            for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:

                @LOOK
                @given(case=operation.as_strategy(generation_mode=mode))
                def look(case: Any) -> None:
                    if "firm" in (case.path_parameters or {}):
                        case.path_parameters["firm"] = "dmm-bitcoin"
                    answer = case.call(headers=headers)
                    said.setdefault(case.operation.path, set()).add(answer.status_code)
                    assert answer.status_code < 500, (case.as_curl_command(), answer.text[:300])

                with suppress(Unsatisfiable):
                    look()
    assert 200 in said["/{firm}/reserve.json"]
    assert 409 in said["/{firm}/reserve/prepare.json"], "past validation, to the act itself"


def signed_in(home: Path) -> dict[str, str]:
    """The headers of somebody with every role, whose session is written into the store."""
    store = ConsoleStore(str(home / "console.db"))
    people = People(store, Passkeys("http://localhost:1"))
    roles = {"name": "Pat", "roles": " ".join(GRANTS), "firms": "*", "made": people.at()}
    with store.change() as connection:
        connection.execute(insert(USER).values(id="pat", **roles))
    token = people._session("pat")
    store.close()
    return {"cookie": f"sonae={token}", "x-sonae-token": people.reader(token).token}


def test_every_page_has_a_twin_that_is_described(demo: Console):
    described = json.loads(demo.ask("/openapi.json").body)
    for path, operations in described["paths"].items():
        if path.endswith(".json"):
            assert all(said["description"] for said in operations.values()), path
    assert {"/{firm}/today.json", "/{firm}/why.json", "/supervisor.json"} <= set(described["paths"])
