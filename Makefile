# Two commands matter: `make up` and `make test`. The rest is for those who work on ksdb.

PYTHON ?= python3
V := .venv/bin
export DJANGO_SETTINGS_MODULE := ksdb.site.settings

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/' | sort

up: .venv/installed  ## start everything with the demo town; Ctrl-C stops it
	$(V)/ksdb up --demo

test: .venv/installed browser  ## all tests, with everything they need
	$(V)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/installed  ## style, types, the house's contracts, migrations, translations
	$(V)/ruff check src tests bench tools
	$(V)/ruff format --check src tests bench tools
	KSDB_SECRET_KEY=00 $(V)/mypy
	$(V)/lint-imports --no-cache
	$(V)/python -m tools.checks

audit: .venv/installed  ## known weaknesses in the pinned dependencies; asks the internet
	$(V)/pip-audit --requirement requirements.lock --disable-pip --require-hashes --strict

bench: .venv/installed  ## the benchmarks, each beside its limit, and write docs/benchmarks.md
	$(V)/python -m bench

soak: .venv/installed  ## sixty faults under load: kill -9 of every part; writes docs/soak.md
	PYTHONPATH=. $(V)/python -m tests.gateway.faults.soak 60

pictures: .venv/installed browser  ## the pictures of the guides, taken on the walks that the tests make
	KSDB_GUIDE_PICTURES=$(CURDIR)/docs/vi/pictures $(V)/python -m pytest -q \
		tests/outreach/test_walk.py tests/wallet/test_walk.py tests/enrolment/test_walk.py

docs: .venv/installed  ## write the generated documents: settings, roles, screenshots
	$(V)/python -m tools.documents

browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	  else \
	    echo "*** No Chromium on this machine: the browser tests will be SKIPPED. Install it to run them. ***"; \
	  fi; }

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ksdb needs Python 3.11 or newer."; exit 1; }
	@[ -x $(V)/pip ] || { rm -rf .venv; $(PYTHON) -m venv .venv 2>/dev/null; } || \
	  { rm -rf .venv; [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv .venv; } || \
	  { echo "Python cannot make a virtual environment here. On Debian: sudo apt-get install python3-venv"; exit 1; }
	$(V)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(V)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: help up test check audit bench soak pictures docs browser
