"""Sizes, documentation and purity of the product's code (design sections 1, 3 and 4)."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

from .source import SRC, dotted, imported, modules, nodes

LINES_MOST, LINES_USUAL, FUNCTION_LINES = 500, 400, 60
FLOATS = ("books/sample.py", "books/plant.py", "claims/candidates.py", "loss/")
"""Where floats draw or estimate; everywhere else a number is exact."""
CLOCKED = ("actions/", "cli/", "web/")
"""Where a clock and the environment may be read."""
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_a_module_is_one_sitting() -> None:
    """Mostly under 400 lines; beyond 500 it must be cut in two."""
    sizes = {n: len((SRC / n).read_text("utf-8").splitlines()) for n in modules()}
    assert {n: s for n, s in sizes.items() if s > LINES_MOST} == {}
    long = [n for n, s in sizes.items() if s > LINES_USUAL]
    assert len(long) * 10 <= len(sizes), long


def test_a_function_fits_a_screen() -> None:
    """Sixty lines, from its first line to its last."""
    long = {
        f"{place} {node.name}": size
        for place, node in nodes(*FUNCTION)
        if (size := node.end_lineno - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_every_public_module_class_and_function_says_what_it_is() -> None:
    """One sentence at least; nested functions and names with an underscore are private."""
    silent = [name for name, tree in modules().items() if not ast.get_docstring(tree)]
    for name, tree in modules().items():
        for node in [*tree.body, *(i for c in _classes(tree) for i in c.body)]:
            if isinstance(node, (*FUNCTION, ast.ClassDef)) and not node.name.startswith("_"):
                silent += [] if ast.get_docstring(node) else [f"{name}:{node.lineno} {node.name}"]
    assert silent == []


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]


def test_no_float_is_written_or_made() -> None:
    """No literal such as 0.05, no float(): numbers of money and law are exact."""
    found = [
        place
        for place, node in nodes(ast.Constant, ast.Call)
        if not place.startswith(FLOATS)
        and (
            (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
            or (isinstance(node, ast.Call) and dotted(node.func) in ("float", "complex"))
        )
    ]
    assert found == []


def test_no_two_integers_are_divided_into_a_float() -> None:
    """`round(x) / 100` and `len(a) / len(b)` are floats although no float is written.

    Divisions that are certain to be of integers are looked for: of round, int, len, or a literal.
    """
    found = [
        place
        for place, node in nodes(ast.BinOp)
        if isinstance(node.op, ast.Div)
        and not place.startswith(FLOATS)
        and _integer(node.left)
        and _integer(node.right)
    ]
    assert found == []


def _integer(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    whole_round = isinstance(node, ast.Call) and dotted(node.func) == "round"
    if whole_round and len(node.args) == 1:
        return True
    return isinstance(node, ast.Call) and dotted(node.func) in ("int", "len")


def test_toml_with_numbers_is_read_with_exact_decimals() -> None:
    """Without `parse_float` a rate of 0.05 in a file becomes a float on the way in."""
    found = [
        place.partition(":")[0]
        for place, node in nodes(ast.Call)
        if dotted(node.func) in ("tomllib.loads", "tomllib.load")
        and "parse_float" not in [k.arg for k in node.keywords]
    ]
    assert set(found) <= set(WORDS)
    for file in WORDS.values():
        assert not _has_float(tomllib.loads((SRC / file).read_text("utf-8"))), file


WORDS = {
    "report/words.py": "report/words.toml",
    "rulebook/comparison.py": "rulebook/law/elsewhere/comparison.toml",
    "rulebook/duties.py": "rulebook/duties.toml",
}
"""Modules that read a shipped file of words, and that file: it must have no decimal in it."""


def _has_float(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_float(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_float(item) for item in value)
    return isinstance(value, float)


def test_the_mass_path_never_divides_or_averages() -> None:
    """Division of a column leaves exact integers; it would differ between engines too.

    The mass path is every module of the books that writes Ibis expressions.
    """
    banned = (ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
    columns = ("mean", "avg", "std", "var", "median", "approx_median", "sqrt")
    mass = [n for n, t in modules().items() if n.startswith("books/") and "ibis" in imported(t)]
    found = [
        f"{name}:{node.lineno}"
        for name in mass
        if not name.startswith("books/engine/")
        for node in ast.walk(modules()[name])
        if (isinstance(node, ast.BinOp) and isinstance(node.op, banned))
        or (isinstance(node, ast.Attribute) and node.attr in columns)
    ]
    assert mass
    assert found == []


def test_nothing_below_the_actions_reads_a_clock_or_the_environment() -> None:
    """`on` and `known_at` are input; a close of today and one of next year are the same bytes."""
    found = []
    for name, tree in modules().items():
        if name.startswith(CLOCKED):
            continue
        found += [f"{name} imports {m}" for m in imported(tree) & {"time", "os.environ"}]
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _reads_outside(node):
                found.append(f"{name}:{node.lineno} {dotted(node) or node.attr}")
    assert found == []


def _reads_outside(node: ast.Attribute) -> bool:
    last = ".".join(dotted(node).split(".")[-2:])
    clocks = {f"{kind}.{verb}" for kind in ("datetime", "date") for verb in ("now", "today")}
    return last in clocks | {"datetime.utcnow", "os.environ", "os.getenv"}


def test_only_the_engine_knows_duckdb() -> None:
    """Everything else is written once, for every engine."""
    found = [
        name
        for name, tree in modules().items()
        if not name.startswith("books/engine/")
        and any(m.partition(".")[0] == "duckdb" for m in imported(tree))
    ]
    found += [
        place
        for place, node in nodes(ast.Attribute)
        if dotted(node).startswith("ibis.duckdb") and not place.startswith("books/engine/")
    ]
    assert found == []


def test_no_network_library_is_imported() -> None:
    """The product runs offline; what will need a network gets its client passed in."""
    banned = {"socket", "http", "urllib", "requests", "httpx", "aiohttp", "ftplib", "smtplib"}
    found = {
        name: used
        for name, tree in modules().items()
        if (used := {m.partition(".")[0] for m in imported(tree)} & banned)
        and not name.startswith(("cli/", "web/", "actions/"))
    }
    assert found == {}


def test_randomness_is_seeded_and_only_where_samples_are_drawn() -> None:
    """`random`, `secrets` and `uuid` would make two runs of one input differ, but for identity."""
    banned = {"random", "secrets", "uuid"}
    found = {n: u for n, t in modules().items() if (u := imported(t) & banned)}
    assert [name for name in found if not name.startswith(CLOCKED)] == []


def test_no_error_is_swallowed() -> None:
    """`except: pass` and a bare `except:` hide what must be said aloud."""
    found = [
        place
        for place, node in nodes(ast.ExceptHandler)
        if node.type is None or all(isinstance(line, ast.Pass) for line in node.body)
    ]
    assert found == []


def test_assertions_and_prints_are_not_how_the_product_speaks() -> None:
    """People are spoken to by `cli`; `print` elsewhere would land in a `--json` document.

    The verifier of a seal is also a script that customers run alone.
    """
    found = [
        place
        for place, node in nodes(ast.Call)
        if dotted(node.func) in ("print", "input", "breakpoint")
        and not place.startswith(("cli/", "seal/verifier.py"))
    ]
    assert found == []


def test_every_module_belongs_to_a_package() -> None:
    """A folder without __init__.py is left out of layers and of the wheel."""
    folders = {Path(name).parent for name in modules()}
    assert [
        str(f)
        for f in sorted(folders)
        if f.joinpath("__init__.py").as_posix() not in modules() and f != Path(".")
    ] == []
