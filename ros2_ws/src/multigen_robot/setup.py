from pathlib import Path

from setuptools import find_packages, setup

name = "multigen_robot"


def shared(folder):
    """Files below a folder, by the directory they are installed to."""
    files = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            files.setdefault(f"share/{name}/{path.parent}", []).append(str(path))
    return list(files.items())


setup(
    name=name,
    version="0.1.0",
    packages=find_packages(include=[name, f"{name}.*"]),
    package_data={"": ["*.html", "*.css", "*.xml", "py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{name}"]),
        (f"share/{name}", ["package.xml"]),
        *shared("config"),
        *shared("launch"),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    maintainer="MultiGen developers",
    maintainer_email="maintainers@multigen.example",
    description="Drivers and safety of a real robot: camera, microphone, guard, mock arm.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "arm_guard = multigen_core.ros.start:main",
            "camera = multigen_core.ros.start:main",
            "microphone = multigen_core.ros.start:main",
            "mock_arm = multigen_core.ros.start:main",
            "scale = multigen_core.ros.start:main",
        ],
        "multigen.nodes": [
            "arm_guard = multigen_robot.arm_guard:main",
            "camera = multigen_robot.camera_node:main",
            "microphone = multigen_robot.microphone_node:main",
            "mock_arm = multigen_robot.mock_arm_node:main",
            "scale = multigen_robot.scale_node:main",
        ],
        "multigen.commands": [
            "calibrate = multigen_robot.calibration.command:register",
            "gripper = multigen_robot.gripper_command:register",
        ],
        "multigen.checks": [
            "robot = multigen_robot.checks:checks",
        ],
        "multigen.check_options": [
            "robot = multigen_robot.checks:options",
        ],
        "multigen.benches": [],
    },
)
