PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')  # tests often wait
UV_INSTALL = $(VENV)/bin/uv pip install --quiet --python $(VENV)
UV_LOCK = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

.PHONY: demo demo-live test lint test-js bench lock

demo: $(READY)
	$(VENV)/bin/leadsync demo --cycles 3

demo-live: $(READY)  ## goes on polling until it is stopped
	$(VENV)/bin/leadsync demo --cycles 0

test: lint
	$(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/hadolint Dockerfile

test-js: $(READY)
	npm ci --prefix tests/js --no-audit --no-fund
	cd tests/js && LEADSYNC=$(CURDIR)/$(VENV)/bin/leadsync node --test

bench: $(READY)
	$(VENV)/bin/python -m tests.bench

# The three locks pin the same versions: what runs, what builds the wheel, what develops (all of it).
lock: $(READY)
	$(UV_LOCK) pyproject.toml --extra postgres --group dev -o requirements-dev.lock
	$(UV_LOCK) pyproject.toml --extra postgres -c requirements-dev.lock -o requirements.lock
	$(UV_LOCK) --group pyproject.toml:build -c requirements-dev.lock -o requirements-build.lock

$(READY): pyproject.toml requirements-build.lock requirements-dev.lock
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	$(UV_INSTALL) --compile-bytecode --require-hashes -r requirements-dev.lock
	$(UV_INSTALL) --no-deps --no-build-isolation --editable .
	touch $@
