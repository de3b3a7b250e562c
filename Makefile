.PHONY: venv setup spark demo test test-all check fmt bench reference lock clean
BIN := .venv/bin
UV ?= uv

venv: ## .venv with exactly requirements.lock; nothing to do when it is up to date
	@scripts/setup.sh

setup: venv ## and what some tests need of the system
	@scripts/setup.sh tests

spark: venv ## Apache Spark from requirements-spark.lock, and Java 17: 450 MB, so only where it is wanted
	@scripts/setup.sh spark

demo: venv
	$(BIN)/sonae demo --out out/demo

test: setup ## the fast tests
	$(BIN)/pytest -m "not slow"

test-all: setup spark
	$(BIN)/pytest

check: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fmt: venv
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: venv
	$(BIN)/python benchmarks/close.py
	$(BIN)/python benchmarks/fund.py
	$(BIN)/python benchmarks/seal.py
	$(BIN)/python benchmarks/claims.py
	$(BIN)/python benchmarks/scale.py --rows 1 10 # without numbers: 100 million, with some 40 GB of disk
	$(BIN)/python benchmarks/estate.py --people 300000
	$(BIN)/python benchmarks/rails.py
	$(BIN)/python benchmarks/people.py
	$(BIN)/python benchmarks/loss.py
	$(BIN)/python benchmarks/guard.py
	$(BIN)/python benchmarks/map.py
	$(BIN)/python benchmarks/web.py

reference: venv ## after a change of rules, values or cases
	$(BIN)/sonae rules pages docs/reference

lock: ## after a change of dependencies; LOCK_FLAGS=--upgrade takes newer versions
	$(UV) pip compile --quiet --universal --generate-hashes --extra dev --python-version 3.11 \
	  --custom-compile-command "make lock" $(LOCK_FLAGS) --output-file requirements.lock pyproject.toml
	python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep="\n")' | \
	  $(UV) pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	  --constraint requirements.lock --custom-compile-command "make lock" $(LOCK_FLAGS) \
	  --output-file requirements-spark.lock -

clean:
	rm -rf .venv out build dist .hypothesis .pytest_cache .ruff_cache .mypy_cache .import_linter_cache
	find src tests benchmarks scripts -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
