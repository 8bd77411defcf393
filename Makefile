# The environment lives in .venv and is made once, with the first Python >= 3.12 found; it is
# brought up to date when pyproject.toml changes. `make` alone prints the targets.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
# A shim of pyenv may be on the PATH and fail: each candidate is run before it is believed.
PYENV := $(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin/python)
ANY_PYTHON := $(PYTHON) python3.12 python3.13 python3 python python3.14 $(PYENV)
WORKERS ?= 2

.DELETE_ON_ERROR:
.PHONY: help install demo test test-kernels test-matrix test-cuda fuzz faults bench gallery reference lint clean

help:
	@echo "make TARGET, of these (the first call also installs):"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

$(BIN)/python:
	@found=; for candidate in $(ANY_PYTHON); do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then \
	        found="$$candidate"; break; fi; done; \
	if [ -z "$$found" ]; then \
	    echo "heavytail_snn needs Python 3.12 or newer, and none was found on the PATH; install one (or name it: make PYTHON=/path/to/python3.12)." >&2; exit 1; fi; \
	echo "Creating $(VENV) with $$($$found --version) ..."; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "This Python has no working venv module; on Debian and Ubuntu: apt install python3-venv." >&2; exit 1; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@command -v $${CXX:-g++} >/dev/null || command -v clang++ >/dev/null || { \
	    echo "heavytail_snn needs a C++ compiler, and neither g++ nor clang++ was found; on Debian and Ubuntu: apt install g++." >&2; exit 1; }
	@echo "Installing heavytail_snn and what it needs (about a minute, once) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable . && touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing the development tools (once) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]' && touch $@

install: $(VENV)/.installed ## the package and what it needs, into .venv

demo: $(VENV)/.installed ## simulate, analyse, compare: out/demo/report.html (RECORDING=file adds yours)
	@$(BIN)/heavytail-snn demo $(if $(RECORDING),--recording "$(RECORDING)")

# Workers share the cores, so the linear algebra inside each stays on one thread.
test: $(VENV)/.installed-dev ## every test but those that need CUDA
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not cuda_build and not cuda"

test-kernels: $(VENV)/.installed-dev ## the fast tests under each matrix kernel (KERNELS="Haswell no-simd")
	$(BIN)/python tests/support/kernels.py --workers $(WORKERS) $(if $(KERNELS),--only $(KERNELS)) $(if $(TESTS),--tests $(TESTS))

test-matrix: $(VENV)/.installed-dev ## the fast tests on other Pythons and versions (MATRIX=3.13-newest)
	$(BIN)/python tests/support/matrix.py --workers $(WORKERS) $(if $(MATRIX),--only $(MATRIX)) $(if $(TESTS),--tests $(TESTS))

test-cuda: $(VENV)/.installed-dev ## what needs nvcc, and a GPU where there is one
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[cuda]'
	$(BIN)/python -m pytest -m "cuda_build or cuda or cuda_generate"

bench: $(VENV)/.installed-dev ## running times beside those of other ways
	@set -e; for script in tests/benchmarks/bench_*.py; do echo "== $$script"; OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python $$script; done

fuzz: $(VENV)/.installed-dev ## a thousand damaged recordings, each in a process with limits (NUMBER=1000 SEED=1)
	PYTHONPATH=tests/support OMP_NUM_THREADS=1 $(BIN)/python tests/support/fuzz.py --number $(or $(NUMBER),1000) --seed $(or $(SEED),1)

faults: $(VENV)/.installed-dev ## plant faults, one at a time, and see a test notice each (ONLY=hybrid)
	$(BIN)/python tests/meta/faults.py $(if $(ONLY),--only "$(ONLY)")

gallery: $(VENV)/.installed-dev ## Brian2's own examples through `heavytail-snn lyapunov`, half an hour (ONLY=pattern)
	$(BIN)/python tests/benchmarks/brian2_gallery.py $(if $(EXAMPLES),--examples "$(EXAMPLES)") $(if $(ONLY),--only "$(ONLY)")

# Every row of the reference files, the long ones too (about an hour).
reference: $(VENV)/.installed-dev ## every reference number, about an hour
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/benchmarks/reference_rows.py --store out/reference_rows.json

# mypy follows the installed layout, where models/ and analysis/ lie inside the package.
lint: $(VENV)/.installed-dev ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf build/typing && mkdir -p build/typing/heavytail_snn
	@ln -s "$(CURDIR)"/heavytail_snn/* "$(CURDIR)/models" "$(CURDIR)/analysis" build/typing/heavytail_snn/
	cd build/typing && ../../$(BIN)/mypy --config-file ../../pyproject.toml -p heavytail_snn

clean: ## remove environments, builds and output
	rm -rf $(VENV) build dist out *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
