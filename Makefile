# make run: everything, on a fresh machine. make test: everything, tested. See README.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
NODE := tests/node
NODE_STAMP := $(NODE)/node_modules/.package-lock.json
WORKERS ?= 2

.PHONY: run test check bench install install-dev node system system-test translations lock clean

run: system $(STAMP)
	@$(BIN)/lms run

install: system $(STAMP)

install-dev: system system-test $(DEV_STAMP) node

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Crosstrain needs Python 3.11 or newer."; exit 1; }
	@echo "Making the virtual environment…"
	@$(PYTHON) -m venv $(VENV)

$(STAMP): requirements.txt pyproject.toml | $(VENV)/bin/pip
	@echo "Installing the locked dependencies…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python .ci/link_package.py
	@touch $@

$(DEV_STAMP): requirements-dev.txt requirements.txt pyproject.toml | $(VENV)/bin/pip
	@echo "Installing the locked dependencies for development…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python .ci/link_package.py
	@touch $(STAMP) $@

# Verifiers of badges that are not ours. Where npm or its registry is missing their tests are skipped; CI wants them.
node:
	@if ! command -v npm >/dev/null 2>&1; then reason="npm is not installed"; \
	elif ! $(MAKE) -s $(NODE_STAMP); then reason="npm could not install tests/node"; fi; \
	if [ -n "$$reason" ]; then echo "$$reason: the tests with Node are skipped." >&2; [ -z "$(CI)" ]; fi

$(NODE_STAMP): $(NODE)/package-lock.json $(NODE)/.npmrc
	@echo "Installing the locked npm packages for tests…"
	@npm --prefix $(NODE) ci --ignore-scripts --silent
	@touch $@

system:
	@sh .ci/system-packages run

system-test:
	@sh .ci/system-packages test

test: install-dev
	@sh .ci/services $(BIN)/pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos
	$(BIN)/lms check courses $(if $(AGAINST),--against $(AGAINST))

bench: install-dev
	@$(BIN)/python -m tests.bench $(BENCH_ARGS)

translations: install-dev
	@mkdir -p build
	$(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --sort-output -o build/messages.pot .
	$(BIN)/pybabel -q update -i build/messages.pot -d lms/translations -l es --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d lms/translations

lock: $(DEV_STAMP)
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe -o requirements.txt pyproject.toml
	$(BIN)/pip-compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --extra dev --strip-extras --allow-unsafe -c requirements.txt -o requirements-dev.txt pyproject.toml

clean:
	rm -rf $(VENV) $(NODE)/node_modules build dist .mypy_cache .ruff_cache .import_linter_cache
