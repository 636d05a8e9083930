# The commands of the README. `make demo` and `make test` install what they need on a fresh Debian 12.
PORT ?= 8000
HOST ?= 127.0.0.1
DATA ?= var
PY := .venv/bin/python

.PHONY: demo test check lint faults lock messages clean

demo: ## set up (once) and run the gateway with its demo archive
	@python3 deploy/setup.py demo
	@DISTILLER_DATA="$(DATA)" $(PY) manage.py demo --host "$(HOST)" --port "$(PORT)"

test: ## install the real parts that the tests drive, check the code, run everything
	@python3 deploy/setup.py test
	@$(PY) deploy/run_tests.py

check: ## the fast inner loop: code checks and the tests that need no servers
	@python3 deploy/setup.py check
	@$(PY) deploy/run_tests.py --fast

lint:
	@$(PY) deploy/run_tests.py --lint

faults: ## machines die with 200 jobs in flight; nothing else runs beside it
	@python3 deploy/setup.py test
	@$(PY) -m pytest tests/jobs/test_faults.py -q --timeout=0

lock: ## compile the locks from pyproject.toml and package.json
	.venv/bin/uv pip compile pyproject.toml --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11 -q -o requirements.txt
	.venv/bin/uv pip compile pyproject.toml --group dev --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11 -q -c requirements.txt -o requirements-dev.txt
	PATH="$(CURDIR)/.venv/bin:$$PATH" npm install --package-lock-only --ignore-scripts

messages: ## collect the texts of the pages into the French catalogue and compile it; what is new stands there empty
	$(PY) manage.py messages
	msgfmt --check --statistics -o locale/fr/LC_MESSAGES/django.mo locale/fr/LC_MESSAGES/django.po

clean: ## forget what was installed; data stay
	rm -rf .venv node_modules
