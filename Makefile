# Every target runs handoff_project/onebox, which needs nothing but Python 3.11 or newer.

.DEFAULT_GOAL := help
.PHONY: help setup run test check manage format lock

define onebox
@for python in "$${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do \
  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
    exec "$$python" handoff_project/onebox $(1); \
  fi; \
done; \
echo "handoff: Python 3.11 or newer is needed and was not found; set PYTHON to its path." >&2; exit 1
endef

help: ## List the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):[^#]*## /  make \1	/'

setup: ## Make the environment .venv with pinned packages, and nothing else
	$(call onebox,setup)

run: ## Run Handoff with a demo company until Ctrl-C (HANDOFF_PORT=8000)
	$(call onebox,run)

test: ## Run the tests on throw-away servers (ARGS="-k name")
	$(call onebox,test $(ARGS))

check: ## Check format, lint, types, imports, templates, migrations, production settings
	$(call onebox,check)

manage: ## Run manage.py on the data of `make run` (ARGS="shell")
	$(call onebox,manage $(ARGS))

format: ## Rewrite code and templates in the project's format
	$(call onebox,format)

lock: ## Write requirements*.txt from pyproject.toml (ARGS=--upgrade for the newest)
	$(call onebox,lock $(ARGS))
