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
DATA ?=
BASE ?=
SOURCE ?=
TO ?=
OPTIONS ?=
DO ?= peek
UPDATE_DOCS ?=
BIN := .venv/bin
# Workers of pytest-xdist. A worker that runs out of tests takes some of the other's.
WORKERS := -n 2 --dist worksteal
# This machine's times, if `make bench` measured them; the pages use the committed ones.
TIMES = $(if $(UPDATE_DOCS),,$(patsubst %,--bench %,$(wildcard build/bench.json)))
LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --custom-compile-command 'make lock'
.DEFAULT_GOAL := test
# Recipes read these unexpanded from the environment: a workflow's caller types them, and make would run a $(shell) in them.
export IMAGE_URI VERSION FILE MODEL LOAD_MODEL DATA BASE SOURCE TO
.PHONY: lock wheel up preview image deployed-image destroy smoke rollout rollback unhold live promotable send results report forget dlq train evaluate pack-model fetch-models demo-model fidelity load capacity test chaos fuzz image-test demo local bench cost cost-picture check quick tests clean help

##@ Try
demo: .venv/local  ## Run the whole pipeline on this machine with sample texts; IMAGE=1 runs the container.
	@$(BIN)/python -m tools.local demo --stack $(STACK) --model "$$MODEL" $(if $(IMAGE),--image)

local: .venv/local  ## Keep the pipeline running, so that you can send your own texts; IMAGE=1 runs the container.
	@$(BIN)/python -m tools.local serve --stack $(STACK) --model "$$MODEL" --port $(PORT) $(if $(IMAGE),--image)

##@ Send and read (a running make local, or STACK=prod)
# STACK on the command line or in the environment names the stack; without it, a running `make local` comes first.
send: .venv/local  ## Send the texts in a file: FILE=reviews.csv OPTIONS="--rate 100".
	@$(BIN)/python -m sentiment send $(if $(value FILE),"$$FILE") $(OPTIONS)

results: .venv/local  ## Print results: OPTIONS="--all".
	@$(BIN)/python -m sentiment results $(OPTIONS)

report: .venv/local  ## Chart results over time in build/report.html: OPTIONS="--since 30d".
	@$(BIN)/pip install --quiet --require-hashes -r locks/pictures.txt
	@mkdir -p build
	@$(BIN)/python -m sentiment report --html build/report.html $(OPTIONS)

forget: .venv/local  ## Delete results by the ids in a file: FILE=ids.txt OPTIONS=--dry-run.
	@$(BIN)/python -m sentiment forget $(if $(value FILE),--ids-from "$$FILE") $(OPTIONS)

dlq: .venv/local  ## Inspect dead letters; DO=save, redrive, replay or purge does more; OPTIONS="...".
	@$(BIN)/python -m sentiment dlq $(DO) $(OPTIONS)

##@ Deploy (STACK=dev, unless you name another)
preview: .pulumi .venv/program  ## Show what an update would change, and check the rules in policy/.
	pulumi preview --diff --policy-pack policy --stack $(STACK)

up: .pulumi .venv/program .venv/local  ## Update the stack and switch all batches at once: OPTIONS=--yes.
	pulumi up --policy-pack policy --stack $(STACK) $(OPTIONS)
	@$(BIN)/python -m tools.release verify --stack $(STACK)

image: .venv/local  ## Build and push the image with build secrets, for `make up` to deploy: OPTIONS="--netrc FILE".
	@$(BIN)/python -m tools.release image --stack $(STACK) $(OPTIONS)

smoke: .venv/local  ## Check the live version's answers, then the path through the queue.
	@$(BIN)/python -m tools.release.smoke --stack $(STACK) $(OPTIONS)

rollout: .venv/local  ## Update the stack with a canary, and roll back if an alarm goes off: IMAGE_URI=...
	@$(BIN)/python -m tools.release rollout --stack $(STACK) $(if $(value IMAGE_URI),--image "$$IMAGE_URI")

