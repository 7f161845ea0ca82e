# make demo   two tables through the whole service, after a clean clone
# make test   all tests          make check   format, lint, types, layers          make bench   measurements
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOTS := client/src service synthesizers evaluation privacy tests benchmarks examples
PACKAGES ?= -e client -e .
PIP := $(BIN)/pip --disable-pip-version-check -q

.PHONY: install demo test test-engines check bench bench-peers format lock stubs scrub-model scrub-strong offline-bundle deep clean help

help:
	@sed -n 's/^# //p' Makefile

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/base.lock pyproject.toml client/pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/base.lock
	$(PIP) install --no-deps --no-build-isolation $(PACKAGES)
	@touch $@

install: $(VENV)/.base

# Torch's wheel differs by processor and index, so no lock holds it: TORCH=torch==2.13.0+cu130 takes another one.
TORCH ?= torch==2.13.0
$(VENV)/.deep: requirements/deep.lock $(VENV)/.base
	$(PIP) install $(TORCH)
	$(PIP) install --require-hashes --no-deps -r requirements/deep.lock
	@touch $@

deep: $(VENV)/.deep

$(VENV)/.dev: requirements/dev.lock $(VENV)/.deep
	$(PIP) install --require-hashes --no-deps -r requirements/base.lock -r requirements/dev.lock
	@touch $@

demo: $(VENV)/.base
	$(BIN)/python examples/demo.py

# A file is run by one process, for its house is made once; the longest first (tests/conftest.py).
# One process more than cores, for many tests wait.
JOBS ?= $(shell expr $$(nproc) + 1)
test: $(VENV)/.dev
	$(BIN)/python -m pytest tests -n $(JOBS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev
	$(BIN)/ruff format --check $(ROOTS)
	$(BIN)/ruff check $(ROOTS)
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports --no-cache
	$(BIN)/hadolint Dockerfile

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)
	$(if $(ARGS),,for part in engines upload jobs crowd; do $(BIN)/python -m benchmarks.$$part || exit 1; done)

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

# The locks carry hashes of every platform's wheels and name no index. Each set is held to the versions of those before.
lock: $(VENV)/.dev
	$(PIP) install pip-tools
	cd requirements && for set in base deep dev; do \
	  ../$(BIN)/pip-compile -q --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --strip-extras $$([ $$set = base ] && echo --allow-unsafe || \
	  echo --unsafe-package torch --unsafe-package setuptools --unsafe-package pip) -o $$set.lock $$set.in || exit 1; \
	  sed -n 's/^\([A-Za-z0-9_.-]*==[^ ]*\) .*/\1/p' $$set.lock > $$set.constraints; done; rm -f *.constraints

# One tar that installs without a network, for the same Python and kind of processor: see deploy/offline/README.md.
offline-bundle: $(VENV)/.dev
	deploy/offline/bundle.sh $(BIN)/python dist

clean:
	rm -rf $(VENV) demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The contract suite on other projects' engines: makes their environments under .engines first (gigabytes, minutes).
ENGINES ?= smartnoise sdv
test-engines: $(VENV)/.dev
	for name in $(ENGINES); do UNDERSTUDY_HOME=$(CURDIR)/.engines $(BIN)/understudy engines install $$name --accept-licence || exit 1; done
	UNDERSTUDY_TEST_ENGINES=$(CURDIR)/.engines/engines $(BIN)/python -m pytest tests/contract/test_engines.py -o timeout=3600

# Trains the notes' tagger again from text that the project makes (about 40 minutes of one core).
scrub-model: $(VENV)/.dev
	nice -n 19 $(BIN)/python -m benchmarks.scrub_train --seed 5
	nice -n 19 $(BIN)/python -m benchmarks.scrub_train --seed 6 --out privacy/scrub/weights/second --lists privacy/scrub/weights
	nice -n 19 $(BIN)/python -m benchmarks.scrub_calibrate

scrub-strong: $(VENV)/.dev
	nice -n 19 $(BIN)/python -m benchmarks.scrub_train_strong

# Counts the embedded text model's public text again (about three minutes of one core).
text-prior: $(VENV)/.dev
	nice -n 19 $(BIN)/python -m benchmarks.text_prior
	nice -n 19 $(BIN)/python -m benchmarks.text_meanings
