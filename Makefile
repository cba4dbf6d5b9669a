# Everything that this file makes lies in var/, which git ignores.

VENV ?= var/venv
IMAGES ?=
PORT ?=

# The first Python that is new enough.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$name; break; fi; done)

RUN = $(VENV)/bin/python

CATALOGUES = $(addsuffix /locale/zh_Hans/LC_MESSAGES/django.po, stylesim_app project)

.DEFAULT_GOAL := help
.PHONY: help demo install install-dev lint test test-all chromium messages wheel clean
# A target that fails leaves nothing behind that looks finished.
.DELETE_ON_ERROR:

help: ## List these targets
	@echo "make demo      the app with a sample gallery; IMAGES=/a/folder for your own pictures, PORT=8000"
	@echo "make test      linters, types, migrations, the tests on SQLite and PostgreSQL, coverage, the wheel"
	@echo "make test-all  the same with training, every variant of the pages and the gallery's figures"
	@echo "make lint      the linters and types alone"
	@echo "make messages  collect the strings to translate and compile them; needs GNU gettext"
	@echo "make wheel     build the wheel into dist/"
	@echo "make clean     delete var/ and dist/, the demo's collections included"

# Pictures of one's own make a collection of their own, one for each folder.
demo: export IMAGES := $(IMAGES)
demo: install
	@data=var/demo; \
	if [ -n "$$IMAGES" ]; then \
		data="$$data-$$(printf '%s' "$$IMAGES" | cksum | cut -d ' ' -f 1)"; fi; \
	exec env -u DATABASE_URL -u REDIS_URL STYLESIM_DATA_DIR="$$data" PYTHONDONTWRITEBYTECODE=1 \
		$(RUN) manage.py demo \
		$${IMAGES:+--images "$$IMAGES"} $(if $(PORT),--port $(PORT))

test: install-dev chromium lint
	$(RUN) -m tests.both

# Before a release, and after a change to training, the weights or the style sheets.
test-all: install-dev chromium lint
	$(RUN) -m tests.both --all

lint: install-dev
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(VENV)/bin/lint-imports
	$(RUN) -m mypy
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) manage.py check

# Without line numbers, wrapping and dates, a change of a catalogue shows what was translated.
messages: install
	$(RUN) manage.py makemessages --locale zh_Hans --no-obsolete --no-wrap --add-location file \
		--ignore var --ignore .venv --ignore tests --ignore build --ignore dist
	sed -i.old -e '/^"POT-Creation-Date: /d' -e '/^"Report-Msgid-Bugs-To: /d' $(CATALOGUES)
	rm -f $(CATALOGUES:=.old)
	$(RUN) manage.py compilemessages --locale zh_Hans \
		--ignore var --ignore .venv --ignore build --ignore dist

wheel: install-dev
	$(RUN) -m build

clean:
	rm -rf var dist build *.egg-info

install: $(VENV)/installed

install-dev: $(VENV)/installed-dev

# `pip` is the last that a new environment gets, so that one without it was cut short.
$(VENV)/installed: requirements.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer is needed, and none was found; name one with PYTHON=/path/to/python." >&2; \
		exit 1; fi
	@test -x $(VENV)/bin/pip || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing what requirements.txt lists; the first time this downloads some gigabytes ..."
	@$(VENV)/bin/pip install --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The tests of the pages drive a real browser.
chromium:
	@if command -v chromium >/dev/null; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk; \
	else echo "The tests need Chromium: install it, for example by: sudo apt-get install chromium" >&2; \
		exit 1; fi
