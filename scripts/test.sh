#!/usr/bin/env bash
# Runs the tests; arguments go to pytest.
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ROS_PYTHON_CHECK_FIELDS=1 PYTHONDONTWRITEBYTECODE=1
export OMP_NUM_THREADS=1 MUJOCO_GL="${MUJOCO_GL:-egl}"
exec python -m pytest -n 2 --dist loadgroup --timeout 300 "$@"
