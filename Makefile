# `make` does exactly what CI does.
PYTHON ?= python3
STACK ?= dev
MODEL ?= function/models/demo
PORT ?= 4566
IMAGE ?=
QUICK ?=
IMAGE_URI ?=
VERSION ?=
SECONDS ?= 60
ITEMS_PER_HOUR ?= 500
RATE ?= 100
DURATION ?= 600
PEAK ?= 5
LOAD_MODEL ?= function/models/full-size
FILE ?=
OPTIONS ?=
DO ?= peek
UPDATE_DOCS ?=
BIN := .venv/bin
# The times of this machine, if `make bench` measured them; the pages are written from the committed ones.
TIMES = $(if $(UPDATE_DOCS),,$(patsubst %,--bench %,$(wildcard build/bench.json)))
LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --custom-compile-command 'make lock'
.DEFAULT_GOAL := test
# Recipes read these from the environment, unexpanded: a workflow's caller types them, and make would run a $(shell) in them.
export IMAGE_URI VERSION
.PHONY: lock wheel up preview deployed-image destroy smoke rollout rollback live promotable send results dlq load capacity test chaos fuzz image-test demo local bench cost cost-picture check unit clean help

test: check unit  ## lint, format, types and all tests
	@echo; echo "All checks and tests passed."

fuzz: .venv/dev  ## bad input for the handler, led by coverage (SECONDS=60)
	@$(BIN)/pip install --quiet --require-hashes -r locks/fuzz.txt
	@$(BIN)/python -m tests.function.fuzz --seconds $(SECONDS)

image-test: .venv/dev  ## build the image, push it and run it as Lambda does (needs Docker)
	$(BIN)/pytest -m image --durations=5

demo: .venv/local  ## run the whole pipeline on this machine with sample texts (on the container: IMAGE=1)
	@$(BIN)/python -m tools.local demo --stack $(STACK) --model $(MODEL) $(if $(IMAGE),--image)

local: .venv/local  ## keep the pipeline up for a producer to try
	@$(BIN)/python -m tools.local serve --stack $(STACK) --model $(MODEL) --port $(PORT) $(if $(IMAGE),--image)

bench: .venv/dev  ## our function beside the baseline (torch, one text after another) and the limit (twelve minutes; QUICK=1: one)
	@$(BIN)/python -m tools.bench $(if $(QUICK),--quick)

chaos: .venv/local  ## every fault around the function, and an account of every message (three minutes; QUICK=1: one)
	@$(BIN)/python -m tools.chaos $(if $(QUICK),--quick)

cost: .venv/local  ## what a stack costs a month, and which memory size is best: STACK=prod ITEMS_PER_HOUR=500
	@$(BIN)/python -m tools.estimate.cost --stack $(STACK) --items-per-hour $(ITEMS_PER_HOUR) \
		$(TIMES) $(COST_OPTIONS)

cost-picture: .venv/local  ## write and draw prod's costs for docs/cost.md
	@$(BIN)/pip install --quiet --require-hashes -r locks/pictures.txt
	@$(MAKE) --no-print-directory cost STACK=prod UPDATE_DOCS=1 COST_OPTIONS="--picture docs/cost.png"

preview: .venv/program  ## what an update of a stack would change, with the stacks' rules: STACK=prod
	pulumi preview --diff --policy-pack policy --stack $(STACK)

deployed-image: .venv/local  ## let this checkout's preview of a stack keep an image that another stack built
	@$(BIN)/python -m tools.release adopt --stack $(STACK)

up: .venv/program  ## update a stack, all at once, with the stacks' rules
	pulumi up --policy-pack policy --stack $(STACK)

destroy: .venv/program  ## delete a stack with all that it holds
	pulumi destroy --stack $(STACK)

smoke: .venv/local  ## known texts through a deployed stack
	@$(BIN)/python -m tools.release.smoke --stack $(STACK)

