# Sourced by the other scripts: the environment of the built workspace, apart from other ROS graphs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
set +u
. .venv/bin/activate
. ros2_ws/install/setup.bash
set -u
