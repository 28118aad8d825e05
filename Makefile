# One name for each thing a developer does, the same on a laptop and in .ci/run.
# All of them expect the environment that README's test command sets up.

.PHONY: check fix test docs bench bench-quick

check:
	ruff format --check .
	ruff check .
	lint-imports
	mypy
	pyright

fix:
	ruff check --fix .
	ruff format .

test:
	python -m pytest

docs:
	python -m pytest -p no:randomly README.md artifacts/README.md storage/README.md manifest/README.md tests/house

bench:
	python -m tests.bench local
	python -m tests.bench remote

bench-quick:
	python -m tests.bench quick
	python -m tests.bench remote --quick --server ministack --no-count