rollout: .venv/local  ## update a stack by its canaryPercent and its alarms: STACK=prod IMAGE_URI=dev's imageUri
	@$(BIN)/python -m tools.release up --stack $(STACK) $(if $(value IMAGE_URI),--image "$$IMAGE_URI")

rollback: .venv/local  ## give everything to the version before, or to VERSION=17, and build nothing
	@$(BIN)/python -m tools.release back --stack $(STACK) $(if $(value VERSION),--version "$$VERSION")

live: .venv/local  ## print the version that a stack serves
	@$(BIN)/python -m tools.release live --stack $(STACK)

promotable: .venv/local  ## print the stack's imageUri, after keeping that image from expiring
	@$(BIN)/python -m tools.release keep --stack $(STACK)

# STACK on the command line names the stack, as the environment's STACK; without it a running `make local` comes first.
send: .venv/local  ## send the texts of a file: FILE=reviews.csv OPTIONS="--rate 100"
	@$(BIN)/python -m sentiment send $(FILE) $(OPTIONS)

results: .venv/local  ## what became of the texts: OPTIONS="--all"
	@$(BIN)/python -m sentiment results $(OPTIONS)

dlq: .venv/local  ## dead letters: DO=peek, save, redrive, replay or purge, OPTIONS="..."
	@$(BIN)/python -m sentiment dlq $(DO) $(OPTIONS)

load: .venv/dev  ## load test on this machine with the full-size model: RATE=100 DURATION=600 OPTIONS="--max-p95-ms 1000"
	@$(if $(filter %/full-size,$(LOAD_MODEL)),$(BIN)/python -m tools.models.full_size)
	@$(BIN)/python -m tools.load --rate $(RATE) --duration $(DURATION) --stack $(STACK) --model $(LOAD_MODEL) $(OPTIONS)

capacity: .venv/local  ## what a rate and a burst take: STACK=prod RATE=10000 PEAK=5 OPTIONS="--peak-minutes 10"
	@$(BIN)/python -m tools.estimate.capacity --rate $(RATE) --peak $(PEAK) --stack $(STACK) \
		$(TIMES) $(if $(UPDATE_DOCS),--picture docs/capacity.png) $(OPTIONS)

wheel: .venv/pip  ## build the client's wheel into dist/
	@$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

check: .venv/dev  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: .venv/dev  ## all tests
	$(BIN)/pytest

# `pulumi install` does the same; this spares having to run it first.
.venv/program: requirements.txt | .venv/pip
	@$(BIN)/pip install --quiet -r requirements.txt
	@touch $@

.venv/local: locks/local.txt | .venv/pip
	@echo "Installing what the local pipeline needs into .venv (about a minute, once)"
	@$(BIN)/pip install --quiet --require-hashes -r locks/local.txt
	@touch $@ .venv/program

.venv/dev: locks/dev.txt function/torch.txt | .venv/pip
	@echo "Installing what the tests need into .venv (torch among it; a minute or two, once)"
	@$(BIN)/pip install --quiet --require-hashes -r locks/dev.txt
	@$(BIN)/pip install --quiet -r function/torch.txt
	@touch $@ .venv/local .venv/program

lock: .venv/dev  ## resolve pyproject.toml's groups again: locks/ and function/requirements-*.txt
	$(LOCK) --python-version 3.13 --no-deps --group image-onnx -o function/requirements-onnx.txt
	$(LOCK) --python-version 3.13 --no-deps --group image-torch -o function/requirements-torch.txt
	$(LOCK) --python-version 3.11 requirements.txt --group dev -o locks/dev.txt
	$(LOCK) --python-version 3.11 requirements.txt --group local -c locks/dev.txt -o locks/local.txt
	$(LOCK) --python-version 3.11 --group pictures -c locks/dev.txt -o locks/pictures.txt
	$(LOCK) --python-version 3.11 --group fuzz -o locks/fuzz.txt
	$(LOCK) --python-version 3.13 --group model-build -c locks/dev.txt -o function/requirements-build.txt

.venv/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv .venv
	@touch $@

clean:  ## remove .venv and all that was made
	rm -rf .venv .local build .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
