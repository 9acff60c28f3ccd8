from setuptools import find_packages, setup

name = "multigen_view"


setup(
    name=name,
    version="0.1.0",
    packages=find_packages(include=[name, f"{name}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{name}"]),
        (f"share/{name}", ["package.xml"]),
        (f"share/{name}/config", ["config/foxglove.json", "config/multigen.rviz"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    maintainer="MultiGen developers",
    maintainer_email="maintainers@multigen.example",
    description="Shows a pour, live or recorded, in a browser.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "view = multigen_core.ros.start:main",
        ],
        "multigen.nodes": [
            "view = multigen_view.view_node:main",
        ],
        "multigen.commands": [
            "view = multigen_view.command:register",
        ],
        "multigen.checks": [
            "view = multigen_view.checks:checks",
        ],
    },
)
