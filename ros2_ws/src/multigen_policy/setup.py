from pathlib import Path

from setuptools import find_packages, setup

name = "multigen_policy"


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
    package_data={"": ["templates/*", "*.html", "*.css", "*.xml", "py.typed"]},
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
    description="Pouring policies that see and hear, and their evaluation.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "policy = multigen_core.ros.start:main",
        ],
        "multigen.nodes": [
            "policy = multigen_policy.policy_node:main",
        ],
        "multigen.commands": [
            "pour = multigen_policy.pour_command:register_pour",
            "activate = multigen_policy.pour_command:register_activate",
            "stop = multigen_policy.pour_command:register_stop",
            "export-lerobot = multigen_policy.lerobot.command:register_export",
            "generate = multigen_policy.rollouts.generate_command:register_generate",
            "dataset = multigen_policy.learned.dataset_command:register_dataset",
            "train-policy = multigen_policy.learned.train_command:register_train",
            "listen = multigen_policy.listening.command:register_listen",
            "evaluate = multigen_policy.rollouts.evaluate_command:register_evaluate",
            "evaluate-bag = multigen_policy.evaluation.commands:register_evaluate_bag",
            "report = multigen_policy.evaluation.commands:register_report",
            "trial = multigen_policy.trial.command:register_trial",
        ],
        "multigen.policies": [
            "audiovisual = multigen_policy.policies:audiovisual",
            "acoustic = multigen_policy.policies:acoustic",
            "timed = multigen_policy.policies:timed",
        ],
        "multigen.metrics": [
            "smoothness = multigen_policy.evaluation.evaluate:smoothness",
            "listener_floor_ml = multigen_policy.evaluation.evaluate:listener_floor_ml",
        ],
        "multigen.benches": [
            "generate = multigen_policy.rollouts.bench:run",
        ],
    },
)
