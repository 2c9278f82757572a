# Two commands for newcomers: `make run` and `make test`. Each makes the environment it needs, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Most tests wait for a daemon, a program or the clock. A file stays on one worker, and those that wait come first.
TOGETHER := -n 3 --dist loadfile --no-loadscope-reorder
# What plays and records loses sound on a busy machine, so these have it for themselves.
ALONE := $(wildcard tests/clients/test_jack_*.py) $(wildcard tests/clients/*_clips.py)

.DEFAULT_GOAL := help

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(STAMP) ## Listen to the bundled loop and send what the network hears (ARGS="--device 3" for more)
	@$(BIN)/oscbridge run $(ARGS)

test: $(STAMP)-dev clients ## Everything CI runs: style, types, generated files, all tests (ARGS="-k wire" for some)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/oscbridge docs --check
	$(BIN)/python -m pytest -q $(TOGETHER) $(if $(ARGS),$(ARGS),$(addprefix --ignore=,$(ALONE)))
	$(if $(ARGS),,$(BIN)/python -m pytest -q $(ALONE))

data: $(STAMP)-train ## Make the training sets in data/ (free recordings, scores, house tracks; about 3 GB, an hour)
	$(BIN)/oscbridge data $(ARGS)

train: $(STAMP)-train ## Teach an ear from data/ (ARGS="--config ear" for the large one)
	$(BIN)/oscbridge train data/recordings data/house data/scores --shelf data/shelf $(ARGS)

bench: $(STAMP)-dev clients ## Measure speed on this machine and rewrite the README's table
	$(BIN)/python -m tests.bench

docs: $(STAMP) ## Rewrite config/default.yaml and patches/ADDRESSES.md from the code
	$(BIN)/oscbridge docs

doctor: $(STAMP) ## Versions, devices, ports, model and headroom: paste this into a bug report
	@$(BIN)/oscbridge doctor

clients:
	@sh scripts/clients.sh

$(STAMP): pyproject.toml scripts/environment.sh
	@PYTHON="$(PYTHON)" sh scripts/environment.sh $(VENV) .
	@touch $@

$(STAMP)-train: $(STAMP)
	@PYTHON="$(PYTHON)" sh scripts/environment.sh $(VENV) '.[train]'
	@sh scripts/clients.sh data
	@touch $@

$(STAMP)-dev: $(STAMP)
	@PYTHON="$(PYTHON)" sh scripts/environment.sh $(VENV) '.[dev]'
	@touch $@

.PHONY: help run test data train bench docs doctor clients
