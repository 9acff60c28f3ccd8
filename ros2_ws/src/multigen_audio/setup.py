from pathlib import Path

from setuptools import find_packages, setup

name = "multigen_audio"


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
    description="Sound of pouring, synthesised in step with the simulator.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "audio_synthesizer = multigen_core.ros.start:main",
        ],
        "multigen.nodes": [
            "audio_synthesizer = multigen_audio.audio_synthesizer_node:main",
        ],
        "multigen.commands": [
            "recordings = multigen_audio.recorded.recordings_command:register",
            "train-audio = multigen_audio.flow.training.train_audio_command:register",
            "add-audio = multigen_audio.add_audio_command:register",
            "evaluate-audio = multigen_audio.quality.evaluate_audio_command:register",
        ],
        "multigen.synthesizers": [
            "flow = multigen_audio.flow.synthesizer:flow",
            "mmaudio = multigen_audio.synthesizers:mmaudio",
            "physical = multigen_audio.synthesizers:physical",
            "replay = multigen_audio.synthesizers:replay",
            "silent = multigen_audio.synthesizers:silent",
        ],
        "multigen.checks": [
            "audio = multigen_audio.checks:checks",
        ],
        "multigen.benches": [
            "audio = multigen_audio.bench:run",
        ],
    },
)
