# make demo          the whole thing on this machine; WALK=1 plays it through without a browser, PORT=… moves it
# make test          all checks and tests; make coverage shows what they reach
# make reached       every branch of the parts that matter most is reached by tests, or this fails
# make promises      prove the README's table, cell by cell; FULL=1 with the long runs
# make bench         how fast it is, next to plain bots; ten minutes of two cores; QUICK=1 takes one
# make surge         days of 1,500 requests played through with the queue's own order: who waits for how long; HTTP=1 two
#                    hours of them over HTTP, with flood limits on, in a quarter of an hour or more (MINUTES=… for less)
# make bench-counts  what a month's table costs, beside COUNT(*) over a table of requests; FULL=1 with 10^7 of them
# make fire          the service killed, cut off, flooded, out of disk: a sample; FULL=1 all of it, which takes hours and
#                    goes on where it was; ONLY="kill -9" some of it, MINUTES=… for the soak, AGAIN=1 from the beginning
# make screenshots   take the README's pictures anew (fonts-noto-color-emoji gives the marks their colours)
# make lock          write the locks anew from pyproject.toml; UPGRADE=1 takes the newest releases (needs uv)
# make clean         remove what the above have made

PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-strip-extras $(if $(UPGRADE),--upgrade)
# One more than there are cores: many tests wait, for a group's pace or for a process. A file's tests share what they set up.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
SIDE_BY_SIDE = -n $(WORKERS) --dist loadfile --no-loadscope-reorder
BUILD_TOOL := setuptools>=77
export PIP_ROOT_USER_ACTION := ignore

.PHONY: bench-counts demo test coverage reached promises bench surge screenshots lock clean

demo: .venv/.installed
	@$(BIN)/postern demo $(if $(filter-out 0,$(WALK)),--walk) $(if $(PORT),--port $(PORT))

test: .venv/.installed-dev
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/pytest $(SIDE_BY_SIDE)

coverage: .venv/.installed-dev
	@$(BIN)/pytest $(SIDE_BY_SIDE) --cov=intake --cov=storage --cov=handlers --cov=bot --cov=sandbox \
		--cov-report=term-missing:skip-covered

# Every branch of what seals, of what an intake is, and of the way in: this fails at 99 %.
reached: .venv/.installed-dev
	@$(BIN)/python -m tests.promises.reached

promises: .venv/.installed-dev
	@$(BIN)/python -m tests.promises $(if $(filter-out 0,$(FULL)),--full)

bench: .venv/.installed-dev
	@$(BIN)/python -m benchmarks $(if $(filter-out 0,$(QUICK)),--quick)

surge: .venv/.installed-dev
	@$(BIN)/python -m $(if $(filter-out 0,$(HTTP)),tests.service.surge $(if $(MINUTES),--minutes $(MINUTES)),benchmarks.surge)

bench-counts: .venv/.installed-dev
	@$(BIN)/python -m benchmarks.counting $(if $(filter-out 0,$(FULL)),--full)

fire: .venv/.installed-dev
	@$(BIN)/python -m tests.fire $(if $(filter-out 0,$(FULL)),--full) $(if $(ONLY),--only "$(ONLY)") \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(filter-out 0,$(AGAIN)),--again)

# Everything is installed from the lock and checked against its hashes, the build tool included; nothing else is fetched.
.venv/.installed: requirements.lock pyproject.toml
	@[ -w . ] || { echo "This folder can't be written to: clone Postern into one of your own" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Postern needs Python 3.11 or newer as $(PYTHON); choose another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv is missing: install it (on Debian: apt install python3-venv)" >&2; exit 1; }
	@echo "Installing into .venv, once; this takes a minute." >&2
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

screenshots: .venv/.installed-dev
	@SCREENSHOTS=docs/images $(BIN)/pytest tests/browser/test_demo.py tests/browser/test_stats_pictures.py \
		tests/browser/test_desk_pictures.py

lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	@echo '$(BUILD_TOOL)' | $(COMPILE) -o requirements.lock pyproject.toml -
	@echo '$(BUILD_TOOL)' | $(COMPILE) -o requirements-dev.lock -c requirements.lock --extra dev pyproject.toml -

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
