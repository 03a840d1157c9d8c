# Each target does its own set-up: a fresh clone needs nothing but Python >= 3.11, Node >= 20.9 and make.
#   make up ARGS="--port 8001"      options of `watchbill up`
#   make test REPORTS=build/reports     also writes JUnit files
#   make bench PEERS=all            measures n8n too, for which it installs it (Node >= 20.19, 2 GB)

ARGS ?=
REPORTS ?=
PEERS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# What runs tools written in Python: CPython as WebAssembly.
INTERPRETER := backend/src/watchbill/adapters/sandbox/wasm/guest.wasm
UI_SOURCES := $(shell find frontend/src frontend/public -type f 2>/dev/null) \
  $(wildcard frontend/*.json frontend/*.ts frontend/*.mjs)

# The newest Python that fits, and that can make a virtual environment.
FIND_PYTHON = for python in python3.13 python3.12 python3.11 python3; do \
  if $$python -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
  2>/dev/null; then found=$$python; break; fi; done; \
  if [ -z "$$found" ]; then echo "Watchbill needs Python 3.11, 3.12 or 3.13 with its venv module" \
  "(on Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; fi
# Node 20 of at least this minor version, or newer, for what needs it.
FIND_NODE = if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
  process.exit(a > 20 || (a === 20 && b >= $(1)) ? 0 : 1)' 2>/dev/null || ! command -v npm >/dev/null; then \
  echo "$(2) needs Node 20.$(1) or newer with npm; this machine has" \
  "$$(node --version 2>/dev/null || echo none)." >&2; exit 1; fi
# uv takes seconds where pip takes minutes; pip is there for machines whose packages only pip can reach.
# Without compiled files each process compiles what it imports, which takes seconds and memory.
INSTALL = $(BIN)/uv pip install --quiet --compile-bytecode --system-certs --python $(BIN)/python --require-hashes --requirement $(1) 2>/dev/null \
  || $(PIP) install --quiet --require-hashes --requirement $(1)

# A comma in a function's argument would end it.
, := ,

.DEFAULT_GOAL := help
.PHONY: help up test test-backend test-stacks test-frontend test-browser check check-backend \
  check-frontend bench chaos fuzz lock format openapi docs build clean dev ui

help:
	@echo "make up       start Watchbill on http://127.0.0.1:8000"
	@echo "make test     every test: backend, frontend, browser"
	@echo "make check    formatters, linters, types, import rules, generated files"
	@echo "make bench    benchmarks: a table, and JSON in bench/results; with PEERS=all beside n8n too"
	@echo "make chaos    200 executions while workers and servers are killed, 200 cancels"
	@echo "make fuzz     at least 20,000 made-up requests to every route"
	@echo "make build    a wheel with the user interface, in dist"
	@echo "make format   format everything"
	@echo "make openapi  write the OpenAPI document and the client generated from it"
	@echo "make docs     write the reference pages that are generated from the code"
	@echo "make lock     lock the Python dependencies again"
	@echo "make clean    remove everything that was built; data stay"

up: .venv/runtime $(INTERPRETER) frontend/out/index.html
	@$(BIN)/watchbill up $(ARGS)

# --- set-up: a stamp file tells what is done, so that a second run does nothing ---

.venv/tools: requirements/build.txt
	@$(FIND_PYTHON); test -x $(BIN)/python || { echo "Making .venv with $$($$found --version)."; $$found -m venv .venv; }
	@$(PIP) install --quiet --require-hashes --requirement requirements/build.txt
	@touch $@

.venv/runtime: .venv/tools requirements/worker.txt pyproject.toml
	@echo "Installing the Python packages."
	@$(call INSTALL,requirements/worker.txt)
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q backend/src
	@touch $@

.venv/dev: .venv/runtime requirements/dev.txt
	@echo "Installing the Python packages for development."
	@$(call INSTALL,requirements/dev.txt)
	@touch $@

# Other engines to compare with must not share our packages.
.venv-peers/.done: .venv/tools requirements/peers.txt
	@echo "Installing the engines to compare with."
	@rm -rf .venv-peers && $(BIN)/python -m venv --without-pip .venv-peers
	@$(BIN)/uv pip install --quiet --compile-bytecode --system-certs --python .venv-peers/bin/python --require-hashes \
	  --requirement requirements/peers.txt
	@touch $@

# A server of MongoDB's protocol for the tests: under the GPL, so it shares no process and no packages with us.
.venv-mongodb/.done: .venv/tools requirements/mongodb.txt
	@echo "Installing the MongoDB server of the tests."
	@rm -rf .venv-mongodb && $(BIN)/python -m venv --without-pip .venv-mongodb
	@$(BIN)/uv pip install --quiet --compile-bytecode --system-certs --python .venv-mongodb/bin/python --require-hashes \
	  --requirement requirements/mongodb.txt
	@touch $@

# Only ever installed to be measured, when it is asked for; without scripts, as it needs nothing compiled.
N8N := $(if $(filter all,$(PEERS)),bench/peers/n8n/node_modules/.done)

bench/peers/n8n/node_modules/.done: bench/peers/n8n/package-lock.json
	@$(call FIND_NODE,19,n8n)
	@echo "Installing n8n, to compare with: this takes minutes and 2 GB."
	@cd bench/peers/n8n && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@touch $@

frontend/node_modules/.done: frontend/package-lock.json
	@$(call FIND_NODE,9,Building the user interface)
	@echo "Installing the packages of the user interface."
	@cd frontend && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@touch $@

# What the tests' browser is on a machine without one.
BROWSER := frontend/e2e/browser/node_modules/.done
CHROMIUM := $(or $(WATCHBILL_CHROMIUM),$(shell command -v chromium || command -v chromium-browser \
  || command -v google-chrome || command -v google-chrome-stable))

$(BROWSER): frontend/e2e/browser/package-lock.json
	@$(call FIND_NODE,11,The browser of the tests)
	@[ "$$(uname -s -m)" = "Linux x86_64" ] || { echo "The browser tests need Chromium: install it, or name one" \
	  "in WATCHBILL_CHROMIUM." >&2; exit 1; }
	@echo "Installing a browser for the tests, as this machine has none."
	@cd frontend/e2e/browser && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@touch $@

# PgBouncer comes in no package of Python: root gets Debian's. Without root its test is left out.
POOLER = PATH="$$PATH:/usr/sbin"; command -v pgbouncer >/dev/null || { if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
  then echo "Installing PgBouncer for the tests."; apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install \
  -y -qq --no-install-recommends pgbouncer >/dev/null; else echo "PgBouncer is not installed, so the test that needs it" \
  "is left out. On Debian and Ubuntu: sudo apt-get install pgbouncer"; fi; }

frontend/out/index.html: frontend/package-lock.json $(UI_SOURCES)
	@$(call FIND_NODE,9,Building the user interface)
	@$(MAKE) --silent --no-print-directory frontend/node_modules/.done
	@echo "Building the user interface."
	@cd frontend && npm run --silent build > .build.log 2>&1 || { cat .build.log >&2; exit 1; }
	@touch $@

$(INTERPRETER): .venv/runtime $(wildcard backend/src/watchbill/adapters/sandbox/wasm/guest/*) \
  backend/src/watchbill/adapters/sandbox/wasm/building.py
	@echo "Building the sandbox's interpreter."
	@$(BIN)/python -m watchbill.adapters.sandbox.wasm.building $@

dev: .venv/dev .venv-mongodb/.done frontend/node_modules/.done $(INTERPRETER)
ui: frontend/out/index.html

# --- development ---

test: test-backend test-stacks test-frontend test-browser

# Whole stacks would take the time away from the many small tests, so they come after them.
test-backend: dev ui
	@$(POOLER)
	$(BIN)/pytest -m "not slow" -n auto --dist worksteal $(if $(REPORTS),--junitxml=$(REPORTS)/backend.xml)

test-stacks: dev ui
	$(BIN)/pytest -m slow -n 2 --dist loadgroup $(if $(REPORTS),--junitxml=$(REPORTS)/stacks.xml)

test-frontend: dev
	cd frontend && npx vitest run $(if $(REPORTS),--reporter=default --reporter=junit \
	  --outputFile.junit=$(abspath $(REPORTS))/frontend.xml)

test-browser: dev ui $(if $(CHROMIUM),,$(BROWSER))
	cd frontend && $(if $(REPORTS),PLAYWRIGHT_JUNIT_OUTPUT_FILE=$(abspath $(REPORTS))/browser.xml) \
	  npx playwright test $(if $(REPORTS),--reporter=list$(,)junit)

# Both halves have a core's worth of work: `make -j2 check` takes as long as the longer one.
check: check-backend check-frontend

check-backend: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

check-frontend: frontend/node_modules/.done
	cd frontend && npm run --silent gen:api -- --check
	cd frontend && npm run --silent format:check
	cd frontend && npm run --silent lint
	cd frontend && npm run --silent typecheck

bench: dev ui .venv-peers/.done $(N8N)
	WATCHBILL_CHROMIUM="$(CHROMIUM)" $(BIN)/python -m bench $(if $(N8N),--all-peers) $(ARGS)

chaos: dev
	LONG_TESTS=1 $(BIN)/pytest -n0 --timeout 1800 backend/tests/e2e/test_chaos.py backend/tests/e2e/test_cancel.py

fuzz: dev
	PYTHONPATH=backend $(BIN)/python -m tests.fuzzing $(ARGS)

format: dev
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .
	cd frontend && npm run --silent format

openapi docs: dev
	$(BIN)/python docs/generate.py
	cd frontend && npm run --silent gen:api

lock: .venv/dev
	PATH="$(CURDIR)/$(BIN):$$PATH" requirements/lock.sh

build: dev ui
	$(BIN)/python -m build --no-isolation --wheel --outdir dist .

clean:
	rm -rf .venv .venv-peers .venv-mongodb dist build frontend/node_modules frontend/out frontend/.next frontend/.build.log \
	  frontend/e2e/browser/node_modules bench/peers/n8n/node_modules .ruff_cache .pytest_cache .hypothesis .import_linter_cache
