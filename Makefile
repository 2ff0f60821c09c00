# make demo   set up what is missing and run a simulated district, live
# make test   set up what is missing and run every check and test
# make setup  set up only; the Python environment is .venv
# make check  format, lint, types, import contracts, sizes: the quick half of the tests
# make fuzz   fuzz one field protocol with atheris: ADAPTER=hj212 SECONDS=60
# make bench  measure, and print a table and JSON
# make conformance SUITE=FILE.jar   run the OGC's test suite for SensorThings (ets-sta10, "aio")
# make delta  have Spark read the table of observations; needs Java 17 and Maven, installs 513 MB

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
WORKERS ?= $(shell nproc)
BROWSERS ?= $(shell n=$(WORKERS); echo $$((n < 4 ? n : 4)))
PORT ?= 8000
ADAPTER ?= hj212
SECONDS ?= 60

# Tests start a hundred processes: modules are compiled once, not in each of them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-demo demo test check bench delta conformance fuzz web clean
.PHONY: check-types check-imports check-style check-web
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

.setup/system: tools/setup-system
	@tools/setup-system base
	@mkdir -p .setup && touch $@

.setup/system-test: .setup/system tools/setup-system
	@tools/setup-system test
	@mkdir -p .setup && touch $@

.setup/python: .setup/system pyproject.toml requirements.lock tools/setup-python
	@tools/setup-python
	@touch $@

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)
.setup/web: .setup/system $(WEB_SOURCES)
	@tools/setup-web
	@touch $@

# Side by side, each one's output in one piece; one that fails fails the whole.
ABREAST = $(MAKE) --no-print-directory -j $(WORKERS) --output-sync=target

setup-demo:
	@$(ABREAST) .setup/python .setup/web
setup:
	@$(ABREAST) .setup/python .setup/web .setup/system-test
web: .setup/web

demo: setup-demo
	.venv/bin/yiwang demo --port $(PORT)

CHECKS := check-types check-imports check-style check-web
check: setup
	@$(ABREAST) $(CHECKS)
check-types:
	.venv/bin/mypy
check-imports:
	.venv/bin/lint-imports
check-style:
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(PY) tools/sizes.py
check-web:
	cd web && npm run --silent check

test: check
	$(PY) -m pytest -n $(WORKERS) --dist worksteal -m "not browser"
	$(PY) -m pytest -n $(BROWSERS) -m browser

bench: setup
	$(PY) -m bench

conformance: setup-demo
	$(PY) tools/conformance.py $(SUITE)

fuzz: setup
	$(PY) -m tests.fuzz $(ADAPTER) -max_total_time=$(SECONDS)

clean:
	rm -rf .venv .setup web/node_modules src/yiwang/console/static

.setup/delta: tools/setup-delta
	@tools/setup-delta

delta: .setup/python .setup/delta
	$(PY) tools/delta.py
