# Everything a person types. Needs make and Python 3.11 or newer; the rest is set up in .venv with locked versions.

PYTHON ?=
export PYTHON
BIN := .venv/bin
READY := .venv/ready
SOURCES := app tools tests infra

.DEFAULT_GOAL := help
.PHONY: help run test demo check bench trial format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

run: $(READY) ## serve on READBACK_HOST:READBACK_PORT; the first run writes .env
	@exec $(BIN)/python infra/first_run.py

test: $(READY) ## run the whole suite; what fails beside others is tried once more, alone, and explained
	@$(BIN)/python -m pytest -n 7 --dist worksteal --assert=plain || { [ $$? -eq 1 ] && printf '\n%s\n' \
		"FAILED beside others on a busy machine. Once more, alone: it passes now, or the run has failed." && \
		$(BIN)/python -m pytest --last-failed --last-failed-no-failures none; }

demo: $(READY) ## play a whole phone call and a text conversation in the terminal
	@exec $(BIN)/python infra/demo.py

check: $(READY) ## format, lint, types, import order
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) ## the benchmark: a table, and var/bench.json
	@exec $(BIN)/python -m infra.bench

trial: $(READY) ## kill servers at 50 random moments and look at what is left; ARGS as in infra/trials/kill.py
	@exec $(BIN)/python -m infra.trials.kill $(ARGS)

format: $(READY) ## put the sources into the house's format
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

lock: $(READY) ## pin every dependency again, from pyproject.toml
	PATH="$$PATH:$(CURDIR)/$(BIN)" UV_SYSTEM_CERTS=1 uv pip compile --quiet --universal --generate-hashes \
		--no-emit-index-url --no-header --python-version 3.11 --group dev pyproject.toml -o requirements.lock

clean: ## remove .venv and caches; .env and var/ stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis
	find app tools tests infra -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml infra/set_up.sh
	@sh infra/set_up.sh
