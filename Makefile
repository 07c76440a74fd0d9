# Every command of the project. `make help` lists them; continuous integration calls the same ones.
PYTHON ?= python3
N ?=
PORT ?= 8000
JOBS ?= 2
PY := $(if $(filter Windows_NT,$(OS)),.venv/Scripts/python.exe,.venv/bin/python)

.DEFAULT_GOAL := help
.PHONY: help setup tensorflow book test lab serve chapter execute

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup:  ## create .venv and install the pinned requirements (the others call it)
	@command -v $(PYTHON) >/dev/null || { echo "Set-up stopped: no '$(PYTHON)' here; install Python 3.11 or newer and run the same command again."; exit 1; }
	@$(PYTHON) tools/setup.py

tensorflow: setup  ## what section 6.2 needs besides, about 1.3 GB (test, execute and chapter N=6-2 call it)
	@$(PYTHON) tools/setup.py tensorflow

book: setup  ## build the site from the stored outputs, and print the page to open
	@$(PY) -m tools.site

test: book tensorflow  ## everything: lint, unit tests, book rules, every notebook executed and compared, the site in a browser
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m codespell_lib
	@$(PY) -m pytest -n $(JOBS) --dist loadfile --nbval

lab: setup  ## open JupyterLab at the first chapter
	@$(PY) -m jupyterlab $$($(PY) -m tools.notebooks list | awk 'NR == 1 {print $$2}')

serve: book  ## serve the site on this machine (PORT=8000)
	@$(PY) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

chapter: setup $(if $(filter 6-2 6.2,$(N)),tensorflow)  ## run, store and check one chapter: make chapter N=3-2-1
	@$(PY) -m tools.notebooks execute $(N)
	@$(PY) -m pytest --nbval $$($(PY) -m tools.notebooks path $(N)) tests/book --chapter $(N)

execute: tensorflow  ## run and store every notebook, then the pages made from them
	@$(PY) -m tools.notebooks execute --all
