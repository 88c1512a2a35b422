# Needs sh and a Python, 3.12 or newer; everything else goes into .venv.
# PYTHON=/path/to/python chooses the Python, ARGS="..." passes options on.

.DEFAULT_GOAL := help
.PHONY: help run test faults lint bench requirements clean

VENV := .venv
BIN := $(VENV)/bin
NODE_CLIENTS := tests/e2e/clients/node
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# Where it is set, every process would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

# Three test workers for two cores: each holds a whole gateway in the end-to-end tests, and often waits for it.
WORKERS ?= 3

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS='	' read -r name text; do \
		printf '  make %-13s %s\n' "$$name" "$$text"; done

run: $(VENV)/.installed ## start the gateway; ARGS="--port 9000"
	@exec $(BIN)/python manage.py serve $(ARGS)

# Measuring coverage slows every test down, so only those of the pure packages are measured.
PURE := tests/responses_api/core tests/responses_api/gemini tests/golden tests/test_field_cases.py tests/test_field_cases_of_answers.py

test: $(VENV)/.installed-dev $(NODE_CLIENTS)/node_modules/.package-lock.json ## run the tests, those of the pure packages with coverage; ARGS="tests/responses_api -k name"
	@sh .ci/find-browser
ifeq ($(ARGS),)
	$(BIN)/python -m pytest -n $(WORKERS) $(PURE) --cov
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(PURE:%=--ignore=%)
else
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)
endif

faults: $(VENV)/.installed-dev ## run the fault suite in its long form: parts die while many streams run
	$(BIN)/python -m pytest -n $(WORKERS) tests/faults --long-faults --timeout 600 $(ARGS)

lint: $(VENV)/.installed-dev ## check style, types, imports, migrations and settings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.settings
	$(BIN)/python manage.py check --settings tests.settings

bench: $(VENV)/.installed-dev ## measure the gateway; ARGS are the benchmark's
	$(BIN)/python -m bench $(ARGS)

COMPILE := $(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.12 --generate-hashes \
	--no-emit-index-url

requirements: $(VENV)/.installed-dev ## resolve pyproject.toml into the requirements files; ARGS=--upgrade
	$(COMPILE) $(ARGS) -o requirements.txt
	$(COMPILE) $(ARGS) --group dev -c requirements.txt -o requirements-dev.txt

clean: ## remove what the tools made; data/ stays
	rm -rf $(VENV) $(NODE_CLIENTS)/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --no-deps: the files are complete, and pip would refuse the override in pyproject.toml on Python 3.12.
# A stamp says which requirements file is installed; it is older than the file after a change.
$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing $<"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $<
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing $<"
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $<
	@touch $@

# JavaScript clients of some end-to-end tests, which are skipped without them.
$(NODE_CLIENTS)/node_modules/.package-lock.json: $(NODE_CLIENTS)/package-lock.json
	@if command -v npm >/dev/null; then \
		echo "Installing $<"; npm ci --prefix $(NODE_CLIENTS) --no-audit --no-fund --loglevel error; \
	fi || echo "npm could not install them: the tests with JavaScript clients are skipped"

$(VENV)/bin/python:
	@python=$$(sh .ci/find-python) && echo "Making $(VENV) with $$python" && "$$python" -m venv $(VENV)
