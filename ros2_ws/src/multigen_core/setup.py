from pathlib import Path

from setuptools import find_packages, setup

name = "multigen_core"


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
        ("bin", ["bin/multigen"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    maintainer="MultiGen developers",
    maintainer_email="maintainers@multigen.example",
    description="What MultiGen's packages share: types, contract, bags, launch, ROS helpers.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "recorder = multigen_core.ros.start:main",
            "bag_player = multigen_core.ros.start:main",
        ],
        "multigen.nodes": [
            "recorder = multigen_core.ros.recorder_node:main",
            "bag_player = multigen_core.ros.bag_player_node:main",
        ],
        "multigen.commands": [
            "bench = multigen_core.cli.bench:register",
            "check = multigen_core.cli.check:register",
            "doctor = multigen_core.cli.doctor:register",
            "repair-bag = multigen_core.bags.command:register",
        ],
        "multigen.checks": [
            "core = multigen_core.cli.doctor:checks",
        ],
        "multigen.benches": [],
    },
)
