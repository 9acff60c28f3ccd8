"""Names of what the public view draws, in the MuJoCo model."""

SOURCE, TARGET = "source", "target"
SOURCE_LIQUID, TARGET_LIQUID = "source_liquid", "target_liquid"
STREAM, PUDDLE = "stream", "puddle"
CAMERA = "public"
