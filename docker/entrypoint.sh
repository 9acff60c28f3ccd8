#!/usr/bin/env bash
# Runs a command in the environment of the built workspace.
set -e
root=${MULTIGEN_ROOT:-/multigen}
for script in "$root/.venv/bin/activate" "$root/ros2_ws/install/setup.bash"; do
  [ -r "$script" ] || { echo "entrypoint: error: no $script; run scripts/setup.sh" >&2; exit 1; }
  # shellcheck source=/dev/null
  . "$script"
done
if [ -d /bags ] && [ ! -w /bags ]; then
  echo "entrypoint: warning: user $(id -u) cannot write to /bags: export UID and GID of its owner" >&2
fi
[ $# -gt 0 ] || set -- bash
exec "$@"
