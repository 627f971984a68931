# Every verb makes what it needs. `make demo` and `make test` are all the set-up there is.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# Tests and demo find our own packages from the root, wherever make was called.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup check test docs demo up bench fuzz fuzz-api format clean

help: ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## a virtual environment from requirements.lock, every hash checked

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Winnow needs Python 3.11 or newer: set PYTHON=/path/to/python") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

check: setup ## style, types, import contracts, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/house

test: setup ## every test there is; says what it had to leave out
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

docs: setup ## the reference pages from the code, and the site in docs/_build
	$(BIN)/python -m cli.main docs
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build

demo: setup ## Winnow at work, on this machine, in one terminal
	$(BIN)/winnow demo

up: setup ## Winnow itself: Postgres, API, console, worker, pipelines
	$(BIN)/winnow up

bench: setup ## one JSON line a figure, each beside a peer or a limit
	@$(BIN)/python -m benchmarks $(ARGS)

fuzz: setup ## a million outcomes of random rules, row engine against DuckDB; SEED=n
	$(BIN)/python -W ignore -m tests.engine.language.fuzz --seed $(or $(SEED),1) --outcomes $(or $(OUTCOMES),1000000)

fuzz-api: setup ## random requests against the API's own description; SEED=n EXAMPLES=n
	$(BIN)/python -W ignore -m tests.api.openapi_fuzz --seed $(or $(SEED),1) --examples $(or $(EXAMPLES),200)

format: setup ## rewrite layout as the gates want it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what was built; ./var (your data) stays
	rm -rf $(VENV) docs/_build build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
