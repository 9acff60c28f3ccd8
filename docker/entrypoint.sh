#!/usr/bin/env bash
# Runs a command in the environment of the built workspace.
set -e
root=${MULTIGEN_ROOT:-/multigen}
for script in "$root/.venv/bin/activate" "$root/ros2_ws/install/setup.bash"; do
  [ -r "$script" ] || { echo "entrypoint: error: no $script; run scripts/setup.sh" >&2; exit 1; }
  . "$script"
done
[ $# -gt 0 ] || set -- bash
exec "$@"
