"""Compiled code is cached where it can be, and nothing breaks where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import sonae

PRICE = """
import numpy as np
from sonae.loss import rqmc
from sonae.loss.kernels import quasi
from sonae.loss.frequency import Poisson
from sonae.loss.model import Model
from sonae.loss.severity import GeneralizedPareto
from sonae.loss.terms import Terms
law = rqmc.laws(Model(Poisson(1.0), GeneralizedPareto(0.0, 1.0), Terms()), 1, 6)
print(type(quasi._cache).__name__, law["gross"].mean().point > 0.0)
"""


def run(package: Path, home: Path) -> str:
    """Price in a fresh process with the package from there; what it said."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA", "XDG"))}
    environment |= {"PYTHONPATH": str(package.parent), "HOME": str(home)}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", PRICE], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def installed(folder: Path) -> Path:
    """The package as installed where nobody may write: a file stands where caches would go."""
    package = folder / "site" / "sonae"
    for part in ("loss", "core"):
        source = Path(sonae.__file__).parent / part
        shutil.copytree(source, package / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(sonae.__file__, package / "__init__.py")
    (package / "loss" / "__pycache__").write_text("")
    return package


def test_a_package_that_cannot_be_written_caches_in_the_users_folder(tmp_path: Path) -> None:
    package, home = installed(tmp_path), tmp_path / "home"
    home.mkdir()
    before = sorted(package.rglob("*"))
    assert run(package, home) == "FunctionCache True"
    assert sorted(package.rglob("*")) == before
    assert list(home.rglob("*.nbi"))


def test_without_any_place_for_a_cache_kernels_are_compiled_anew(tmp_path: Path) -> None:
    package = installed(tmp_path)
    (tmp_path / "home").write_text("")
    assert run(package, tmp_path / "home") == "NullCache True"


def test_the_command_line_starts_without_the_engines() -> None:
    """Help and the daily close load neither Numba nor SciPy."""
    code = (
        "import sys; from sonae.cli.main import run; run(['loss', 'price', '--help']);"
        "import sonae.actions.close;"
        "print([m for m in ('numba', 'scipy', 'sonae.loss') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr
