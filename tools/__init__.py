"""Maintainers' programs: set-up, running and storing notebooks, the ledger page."""
