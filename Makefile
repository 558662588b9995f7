# The two commands: `make run` and `make test`. Each sets up whatever it needs first.
SHELL := /bin/bash
VENV ?= .venv
PARLEY := $(VENV)/bin/parley
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.parley-setup

.DEFAULT_GOAL := help
.PHONY: help run test check lint setup images docs bench clean

help: ## show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: images ## set everything up and run the shipped suite: a table, and the path of the HTML report
	@$(PARLEY) run --html

test: images ## set everything up and pass the tests
	@echo "parley: lint and types"
	@$(MAKE) --no-print-directory lint
	@echo "parley: tests"
	@$(PYTHON) -m pytest

lint: setup ## ruff and mypy
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy

setup: $(STAMP) ## the system packages (as root) and the Python environment

$(STAMP): pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV)
	@touch $(STAMP)

images: setup ## the kernel and the root file systems, made once
	@$(PARLEY) image build --quiet

clean: ## the Python environment and the runs; images stay (parley image rm)
	rm -rf $(VENV) parley-runs
