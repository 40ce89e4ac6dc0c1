# `make help` lists the targets.

PYTHON ?= python3
# Where PyPI's torch would bring several gigabytes of CUDA, name an index of builds without it:
# make TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types proto proto-check conformance support studies bench peers clean

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

support: $(STAMP)  ## write docs/sbml-support.md: what of SBML is supported, by the cases under $SBMLGRN_DATA that pass
	@$(BIN)/sbmlgrn suite $(SBMLGRN_DATA)/sbml-test-suite/semantic --support docs/sbml-support.md || test $$? -eq 1

studies: $(STAMP)  ## repeat the studies as a whole: figures, circuits and results of docs/circuits.md
	$(BIN)/sbmlgrn study circuits docs/images/circuits

# the most important first: each table is on the page as soon as it is measured
BENCHMARKS := elowitz trajectories loading stiff growth ssa

bench: $(STAMP)  ## measure, and write docs/benchmarks.md (BENCH_QUICK=1: small sizes, to see that all runs)
	$(BIN)/python -m pytest $(BENCHMARKS:%=tests/benchmarks/test_%.py) -m benchmark -n0 -s

peers: .peers/.installed  ## install what `make bench` compares with, into .peers

.peers/.installed: tests/benchmarks/peers/constraints.txt
	@test -x .peers/bin/python || $(PYTHON) -m venv .peers
	@.peers/bin/python -m pip install --quiet --disable-pip-version-check -c $< \
	  $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) diffrax torch torchode \
	  bioscrape bngsim copasi-basico gillespy2 libroadrunner rebop
	@.peers/bin/python -m pip install --quiet --disable-pip-version-check -c $< amici || \
	  echo "AMICI needs a C++ compiler, SWIG and BLAS to build: its rows will say that it is missing"
	@touch $@

clean:  ## remove .venv, .peers and all that is generated, but not the stubs checked in
	rm -rf .venv .peers build dist demo-output .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
