# `make help` lists the targets.

PYTHON ?= python3
# Where PyPI's torch would bring several gigabytes of CUDA, name an index of builds without it:
# make TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types proto proto-check conformance bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18

venv: $(STAMP)  ## make .venv with everything for development

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("sbmlgrn needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0] + \
	  ": say which to use, as in make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	@echo "installing into .venv (a minute or two) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	  $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## redesign the repressilator to a period of 30, through the server, checked in libRoadRunner
	@$(BIN)/sbmlgrn demo

test: $(STAMP)  ## run all tests
	$(BIN)/python -m pytest

lint: $(STAMP)  ## check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(STAMP)  ## check types
	$(BIN)/basedpyright

proto: $(STAMP)  ## generate the gRPC stubs again
	$(BIN)/python proto/generate.py

proto-check: $(STAMP)  ## check that the gRPC contract is clean and the stubs are up to date
	$(BIN)/buf lint proto
	$(BIN)/python proto/generate.py --check

conformance: $(STAMP)  ## run the public suites under $SBMLGRN_DATA as a whole
	$(BIN)/python -m pytest tests/conformance -m "" --dist=worksteal

bench: $(STAMP)  ## measure
	$(BIN)/python -m pytest tests/benchmarks -m benchmark -n0 -s

clean:  ## remove .venv and all that is generated, but not the stubs checked in
	rm -rf .venv build dist demo-output .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
