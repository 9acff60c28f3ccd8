"""What metadata.yaml says of a bag, as far as reading takes it; the rest stands in the files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from multigen_core.config.yaml_file import ConfigError, load_yaml, parse_yaml, validate

KEY = "rosbag2_bagfile_information"


class _TopicMetadata(BaseModel):
    name: str
    type: str


class _TopicCount(BaseModel):
    topic_metadata: _TopicMetadata
    message_count: int = Field(ge=0)


class BagInformation(BaseModel):
    """Of rosbag2's versions 4 (Galactic) to 9 (Jazzy)."""

    relative_file_paths: list[str] = Field(min_length=1)
    topics_with_message_count: list[_TopicCount]
    custom_data: dict[str, Any] | None = None

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """Messages by topic and type."""
        counts: Counter[tuple[str, str]] = Counter()
        for entry in self.topics_with_message_count:
            counts[entry.topic_metadata.name, entry.topic_metadata.type] += entry.message_count
        return counts

    @property
    def custom(self) -> dict[str, str]:
        """What whoever recorded the bag noted."""
        return {key: str(value) for key, value in (self.custom_data or {}).items()}


def load_information(path: Path) -> BagInformation:
    """What the metadata.yaml at `path` says.

    Raises:
        ConfigError: it cannot be read.
    """
    data = load_yaml(path)
    if not isinstance(data, dict) or KEY not in data:
        raise ConfigError(f"{path}: has no {KEY}")
    return validate(BagInformation, data[KEY], path)


def custom_data(serialized: str) -> dict[str, str]:
    """The notes in what rosbag2 writes of metadata.yaml into an MCAP file, none if unreadable."""
    try:
        data = parse_yaml(serialized, "the file's metadata")
        return validate(BagInformation, data, "the file's metadata").custom
    except ConfigError:
        return {}
