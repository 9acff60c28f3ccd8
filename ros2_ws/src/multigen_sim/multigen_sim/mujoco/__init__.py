"""The default backend: arm, contacts and rendering in MuJoCo."""
