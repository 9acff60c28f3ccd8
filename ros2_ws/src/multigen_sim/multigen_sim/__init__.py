"""The simulator: a robot, a vessel and a liquid in MuJoCo."""

from multigen_sim.opengl import settle

settle()
