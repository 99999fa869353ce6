# make run: a hotline that answers. make test: everything that must hold. Both set up what they need.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup setup-tests run demo test lint bench bench-calls bench-latency bench-flows bench-rules bench-history bench-import bench-api bench-desk bench-matching bench-reserve bench-conversations bench-detection bench-pacing bench-campaign bench-messages bench-cascade clean

help:
	@echo "make run            bring the hotline up: sip:100@127.0.0.1:5060 and http://localhost:8080"
	@echo "make test           lint and every test, on a real Asterisk, a real PostgreSQL and a real browser"
	@echo "make demo           three simulated callers, their transcripts and history rows"
	@echo "make lint           formatting, types, directions of imports"
	@echo "make bench          the figures in docs/figures.md"
	@echo "make setup          only the provisioning that the others begin with"
	@echo "make clean          remove what was made in this folder (the cache stays)"

setup:
	@$(PYTHON) infolinia/setup/environment.py
	@$(BIN)/python -m infolinia.setup

setup-tests:
	@$(PYTHON) infolinia/setup/environment.py
	@$(BIN)/python -m infolinia.setup --tests

run: setup
	@exec $(BIN)/infolinia run

demo: setup
	@$(BIN)/infolinia demo

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Three workers on two cores too: many tests wait for calls and pages, more than they compute.
test: setup-tests
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n 3 --dist worksteal

bench: bench-calls bench-latency bench-flows bench-rules bench-history bench-import bench-api bench-desk bench-matching bench-reserve bench-conversations bench-detection bench-pacing bench-campaign bench-messages bench-cascade

bench-calls: setup
	$(BIN)/python -m bench.calls

bench-latency: setup
	$(BIN)/python -m bench.latency

bench-flows: setup
	$(BIN)/python -m bench.flows_loading
	$(BIN)/python -m bench.rehearsal

bench-rules: setup
	$(BIN)/python -m bench.gate

bench-history: setup
	$(BIN)/python -m bench.timeline

bench-import: setup
	$(BIN)/python -m bench.import_contacts

bench-api: setup
	$(BIN)/python -m bench.api

bench-matching: setup
	$(BIN)/python -m bench.matching

bench-reserve: setup
	$(BIN)/python -m bench.reserve

bench-desk: setup
	$(BIN)/python -m bench.desk_ring

bench-conversations: setup
	$(BIN)/python -m bench.conversations

bench-detection: setup
	$(BIN)/python -m bench.detection --write

bench-pacing: setup
	$(BIN)/python -m bench.pacing --jobs 2 --write

bench-campaign: setup
	$(BIN)/python -m bench.campaign_live --write

bench-messages: setup-tests
	$(BIN)/python -m bench.messages_smsc --rounds 3 --write
	$(BIN)/python -m bench.messages_smsc --messages 100000 --gate open --no-floor --write
	$(BIN)/python -m bench.messages_killed --write

bench-cascade: setup-tests
	$(BIN)/python -m bench.messages_cascade --write

clean:
	rm -rf .venv var dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