rollback: .venv/local  ## Route all batches to the previous version, or to VERSION=17; builds nothing.
	@$(BIN)/python -m tools.release rollback --stack $(STACK) $(if $(value VERSION),--version "$$VERSION")

unhold: .venv/local  ## Allow rollouts again after a rollback: remove stableVersion from the stack's file.
	@$(BIN)/python -m tools.release unhold --stack $(STACK)

live: .venv/local  ## Print the version that the stack serves.
	@$(BIN)/python -m tools.release live --stack $(STACK)

promotable: .venv/local  ## Wait for ECR's scan, and print the live version's image, which another stack may run.
	@$(BIN)/python -m tools.release promotable --stack $(STACK)

deployed-image: .venv/local  ## Set imageUri to the promoted image the stack runs, so that preview plans no build.
	@$(BIN)/python -m tools.release deployed-image --stack $(STACK)

destroy: .pulumi .venv/program .venv/local  ## Delete the stack and everything in it: OPTIONS=--yes.
	@$(BIN)/python -m tools.release destroyable --stack $(STACK)
	pulumi destroy --stack $(STACK) $(OPTIONS)

##@ Your own model
train: .venv/dev  ## Fine-tune a model on labelled texts: DATA=labelled.csv BASE=model OPTIONS="--epochs 3".
	@$(BIN)/python -m tools.models.train $(if $(value DATA),--data "$$DATA") $(if $(value BASE),--base "$$BASE") $(OPTIONS)

evaluate: .venv/dev  ## Evaluate a model on labelled texts before you deploy it: DATA=labelled.csv MODEL=folder.
	@$(BIN)/python -m tools.models.evaluate $(if $(value DATA),--data "$$DATA") --model "$$MODEL" $(if $(value SOURCE),--source "$$SOURCE") $(OPTIONS)

pack-model: .venv/local  ## Pack a model for CI to fetch: MODEL=folder TO=s3://bucket/models or a release.
	@$(BIN)/python -m tools.models.archive pack "$$MODEL" "$$TO"

fetch-models: .venv/local  ## Fetch the models that function/models/*.json point to.
	@$(BIN)/python -m tools.models.archive fetch

demo-model: .venv/dev  ## Build the demonstration model from scratch and evaluate it (a quarter of an hour).
	@$(BIN)/python -m tools.models.demonstration

fidelity: .venv/dev  ## Measure int8 against fp32 on a real encoder, and try the build's gate (half an hour).
	@$(BIN)/python -m tools.models.fidelity

##@ Develop
test: check tests  ## Run lint, format, types and all tests: what CI runs.
	@echo; echo "All checks and tests passed."

check: .venv/dev  ## Run lint, format and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

quick: .venv/dev  ## Run only the tests that fit in a minute, to repeat often.
	$(BIN)/pytest $(WORKERS) -m "not image and not slow"

tests: .venv/dev  ## Run all tests, on two workers.
	$(BIN)/pytest $(WORKERS)

image-test: .venv/dev  ## Build the image, push it and run it as Lambda does (needs Docker).
	$(BIN)/pytest -m image --durations=5

fuzz: .venv/dev  ## Search for input that breaks the handler, guided by coverage: SECONDS=60.
	@$(BIN)/pip install --quiet --require-hashes -r locks/fuzz.txt
	@$(BIN)/python -m tests.function.fuzz --seconds $(SECONDS)

wheel: .venv/pip  ## Build the client's wheel into dist/.
	@$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

