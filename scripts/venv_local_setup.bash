# Lets `source install/setup.bash` find the ROS packages of this virtual environment.
_multigen_venv="$(builtin cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
case ":$PATH:" in *":$_multigen_venv/bin:"*) ;; *) export PATH="$_multigen_venv/bin:$PATH" ;; esac
case ":${AMENT_PREFIX_PATH:-}:" in *":$_multigen_venv:"*) ;; *) export AMENT_PREFIX_PATH="$_multigen_venv${AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}" ;; esac
unset _multigen_venv
