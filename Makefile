# Everything a contributor types. Python 3.11 or later and make are all that is needed; all else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
EXTRAS := keras,tf-keras,torch,lightning,transformers,skorch,flax,plots,mcp,docs,test
PIP_ARGS ?=
JOBS ?= 2

export TF_CPP_MIN_LOG_LEVEL ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo check browser test bench bench-accuracy docs site clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(STAMP)  ## create .venv with defib, every framework and the test tools (a few minutes, 5 GB)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || { $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name it: make setup PYTHON=python3.12"; exit 1; }; \
		$(PYTHON) -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet -c constraints.txt $(PIP_ARGS) -e '.[$(EXTRAS)]'
	@touch $@

demo: setup  ## run the bundled examples through defib
	$(BIN)/defib demo

check: setup  ## format, lint, types and the examples in docstrings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m scripts.pages --check
	$(BIN)/python -m benchmarks.compatibility --check
	$(BIN)/pytest -q --doctest-modules src

browser:  ## Chromium, in which the tests open the HTML report; Debian's own package where none is there
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
		command -v apt-get >/dev/null && { test "$$(id -u)" = 0 || command -v sudo >/dev/null; } \
		|| { echo "The tests open the HTML report in Chromium: install it (chromium or google-chrome on PATH)"; exit 1; }; \
		SUDO=$$(test "$$(id -u)" = 0 || echo sudo); \
		$$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }

# One thread for each worker: more would wait for one another.
test: check browser  ## check, then all tests
	OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 $(BIN)/pytest -q -n $(JOBS) --dist loadfile

bench: setup  ## measure import time, overhead of watching, time to diagnosis, and every scenario
	$(BIN)/python -m benchmarks

bench-accuracy: setup  ## run the dev half of the corpus through defib and what it is held against (hours)
	$(BIN)/python -m benchmarks.accuracy --split dev --jobs $(JOBS) --budget 30 \
		$(if $(wildcard benchmarks/accepted/dev.json),--diff benchmarks/accepted/dev.json) \
		--strategy defib rules-only trials-only random-search always-vanishing always-unscaled --out benchmarks/results/dev.json

docs: setup  ## run every example: what defib prints into README.md and docs/examples.md, the picture, the Recordings
	$(BIN)/python -m benchmarks.show_examples

site: setup  ## build the documentation into build/site
	$(BIN)/python -m scripts.pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -q

clean:  ## remove what the tools left behind; .venv stays
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache
	find src tests examples benchmarks -name __pycache__ -type d -exec rm -rf {} +
