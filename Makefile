# `make` does exactly what CI does.
PYTHON ?= python3
STACK ?= dev
MODEL ?= function/models/demo
PORT ?= 4566
BIN := .venv/bin
.DEFAULT_GOAL := test
.PHONY: test demo local check unit clean help

test: check unit  ## lint, format, types and all tests
	@echo; echo "All checks and tests passed."

demo: .venv/local  ## run the whole pipeline on this machine with sample texts
	@$(BIN)/python -m local demo --stack $(STACK) --model $(MODEL)

local: .venv/local  ## keep the pipeline up for a producer to try
	@$(BIN)/python -m local serve --stack $(STACK) --model $(MODEL) --port $(PORT)

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: .venv/dev
	$(BIN)/pytest

.venv/local: requirements.txt requirements-local.txt function/requirements.txt function/requirements-onnx.txt | .venv/pip
	@echo "Installing what the local pipeline needs into .venv (about a minute, once)"
	@$(BIN)/pip install --quiet -r requirements-local.txt
	@touch $@

.venv/dev: requirements-dev.txt function/requirements-build.txt .venv/local
	@echo "Installing what the tests need into .venv (torch among it; a minute or two, once)"
	@$(BIN)/pip install --quiet -r requirements-dev.txt
	@touch $@

.venv/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv .venv
	@touch $@

clean:  ## remove .venv and all that was made
	rm -rf .venv .local build .pytest_cache .mypy_cache .ruff_cache

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
