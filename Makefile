# The two commands: `make run` and `make test`. Each sets up whatever it needs first.
SHELL := /bin/bash
VENV ?= .venv
PARLEY := $(VENV)/bin/parley
PYTHON := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help run test lint setup images kernel openbsd freebsd docs bench clean

help: ## show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.ready-run ## set everything up, run the shipped suite and the core of the matrix; ends with the report's path
	@code=0; $(PARLEY) run --html || code=$$?; \
	echo; echo "parley: the core scenarios, every implementation against every other"; \
	$(PARLEY) matrix --core || code=$$?; exit $$code

test: lint ## set everything up and pass the tests
	@echo "parley: tests"
	@$(PYTHON) -m pytest

lint: $(VENV)/.ready-test ## ruff and mypy
	@echo "parley: lint and types"
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/mypy

setup: $(VENV)/.ready-test ## the system packages (as root) and the Python environment, nothing else

images: $(VENV)/.ready-run ## the kernel and the root file systems; made once, and by `make run` as well
	@$(PARLEY) image build

kernel: $(VENV)/.ready-kernel ## the lab kernel: virtual time, packet filters; 16 minutes of one core, once
	@$(PARLEY) kernel build

openbsd: $(VENV)/.ready-install ## a base disk with OpenBSD: ISO=install78.iso, and ARGS for parley install openbsd
	@$(PARLEY) install openbsd $(if $(ISO),--iso $(ISO)) $(ARGS)

freebsd: $(VENV)/.ready-install ## the same with FreeBSD: ISO=disc1.iso SHA256=HEX
	@$(PARLEY) install freebsd --iso "$(ISO)" $(if $(SHA256),--sha256 $(SHA256)) $(ARGS)

docs: $(VENV)/.ready-docs ## the documentation as a site in ./site, its generated pages made anew
	@for page in docs/generate_*.py; do $(PYTHON) $$page || exit; done
	@$(VENV)/bin/mkdocs build --strict

bench: $(VENV)/.ready-install ## everything that has a goal, measured: a table and a picture in bench/; wants a quiet machine
	@$(PYTHON) benchmarks/all.py $(ARGS)

clean: ## the Python environment and the runs; images stay (parley image rm)
	rm -rf $(VENV) parley-runs site

$(VENV)/.ready-%: pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV) $*
	@touch $@
