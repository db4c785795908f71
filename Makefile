# Each target is one line that also works by hand; `make setup` writes .venv, everything else uses it.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do $$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
LOCKED := .venv/lock-$(shell cksum < requirements-dev.lock | cut -d' ' -f1)
READY := .venv/project-$(shell cksum < pyproject.toml | cut -d' ' -f1)
ROOMS := $(wildcard solver router simulator bench)
BIN := .venv/bin

.PHONY: run test check setup serve bench fix soak lock
.DEFAULT_GOAL := run

run: setup ## a real day of tickets through the real server
	$(BIN)/cordboard demo

test: setup check ## everything that must hold before a change is taken
	$(BIN)/cordboard warm --quiet --simulator
	$(BIN)/python -m pytest --ignore=tests/house -m "not soak" -n auto --dist loadfile

check: $(READY) ## lint, format, types and the rules of the house
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy $(ROOMS)
	$(BIN)/python -m pytest -q tests/house

setup: $(READY) ## the environment from the lock, and the kernels compiled
	$(BIN)/cordboard warm

serve: setup
	$(BIN)/cordboard serve

bench: setup
	$(BIN)/cordboard bench

fix: $(READY)
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

soak: setup ## thousands of seeds; hours if you let it
	$(BIN)/python -m pytest -m soak -n auto

# A new lock means a new environment: what an old one left behind must not make a test pass.
$(LOCKED):
	@test -n "$(PYTHON)" || { echo "cordboard needs Python 3.11, 3.12 or 3.13 with venv; say PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install -qq --require-hashes --requirement requirements-dev.lock
	@touch $@

$(READY): $(LOCKED)
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --no-index --editable .
	@touch $@

# Comments and hosts stay out of the locks: plain versions and hashes, from whatever index is configured.
COMPILE := pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
GROUP := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], "-r $(CURDIR)/requirements.lock", sep="\n")
lock: ## resolve pyproject.toml anew (needs pip-tools)
	$(COMPILE) --output-file requirements.lock pyproject.toml
	python3 -c '$(GROUP)' | $(COMPILE) --output-file requirements-dev.lock -
