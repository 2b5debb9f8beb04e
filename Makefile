# The workshop. On a machine with only Python 3.11 or newer, its venv module and make, `make demo` and `make test`
# do all the set-up themselves: they make .venv, install the locked versions into it and go.
#
#   PYTHON=…   the interpreter to make .venv with (default: the first of the list below that will do)
#   ARGS=…     further arguments for demo, bench and lock
#   N=…        how many storms `make storms` runs, how often `make faults` injects each fault
#   FUZZ=…     seconds of mutated messages that `make fuzz` spends on each way in; SEED=… where they begin
#   HOURS=…    virtual hours that `make soak` lasts
#   JOBS=…     test processes (default: one per core)

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
PYTHONS := $(or $(PYTHON),python3.11 python3.12 python3.13 python3.14 python3)
JOBS ?= auto
FAULTS := $(or $(N),20)
N ?= 480
FUZZ ?= 120
SEED ?= 1
HOURS ?= 24
ARGS ?=

PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(BIN)/python -m pip --quiet
# Annotations and the options of the machine at hand stay out: a lock holds versions and hashes, nothing else.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --resolver=backtracking --generate-hashes \
	--allow-unsafe --strip-extras --no-annotate --no-emit-options --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links

.PHONY: help demo test check lint types imports prism axe phones sip unit bench planning storms faults fuzz sbom audit soak deb installation screenshots docs lock clean distclean

help:
	@echo "make demo       the main job on the embedded default: a red warning calls up the whole prefecture (simulated phones)"
	@echo "make test       everything CI runs"
	@echo "make check      ruff, format, mypy, import contract, unit tests: some three minutes"
	@echo "make bench      the figures of docs/performance.md (ARGS=--quick for the short run)"
	@echo "make planning   planning against the engine in ten settings, with the figures (minutes)"
	@echo "make storms     the promises over N simulated storms (N=$(N))"
	@echo "make faults     every fault N times on the real processes, with a report (N=$(FAULTS); ARGS='--only kill --seed 1')"
	@echo "make sip        real calls on loopback: ten and thirty lines ring a village (needs baresip and SIPp: make phones)"
	@echo "make fuzz       mutated messages for FUZZ seconds each way in (FUZZ=$(FUZZ))"
	@echo "make sbom       build/sbom.json: what is inside, CycloneDX; make audit: known faults of it (asks an index of advisories)"
	@echo "make soak       a day of mixed load on the real daemon at HOURS=24, to see that nothing grows (some 7 minutes)"
	@echo "make deb        the Debian package, into build/deb"
	@echo "make installation  the handbook's steps on fresh Debian systems under their own systemd (root; some 6 minutes)"
	@echo "make screenshots  every page of the console as a picture, into build/screenshots (needs a Chromium)"
	@echo "make docs       the handbook as a site, into build/site, with every link checked; open build/site/index.zh-CN.html"
	@echo "make lock       write the lock files anew from pyproject.toml (ARGS=--upgrade for newer versions)"
	@echo "make clean      remove what tests and builds leave behind; distclean removes .venv too"

demo: $(RUNTIME)
	$(BIN)/warning-dispatch demo $(ARGS)

test: lint types imports prism axe phones
	$(BIN)/python -m pytest --numprocesses=$(JOBS) --dist=loadfile

check: lint types imports unit

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini tests benchmarks docs

imports: $(DEV)
	$(BIN)/lint-imports

# Twilio's own description of its interface and what holds our requests to it; without Node these tests are skipped.
prism:
	@sh tests/conformance/install.sh

# The rules by which browser tests look for barriers; without npm that look is left out.
axe:
	@sh tests/browser/install.sh

# Telephones on loopback (SIPp, baresip, espeak-ng) and Asterisk's own description; what cannot be had is skipped and says so.
phones:
	@sh tests/sip/install.sh
	@sh tests/ari/install.sh

sip: $(DEV) phones
	$(BIN)/python -m pytest --all-lines tests/sip tests/ari $(ARGS)

unit: $(DEV)
	$(BIN)/python -m pytest --quiet --numprocesses=$(JOBS) --dist=loadfile tests/unit

bench: $(DEV)
	$(BIN)/python -m benchmarks $(ARGS)

storms: $(DEV)
	$(BIN)/python -m pytest --numprocesses=$(JOBS) tests/scenario -k storm --storms $(N)

planning: $(DEV)
	$(BIN)/python -m pytest --quiet -s --planning tests/scenario/test_planning_against_the_engine.py

fuzz: $(DEV)
	$(BIN)/python -m pytest --quiet --numprocesses=$(JOBS) --dist=loadfile tests/unit/ingest/test_fuzz.py tests/scenario/test_fuzzed_intake.py tests/security --fuzz $(FUZZ) --fuzz-seed $(SEED)

# What is inside: every package of the locked set with its version, licence and hash, for whoever must account for it.
sbom: $(DEV)
	@mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --output-format JSON --output-file build/sbom.json

# Known faults of the locked packages, by an index of advisories, which must be reachable: not part of `make test`.
audit: $(DEV)
	$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip $(ARGS)

faults: $(DEV)
	PYTHONPATH=tests:. $(BIN)/python -m faults --times $(FAULTS) $(ARGS)

soak: $(DEV)
	PYTHONPATH=. $(BIN)/python -m benchmarks.soak --hours $(HOURS) $(ARGS)

deb: $(RUNTIME)
	@sh packaging/build-deb.sh

installation: $(RUNTIME)
	@sh packaging/exercise.sh

screenshots: $(DEV)
	PYTHONPATH=. $(BIN)/python docs/make_screenshots.py

# Strict: a link or an anchor that leads nowhere is an error. `make test` builds it as well (tests/unit/handbook).
docs: $(DEV)
	$(BIN)/mkdocs build --clean
	@echo "build/site/index.zh-CN.html, build/site/index.html"

lock: $(DEV)
	@$(BIN)/python -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "The lock is written with Python 3.11, the oldest supported: make distclean, then make lock PYTHON=python3.11")'
	$(COMPILE) $(ARGS) --extra build --output-file requirements.lock pyproject.toml
	$(COMPILE) $(ARGS) --extra build --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)

# --- set-up ----------------------------------------------------------------------------------------------------

$(VENV)/pyvenv.cfg:
	@found=; complete=; \
	for python in $(PYTHONS); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  found="$${found:-$$python}"; \
	  "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && complete="$$python" && break; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python 3.11 or newer here (looked for: $(PYTHONS))."; \
	  echo "Debian 12+, Ubuntu 24.04+: apt-get install python3 python3-venv; or name one: make PYTHON=/path/to/python3.12 …"; \
	  exit 1; \
	fi; \
	if [ -z "$$complete" ]; then \
	  version=$$("$$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "$$found (Python $$version) cannot make a virtual environment: its venv package is missing."; \
	  echo "Debian, Ubuntu: apt-get install python3-venv (or python$$version-venv)"; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$complete" -V)"; \
	"$$complete" -m venv $(VENV)

$(RUNTIME): $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	@echo "Installing the locked versions (requirements.lock); once, about a minute"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The development lock holds everything of the other one at the same versions.
$(DEV): $(VENV)/pyvenv.cfg requirements-dev.lock pyproject.toml
	@echo "Installing the locked versions (requirements-dev.lock); once, about a minute"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(RUNTIME) $@
