.PHONY: build clean demo help lint test

help:
	@echo 'make demo   install, build, pour once in simulation, show the result'
	@echo 'make test   install, build, run every test'
	@echo 'make build  install and build only'
	@echo 'make lint   check style and types'
	@echo 'make clean  remove everything that the others made'

build:
	@scripts/setup.sh

demo: build
	@scripts/demo.sh

test:
	@scripts/setup.sh --test
	@scripts/test.sh

lint:
	@scripts/setup.sh --test
	@scripts/lint.sh

clean:
	rm -rf .venv ros2_ws/build ros2_ws/install ros2_ws/log demo .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name '*.egg-info' -type d -prune -exec rm -rf {} +
