.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help report test lab docs lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1|/' | column -t -s '|'

report: .venv/run data/demo/surveys.parquet ## the demo business's latest monthly report
	@$(BIN)/churnlib report params/demo.yml

test: .venv/dev ## all tests (installs Chromium, axe, the HTML checker and PostgreSQL where it can)
	@sh tests/report/install.sh
	@sh tests/servers/install.sh
	@$(BIN)/python -m pytest -n auto --dist loadfile

lab: .venv/dev data/demo/surveys.parquet ## JupyterLab on notebooks/
	@$(BIN)/jupyter lab --notebook-dir=notebooks

docs: .venv/run ## write docs/results.md and docs/glossary.md anew from the declarations
	@$(BIN)/python docs/generate.py

lock: .venv/run ## renew the two lock files from pyproject.toml
	@$(BIN)/pip install -q uv
	@$(BIN)/uv $(COMPILE) --extra cdnow -o requirements.lock
	@$(BIN)/uv $(COMPILE) --extra cdnow --extra lab --extra test -c requirements.lock -o requirements-dev.lock

COMPILE := pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group build pyproject.toml

clean: ## remove the environment and the demo data (reports stay)
	rm -rf .venv data/demo

.venv/run: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Setting up .venv (once, about a minute) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	@echo "Adding JupyterLab and the tests' tools (once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

data/demo/surveys.parquet: | .venv/run
	@$(BIN)/churnlib simulate data/demo
