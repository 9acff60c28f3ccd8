"""A folder of recordings made by the physical synthesizer, and the real one where there is one."""

import csv

import numpy as np
import pytest
import soundfile
import yaml

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_core.world.recordings import (
    RecordingError,
    VesselRow,
    read_recordings,
    real_data_folder,
    recorded_vessel,
)

ROW = {
    "container": "cup",
    "shape": "cylindrical",
    "material": "glass",
    "visibility": "transparent",
    "diameter_bottom_cm": "6.0",
    "diameter_top_cm": "6.0",
    "net_height_cm": "16.0",
    "wall_thickness_cm": "0.3",
    "original_split": "train",
}
RATE = 16_000
CLIPS = 3


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep the tests' tracks out of the user's cache, and the user's out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def recorded_folder(tmp_path_factory):
    """Three clips of one vessel being filled in 9 s, of known resonance."""
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "audio").mkdir()
    vessel = recorded_vessel(VesselRow.model_validate(ROW))
    path = folder / "cup.yaml"
    path.write_text(yaml.safe_dump(vessel.model_dump(mode="json", exclude={"name"})))
    rows = []
    for index in range(CLIPS):
        synthesizer = Physical(seed=index)
        flow = 0.9 * vessel.capacity / 9.0
        for state in steady_pour(str(path), flow, start=0.0, stop=9.0, end=9.0, lip=0.04):
            synthesizer.push(state)
        (chunk,) = synthesizer.pull()
        soundfile.write(folder / "audio" / f"clip_{index}.flac", chunk.samples, RATE)
        rows.append({"clip": f"clip_{index}", **ROW, "duration_s": "9.0"})
    with (folder / "clips.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="session")
def recordings(recorded_folder):
    return read_recordings(recorded_folder)[0]


@pytest.fixture(scope="session")
def real_recordings():
    try:
        return read_recordings(real_data_folder())[0]
    except RecordingError as error:
        pytest.skip(str(error))


@pytest.fixture
def rng():
    return np.random.default_rng(0)