lock: .venv/dev  ## Resolve pyproject.toml's dependency groups into locks/ and function/requirements-*.txt.
	$(LOCK) --python-version 3.13 --no-deps --group image-onnx -o function/requirements-onnx.txt
	$(LOCK) --python-version 3.13 --no-deps --group image-torch -o function/requirements-torch.txt
	$(LOCK) --python-version 3.11 requirements.txt --group dev -o locks/dev.txt
	$(LOCK) --python-version 3.11 requirements.txt --group local -c locks/dev.txt -o locks/local.txt
	$(LOCK) --python-version 3.11 --group pictures -c locks/dev.txt -o locks/pictures.txt
	$(LOCK) --python-version 3.11 --group fuzz -o locks/fuzz.txt
	$(LOCK) --python-version 3.11 --group peers -c locks/dev.txt -o locks/peers.txt
	$(LOCK) --python-version 3.11 --no-deps --group train -o locks/train.txt
	$(LOCK) --python-version 3.11 --no-deps --group demonstration -o locks/demonstration.txt
	$(LOCK) --python-version 3.13 --group model-build -c locks/dev.txt -o function/requirements-build.txt

clean:  ## Remove .venv and everything built.
	rm -rf .venv .local build .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:  ## Print this list.
	@awk -F ':.*## ' '/^##@ /{print "\n" substr($$0, 5)} /^[a-z-]+:.*## /{printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Measure (UPDATE_DOCS=1 writes the figures into the pages)
bench: .venv/dev  ## Time the function beside the baseline, the limit and its peers: 15 minutes; QUICK=1: five.
	@$(BIN)/pip install --quiet --require-hashes -r locks/peers.txt
	@$(BIN)/python -m tools.bench $(if $(QUICK),--quick)

chaos: .venv/local  ## Inject faults and account for every message: 3 minutes; QUICK=1: one.
	@$(BIN)/python -m tools.chaos $(if $(QUICK),--quick)

load: .venv/dev  ## Send texts at a steady rate to a local pipeline: RATE=100 DURATION=600 OPTIONS="--max-p95-ms 1000".
	@$(if $(filter %/full-size,$(LOAD_MODEL)),$(BIN)/python -m tools.models.full_size)
	@$(BIN)/python -m tools.load --rate $(RATE) --duration $(DURATION) --stack $(STACK) --model "$$LOAD_MODEL" $(OPTIONS)

cost: .venv/local  ## Print what a stack costs a month: STACK=prod ITEMS_PER_HOUR=500.
	@$(BIN)/python -m tools.estimate.cost --stack $(STACK) --items-per-hour $(ITEMS_PER_HOUR) \
		$(TIMES) $(OPTIONS)

cost-picture: .venv/local  ## Write prod's costs and their picture into docs/cost.md.
	@$(BIN)/pip install --quiet --require-hashes -r locks/pictures.txt
	@$(MAKE) --no-print-directory cost STACK=prod UPDATE_DOCS=1 OPTIONS="--picture docs/cost.png"

capacity: .venv/local  ## Print what a rate and a burst need: STACK=prod RATE=10000 PEAK=5.
	@$(BIN)/python -m tools.estimate.capacity --rate $(RATE) --peak $(PEAK) --stack $(STACK) \
		$(TIMES) $(if $(UPDATE_DOCS),--picture docs/capacity.png) $(OPTIONS)

.pulumi:
	@command -v pulumi >/dev/null || { echo "The Pulumi CLI is not on the PATH: https://www.pulumi.com/docs/install/" >&2; exit 1; }

# Does the same as `pulumi install`, so that you need not run it first.
.venv/program: requirements.txt | .venv/pip
	@$(BIN)/pip install --quiet -r requirements.txt
	@touch $@

.venv/local: locks/local.txt | .venv/pip
	@echo "Installing the local pipeline's packages into .venv (about a minute, once)"
	@$(BIN)/pip install --quiet --require-hashes -r locks/local.txt
	@touch $@ .venv/program

.venv/dev: locks/dev.txt locks/train.txt function/torch.txt | .venv/pip
	@echo "Installing the tests' packages, including torch, into .venv (a minute or two, once)"
	@$(BIN)/pip install --quiet --require-hashes -r locks/dev.txt
	@$(BIN)/pip install --quiet -r function/torch.txt
	@$(BIN)/pip install --quiet --no-deps --require-hashes -r locks/train.txt
	@touch $@ .venv/local .venv/program

.venv/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv .venv
	@touch $@
