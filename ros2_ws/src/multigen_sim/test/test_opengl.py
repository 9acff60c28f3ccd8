"""What is said of an OpenGL that cannot be."""

import os

import pytest

from multigen_core.errors import MultigenError
from multigen_sim import opengl


def test_egl_is_taken_where_nothing_is_asked_for(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "")
    monkeypatch.delenv("MUJOCO_GL")
    opengl.settle()
    assert os.environ["MUJOCO_GL"] == "egl"


def test_osmesa_is_taken_where_it_is_and_its_package_named_where_not(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setattr(opengl, "find_library", lambda _: "libOSMesa.so.8")
    opengl.settle()
    monkeypatch.setattr(opengl, "find_library", lambda _: None)
    with pytest.raises(MultigenError, match="install Debian's libosmesa6"):
        opengl.settle()


def test_the_simulator_refuses_an_unknown_one_in_one_line(start_node, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "vulkan")
    node = start_node("multigen_sim", "simulator")
    node.refuses("MUJOCO_GL is 'vulkan': use egl, osmesa, glfw, or unset it")
    assert node.output.startswith("simulator: error: ")
