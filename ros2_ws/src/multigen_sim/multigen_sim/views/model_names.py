"""Names in the MuJoCo model of what the public view renders."""

SOURCE, TARGET = "source", "target"
SOURCE_LIQUID, TARGET_LIQUID = "source_liquid", "target_liquid"
STREAM, PUDDLE = "stream", "puddle"
CAMERA = "public"
