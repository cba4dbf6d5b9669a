# Everything that this file makes lies in var/, which git ignores.

VENV ?= var/venv
IMAGES ?=
PORT ?=
# A mirror of PyTorch's index of builds for CPUs, or "pypi" for the builds of PyPI.
TORCH_INDEX ?=

# The first Python that is new enough.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$name; break; fi; done)

RUN = $(VENV)/bin/python

CATALOGUES = $(addsuffix /locale/zh_Hans/LC_MESSAGES/django.po, stylesim_app project)

.DEFAULT_GOAL := help
.PHONY: help demo install install-dev lint test test-all chromium messages docs wheel audit sbom clean
# A target that fails leaves nothing behind that looks finished.
.DELETE_ON_ERROR:

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Each folder of pictures makes a collection of its own.
demo: export IMAGES := $(IMAGES)
demo: install ## Serve the app with a sample gallery; IMAGES=/a/folder for your own pictures, PORT=8000
	@data=var/demo; \
	if [ -n "$$IMAGES" ]; then \
		data="$$data-$$(printf '%s' "$$IMAGES" | cksum | cut -d ' ' -f 1)"; fi; \
	exec env -u DATABASE_URL -u REDIS_URL STYLESIM_DATA_DIR="$$data" PYTHONDONTWRITEBYTECODE=1 \
		$(RUN) manage.py demo \
		$${IMAGES:+--images "$$IMAGES"} $(if $(PORT),--port $(PORT))

test: install-dev chromium lint ## Run what has to pass: linters, types, tests on SQLite and PostgreSQL, coverage, the wheel
	$(RUN) -m tests.both

# Before a release, and after a change to training, the weights or the style sheets.
test-all: install-dev chromium lint ## Run the rest too: training, every variant of the pages, the gallery's figures
	$(RUN) -m tests.both --all

lint: install-dev ## Run the linters, the import contract and the types alone
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(VENV)/bin/lint-imports
	$(VENV)/bin/typos
	$(VENV)/bin/djade --check --target-version 5.2 $$(find stylesim_app templates tests -name '*.html')
	$(RUN) -m mypy
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) manage.py check

# Without line numbers, wrapping and dates, a change of a catalogue shows what was translated.
messages: install ## Collect the strings to translate and compile them; needs GNU gettext
	$(RUN) manage.py makemessages --locale zh_Hans --no-obsolete --no-wrap --add-location file \
		--ignore var --ignore .venv --ignore tests --ignore build --ignore dist
	sed -i.old -e '/^"POT-Creation-Date: /d' -e '/^"Report-Msgid-Bugs-To: /d' $(CATALOGUES)
	rm -f $(CATALOGUES:=.old)
	$(RUN) manage.py compilemessages --locale zh_Hans \
		--ignore var --ignore .venv --ignore build --ignore dist

docs: $(VENV)/installed-docs ## Build the documentation as a site in var/docs, and check its links
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build

wheel: install-dev ## Build the wheel into dist/
	$(RUN) -m build

# Without the database, as on a machine without internet access, nothing is known and nothing fails.
audit: var/release/installed ## Compare the locked versions with known vulnerabilities
	@if $(RUN) -c "import json, django, urllib.request as request; \
		address = f'https://pypi.org/pypi/django/{django.__version__}/json'; \
		json.load(request.urlopen(address, timeout=10))['vulnerabilities']" 2>/dev/null; \
	then var/release/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock; \
	else echo "Skipped: pypi.org, which lists vulnerabilities by version, cannot be reached."; fi

sbom: var/release/installed ## List all that a release contains in dist/sbom.cdx.json, as CycloneDX
	@mkdir -p dist
	var/release/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application \
		--output-reproducible --of JSON -o dist/sbom.cdx.json requirements.lock

clean: ## Delete var/ and dist/, the demo's collections included
	rm -rf var dist build *.egg-info

install: $(VENV)/installed

install-dev: $(VENV)/installed-dev

# `pip` is the last that a new environment gets, so that one without it was cut short.
$(VENV)/installed: export TORCH_INDEX := $(TORCH_INDEX)
$(VENV)/installed: requirements.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed, and none was found; name one with PYTHON=/path/to/python." >&2; \
		exit 1; fi
	@test -x $(VENV)/bin/pip || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing what requirements.txt lists ..."
	@$(RUN) project/install.py requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/installed-docs: requirements-docs.txt $(VENV)/installed
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-docs.txt
	@touch $@

var/release/installed: requirements-release.txt $(VENV)/installed
	@$(RUN) -m venv --clear var/release
	@var/release/bin/pip install --quiet --disable-pip-version-check -r requirements-release.txt
	@touch $@

# The tests of the pages drive a real browser.
chromium:
	@if command -v chromium >/dev/null; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk; \
	else echo "The tests need Chromium: install it, for example by: sudo apt-get install chromium" >&2; \
		exit 1; fi
