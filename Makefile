# make demo   two tables through the whole service, after a clean clone
# make test   all tests          make check   format, lint, types, layers          make bench   measurements
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOTS := client/src service synthesizers evaluation privacy tests benchmarks examples
PACKAGES ?= -e client -e .
PIP := $(BIN)/pip --disable-pip-version-check -q

.PHONY: install demo test check bench bench-peers format lock stubs scrub-model clean help

help:
	@sed -n 's/^# //p' Makefile

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/base.lock pyproject.toml client/pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/base.lock
	$(PIP) install --no-deps --no-build-isolation $(PACKAGES)
	@touch $@

install: $(VENV)/.base

$(VENV)/.dev: requirements/dev.lock $(VENV)/.base
	$(PIP) install --require-hashes -r requirements/base.lock -r requirements/dev.lock
	@touch $@

demo: $(VENV)/.base
	$(BIN)/python examples/demo.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest tests

check: $(VENV)/.dev
	$(BIN)/ruff format --check $(ROOTS)
	$(BIN)/ruff check $(ROOTS)
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports --no-cache
	$(BIN)/hadolint Dockerfile

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# One environment a peer, all of it pinned. Python 3.11; torch from an index with builds for the processor.
bench-peers:
	for peer in dpmm smartnoise opendp mostlyai; do \
	  $(PYTHON) -m venv .bench/$$peer && .bench/$$peer/bin/pip install -q --no-deps -r benchmarks/peers/$$peer.txt || exit 1; done

format: $(VENV)/.dev
	$(BIN)/ruff format $(ROOTS)
	$(BIN)/ruff check --fix $(ROOTS)

stubs: $(VENV)/.dev
	$(BIN)/python -m grpc_tools.protoc -I service/rpc/generated=service/rpc \
	  --python_out=. --pyi_out=. --grpc_python_out=. service/rpc/generated/understudy.proto

# Both locks carry hashes of every platform's wheels and name no index.
lock: $(VENV)/.dev
	$(PIP) install pip-tools
	cd requirements && for set in base dev; do ../$(BIN)/pip-compile -q --upgrade --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --allow-unsafe --strip-extras \
	  -o $$set.lock $$set.in || exit 1; done

clean:
	rm -rf $(VENV) demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Trains the notes' tagger again from text that the project makes (about 40 minutes of one core).
scrub-model: $(VENV)/.dev
	nice -n 19 $(BIN)/python -m benchmarks.scrub_train
