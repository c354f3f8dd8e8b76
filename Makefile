# People and CI call the same targets. Each one does the set-up it needs first; that takes 0.1 s when it is done.

PYTHON ?= python3
PORT ?= 8787
STATE ?= .wrangler/state
SAMPLE ?= 1
TICK_EVERY ?= 60
FILES ?=
ARGS ?=
EXAMPLES ?= 500
SIDE_BY_SIDE ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder

export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export WRANGLER_SEND_METRICS := false
RUN := .venv/bin/python

.PHONY: help setup run demo test test-shapes check bench bench-cloud chaos fuzz docs cast deploy deploy-dry lock clean

help:
	@echo "make run [PORT=8787] [STATE=.wrangler/state] [FILES=dir] [SAMPLE=0] [TICK_EVERY=60]   serve the Worker here, with a sample"
	@echo "make demo         every step on a throwaway state, checked with plain SQL"
	@echo "make test         every test            make test ARGS='tests/unit -x'"
	@echo "make test-shapes  the unit and contract tests over a database of other names, and over one with few columns"
	@echo "make check        ruff, mypy, and the limits of the structure"
	@echo "make bench        the measurements    make bench ARGS='backfill costs --rounds 5'"
	@echo "make bench-cloud  the same on Cloudflare, in an account of yours: made for it, and removed"
	@echo "make chaos        kills, faults, crowds and random histories: some twenty minutes"
	@echo "make fuzz         the API against its own description, EXAMPLES=500 each"
	@echo "make docs         the documentation as a site, in .cache/site"
	@echo "make cast         docs/steward.svg again: a session with the command steward"
	@echo "make deploy       to Cloudflare         make deploy-dry: only bundle, no account needed"
	@echo "make lock         write the lock files again"
	@echo "make clean        remove what set-up made"

setup:
	@$(PYTHON) -m tooling.setup

run: setup
	@$(RUN) -m tooling.run --port "$(PORT)" --state "$(STATE)" --sample "$(SAMPLE)" --tick-every "$(TICK_EVERY)" $(if $(FILES),--files "$(FILES)")

demo: setup
	@$(RUN) -m tooling.demo $(ARGS)

test: setup
	@$(RUN) -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-shapes: setup
	@for shape in other bare; do \
		$(RUN) -m pytest tests/unit tests/contract --shape $$shape $(SIDE_BY_SIDE) $(ARGS) || exit 1; \
	done

check: setup
	@ruff check
	@ruff format --check
	@mypy
	@$(RUN) -m tooling.structure

bench: setup
	@PYTHONPATH=src:. $(RUN) -m bench $(ARGS)

bench-cloud: setup
	@PYTHONPATH=src:. $(RUN) -m bench.cloud $(ARGS)

chaos: setup
	@PYTHONPATH=src:. $(RUN) -m tests.chaos $(ARGS)

fuzz: setup
	@FUZZ_EXAMPLES=$(EXAMPLES) $(RUN) -m pytest tests/worker/test_openapi_fuzz.py $(ARGS)

docs: setup
	@$(RUN) -m tooling.site

cast: setup
	@$(RUN) -m tooling.cast

deploy: setup
	pywrangler deploy $(ARGS)

deploy-dry: setup
	@wrangler deploy --dry-run --outdir .cache/deploy

lock: setup
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements-dev.lock $(ARGS)
	uv pip compile pyproject.toml --constraint requirements-dev.lock --universal --python-version 3.14 \
		--generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements-worker.lock $(ARGS)
	uv pip compile docs/site.in --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet --output-file docs/site.lock $(ARGS)
	npm install --package-lock-only

clean:
	rm -rf .venv .cache node_modules python_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
