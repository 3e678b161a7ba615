# Everything a developer does, on a machine with Python 3.10 or newer, git and make. The environment is .venv.
# A target that is up to date is done at once: stamp files in .venv hold what was installed from which lock file.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
INSTALL := VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --compile-bytecode
LOCK := $(UV) pip compile --quiet --universal --python-version 3.10 --generate-hashes
TESTS ?= tests
WORKERS ?= 2

# The suite starts hundreds of processes: where the shell forbids it to keep bytecode, each would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup setup-server demo test check check-python check-studio generate dev bench bench-serving bench-large lock studio screenshots clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

$(UV): requirements/bootstrap.txt
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || scripts/install-system-packages.sh python3-venv
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --disable-pip-version-check -r requirements/bootstrap.txt
	@touch $@

$(VENV)/.server: $(UV) requirements/server.txt pyproject.toml hatch_build.py
	$(INSTALL) --require-hashes -r requirements/server.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.server requirements/dev.txt
	$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

setup-server: $(VENV)/.server studio

setup: $(VENV)/.dev studio ## Make .venv with everything, and build the Studio

studio: $(VENV)/.server ## Build the Studio into the package, if its sources changed
	@$(BIN)/python hatch_build.py

demo: setup-server ## Train, register, deploy and score a model on this machine
	@$(BIN)/zaffre demo

test: setup ## Run the whole test suite: unit, integration, browser (WORKERS=N at once)
	@scripts/install-system-packages.sh chromium default-jre-headless postgresql docker.io debootstrap podman catatonit
	$(BIN)/python hatch_build.py npm run test
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: setup ## Lint, types, import map, generated files, front-end lint and types
	@$(MAKE) --no-print-directory --jobs 2 check-python check-studio

check-python: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_architecture.py

check-studio: setup
	$(BIN)/python -m scripts.generate --check
	$(BIN)/python hatch_build.py npm run format:check
	$(BIN)/python hatch_build.py npm run lint
	$(BIN)/python hatch_build.py npm run typecheck

generate: setup ## Write the generated files anew
	$(BIN)/python -m scripts.generate

dev: setup ## Server and Studio, both reloading on a change
	$(BIN)/python -m scripts.dev

bench: setup ## Measure every figure the README quotes
	$(BIN)/python -m bench

bench-serving: setup ## Measure the scoring server beside its open peers, and over a million requests: minutes
	$(BIN)/python -m bench serving serving-peers serving-soak

bench-large: setup ## Measure a store of 100 million metric points: minutes, and 3 GB of disk
	$(BIN)/python -m bench points

screenshots: setup ## Take the README's screenshots from a running workspace
	@scripts/install-system-packages.sh chromium
	$(BIN)/python -m scripts.screenshots

lock: $(UV) ## Write the lock files anew
	$(LOCK) --upgrade -o requirements/bootstrap.txt requirements/bootstrap.in
	$(LOCK) --upgrade -o requirements/server.txt --extra server --group build pyproject.toml
	$(LOCK) --upgrade -o requirements/dev.txt --constraint requirements/server.txt --extra server --group dev pyproject.toml
	$(LOCK) --upgrade -o requirements/autolog.txt --constraint requirements/dev.txt --override requirements/autolog-without-torch.in requirements/autolog.in
	$(LOCK) --upgrade -o requirements/autolog-torch.txt --constraint requirements/autolog.txt requirements/autolog-torch.in

clean: ## Remove what was built; ZAFFRE_HOME stays
	rm -rf $(VENV) dist studio/node_modules src/zaffre/server/studio_dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
