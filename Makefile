# The commands of paperlake for people; each builds .venv from the lock if it is not there.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test torture check docs bench bench-dedupe lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## build .venv from the lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "paperlake needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

demo: $(READY) ## ingest the sample dumps into ./lake and show what is in it
	$(BIN)/paperlake ingest samples --lake lake || test $$? -eq 1
	$(BIN)/paperlake sql "SELECT title, record_count, first_seen_date, last_seen_date FROM papers ORDER BY record_count DESC, title LIMIT 5" --lake lake

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n auto

torture: $(READY) ## 640 faults of processes, disks and power, crowds, every capture cut at 50 places, 1,000 examples per property: hours
	PAPERLAKE_THOROUGH=1 $(BIN)/python -m pytest -n auto tests/test_faults.py tests/test_many_at_once.py \
		tests/test_full_disk.py tests/test_shared_lakes.py tests/test_invariants_*.py tests/transforms

check: $(READY) ## format, lint, types and tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto

docs: $(READY) ## write the pages that are made from the code
	$(BIN)/python -m transforms.dictionary > docs/data-dictionary.md

bench: $(READY) ## measure speed and memory beside their floors
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/readers.py
	$(BIN)/python benchmarks/snapshots.py

bench-dedupe: $(READY) ## measure the quality and cost of deduplication beside other tools (installs them)
	$(BIN)/python benchmarks/dedupe.py ../shared

lock: $(READY) ## pin the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock

clean: ## remove .venv, the demo lake and caches
	rm -rf .venv lake build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
