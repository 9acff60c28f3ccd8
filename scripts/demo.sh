#!/usr/bin/env bash
# Pours once in simulation with the whole graph, records it, and shows the result.
# Environment: TARGET_ML (150), SEED (0), SCENE (default), TOLD (target).
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
mkdir -p demo
bags=$(mktemp -d demo/run_XXXXXX)

multigen launch launch/multigen.launch.xml evaluate:=true "bag_dir:=$bags" \
  "target_ml:=${TARGET_ML:-150}" "seed:=${SEED:-0}" "scene:=${SCENE:-default}" \
  "told:=${TOLD:-target}"
bag=$(find "$bags" -mindepth 1 -maxdepth 1 -type d | head -n 1)
[ -n "$bag" ] || { echo 'demo: error: no bag was recorded; see the messages above' >&2; exit 1; }

multigen evaluate-bag "$bag" --json demo/evaluation.json
python - <<'PYTHON'
import json
from pathlib import Path

from multigen_core.files import write_json

(pour,) = json.loads(Path("demo/evaluation.json").read_text())["results"]
write_json(Path("demo/result.json"), pour)
PYTHON
multigen report "$bag" -o demo/report.html
echo "demo: result in demo/result.json, report in demo/report.html, bag in $bag"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null; then
  xdg-open demo/report.html >/dev/null 2>&1 || true
fi
