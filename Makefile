# make demo   the main job on synthetic data      make test   all tests
# Each sets up .venv first, once: again only when the lock file or pyproject.toml changes.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test setup lint lock bench notebooks notebooks-generate notebooks-check docs clean

demo: $(READY)
	$(BIN)/ecglab demo

test: $(READY) lint
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "ecglab needs Python 3.11 to 3.13, but $(PYTHON) is %d.%d: run make PYTHON=python3.12" % v)'
	@echo "setting up $(VENV): 3.7 GB on disk, a few minutes, once"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Lock the versions that pyproject.toml allows, for every platform, with hashes and without addresses.
# It needs uv: pip install uv.
lock:
	uv pip compile --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --all-extras pyproject.toml -o requirements.lock

bench: $(READY)
	$(BIN)/python -m benchmarks

# Executed from top to bottom on the data and the runs that are there: notebooks/html/NN_topic.html
notebooks: $(READY)
	$(BIN)/python -m notebooks html $(NAMES)

# The .ipynb of each script, and whether they are that.
notebooks-generate: $(READY)
	$(BIN)/python -m notebooks generate

notebooks-check: $(READY)
	$(BIN)/python -m notebooks check

# The documentation: docs/_build/html/index.html. The notebooks in it are executed on simulated
# records, and again when the code changes; NOTEBOOKS=off leaves their outputs out, and
# NOTEBOOKS=full executes them on the data and the runs that are there.
NOTEBOOKS ?= small
docs: $(READY)
	$(BIN)/python -m docs --notebooks $(NOTEBOOKS)

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache docs/_build *.egg-info
