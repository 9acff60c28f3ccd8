from setuptools import find_packages, setup

name = "multigen_launch"


setup(
    name=name,
    version="0.1.0",
    packages=find_packages(include=[name, f"{name}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{name}"]),
        (f"share/{name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    maintainer="MultiGen developers",
    maintainer_email="maintainers@multigen.example",
    description="Runs ROS 2 launch files with or without the launch package.",
    license="Apache-2.0",
    entry_points={
        "multigen.commands": [
            "launch = multigen_launch.command:register",
        ],
        "multigen.checks": [
            "launch = multigen_launch.checks:checks",
        ],
    },
)
