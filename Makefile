PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup
setup: ; @$(PYTHON) -m tooling.setup
