#!/usr/bin/env bash
# Style and types.
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
ruff format --check .
ruff check .
mypy -p multigen_core -p multigen_launch -p multigen_sim -p multigen_audio -p multigen_policy -p multigen_robot -p multigen_view
