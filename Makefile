# The verbs of the project. `make` alone lists them. `make up` needs nothing but Python 3.11 to 3.13.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# A tool that the project itself never imports has an environment of its own.
CONTRACT := .venv-contract
SCHEMATHESIS := 4.32.5
ARGS ?=
# Tests start some hundred Python processes: compiled files are kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up down status doctor reset install test record-histories proof chaos lint types imports fix clean bench bench-load bench-growth bench-search soak contract

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: install ## start everything on this machine: servers, api, workers, demo data (ARGS="--port-base 20000")
	@exec $(BIN)/hanse up $(ARGS)

down: install ## stop a stack that runs in another terminal
	@exec $(BIN)/hanse down $(ARGS)

status: install ## which parts run, on which ports
	@exec $(BIN)/hanse status $(ARGS)

doctor: install ## find what is wrong with this set-up
	@exec $(BIN)/hanse doctor $(ARGS)

reset: install ## remove all data of the embedded stack
	@exec $(BIN)/hanse reset $(ARGS)

install: $(INSTALLED) ## create .venv and install what the lock names, when it changed

$(INSTALLED): requirements.lock pyproject.toml
	@rm -f $(INSTALLED)
	@if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
		for python in python3.13 python3.12 python3.11 python3; do \
			if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
				echo "Creating $(VENV) with $$($$python --version)"; \
				exec $$python -m venv --clear $(VENV); \
			fi; \
		done; \
		echo "No Python 3.11, 3.12 or 3.13 with venv was found on PATH; install one (Debian: apt install python3 python3-venv)" >&2; \
		exit 1; \
	fi
	@echo "Installing the packages of requirements.lock (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(INSTALLED)

test: install lint types imports ## everything that must hold before a commit: lint, types, import contracts, all tests
	$(BIN)/pytest -n 4 --no-loadscope-reorder $(ARGS)

test-%: install ## the tests of one folder: test-unit, test-workflows, test-integration, test-architecture …
	$(BIN)/pytest tests/$* $(ARGS)

proof: install ## the longer tests that `make test` leaves out: crowds, crashes, stories against the model (HANSE_MODEL_SEED, HANSE_MODEL_EXAMPLES), every key fifty times at once, pages in a browser; all examples of laws
	HANSE_ALL_EXAMPLES=1 $(BIN)/pytest -m "proof or hypothesis" -o faulthandler_timeout=3600 $(ARGS)

chaos: install ## every fault at every step of every saga, then crowds while all dies; writes docs/reliability.md (ARGS="--seed 7 --only Refund/ --minutes 30")
	$(BIN)/python -m tests.chaos $(ARGS)

record-histories: install ## record the histories that tests/replay lacks (ARGS="--again NAME" replaces one)
	$(BIN)/python -m tests.replay.record $(ARGS)

lint: install ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install ## mypy, strict
	$(BIN)/mypy

imports: install ## import contracts: who may import whom
	$(BIN)/lint-imports

contract: install ## every operation as Schemathesis makes it up, against a shop of its own; minutes (ARGS="--max-examples 100 --seed 7")
	@test -x $(CONTRACT)/bin/schemathesis || { python3 -m venv $(CONTRACT) && $(CONTRACT)/bin/python -m pip install --quiet --disable-pip-version-check schemathesis==$(SCHEMATHESIS); }
	@SCHEMATHESIS=$(CONTRACT)/bin/schemathesis $(BIN)/python -m tests.contract $(ARGS)

bench: install ## what the shop costs, beside floors of the same run; a quiet machine helps (ARGS=--quick)
	@exec $(BIN)/hanse bench $(ARGS)

bench-search: install ## how well goods are found (nDCG, recall, corrections), how fast at 100,000 SKUs (ARGS=--quick: quality only)
	@exec $(BIN)/python -m benchmarks.search $(ARGS)

bench-load: install ## load that does not wait for answers, up to an overload, and a crowd on few units (ARGS="--seconds 120")
	@exec $(BIN)/python -m benchmarks.load $(ARGS)

bench-growth: install ## a shop with 1,000,000 old orders and 100,000 SKUs beside an empty one (ARGS="--orders 100000")
	@exec $(BIN)/python -m benchmarks.growth $(ARGS)

soak: install ## a day of orders at full speed: does the memory of every process stay flat (ARGS="--minutes 30 --watch")
	@exec $(BIN)/python -m benchmarks.soak $(ARGS)

fix: install ## let ruff correct and format what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove caches; data and .venv stay
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
