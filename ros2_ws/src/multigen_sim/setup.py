from pathlib import Path

from setuptools import find_packages, setup

name = "multigen_sim"


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
        *shared("urdf"),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    maintainer="MultiGen developers",
    maintainer_email="maintainers@multigen.example",
    description="Pouring simulator: arm, vessels, liquid and pictures.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "simulator = multigen_core.ros.start:main",
        ],
        "multigen.nodes": [
            "simulator = multigen_sim.simulator_node:main",
        ],
        "multigen.commands": [
            "sim = multigen_sim.sim_command:register_sim",
            "isaac = multigen_sim.isaac.command:register",
        ],
        "multigen.simulators": [
            "mujoco = multigen_sim.mujoco.simulator:MujocoSimulator",
            "newton = multigen_sim.newton.backend:newton_simulator",
            "isaac = multigen_sim.isaac.simulator:IsaacSimulator",
        ],
        "multigen.checks": [
            "sim = multigen_sim.checks:checks",
        ],
        "multigen.benches": [
            "sim = multigen_sim.bench:run",
        ],
    },
)
