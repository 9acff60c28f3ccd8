"""The default backend: arm, contact and pictures in MuJoCo."""
