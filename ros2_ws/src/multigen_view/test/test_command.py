import numpy as np
import pytest

from multigen_core.bags import BagWriter
from multigen_core.cli import main
from multigen_core.contract import AUDIO_VIEW, IMAGE_COMPRESSED, JOINT_STATES, POUR_STATE, PROGRESS
from multigen_core.types import CameraFrame, JointState, PourProgress, PourState, to_nanoseconds

TOPICS = (IMAGE_COMPRESSED, JOINT_STATES, POUR_STATE, PROGRESS)
ARM = tuple(f"joint_{index}" for index in range(1, 8))


def write(path, metadata, names=ARM):
    with BagWriter(path, TOPICS, metadata) as bag:
        for index in range(200):
            now = to_nanoseconds(50.0 + index / 100)
            joints = JointState(now, names, np.full(len(names), 0.1), np.zeros(len(names)))
            bag.write(JOINT_STATES, joints, now)
            if index % 10 == 0:
                bag.write(POUR_STATE, PourState(now, 1e-4, index * 1e-6, 0.0, 0.0), now)
                bag.write(PROGRESS, PourProgress(now, "pour", 2e-4), now)
                rgb = np.full((48, 64, 3), index, np.uint8)
                bag.write(IMAGE_COMPRESSED, CameraFrame(now, rgb, "camera"), now)


def test_a_bag_becomes_a_file_that_shows_it(tmp_path, reading, capsys):
    write(tmp_path / "bag", {})
    file = tmp_path / "pour.rrd"
    assert main(["view", str(tmp_path / "bag"), "--save", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}\n"
    found = reading(file)
    poured = found["/volumes/poured"]
    assert poured.values("scalars")[-1] == [pytest.approx(190.0)]
    assert poured.times("scalars")[-1] == pytest.approx(1.9)
    assert len(found["/camera"].values("blob")) == 20
    assert 18 <= len(found["/joints"].values("scalars")) <= 23, "fast topics are thinned out"


def test_a_bag_of_another_arm_shows_that_arm(tmp_path, reading):
    names = (
        *("shoulder_pan_joint", "shoulder_lift_joint", "elbow_joint"),
        *("wrist_1_joint", "wrist_2_joint", "wrist_3_joint"),
    )
    write(tmp_path / "bag", {"arm_file": "ur5e"}, names)
    file = tmp_path / "pour.rrd"
    assert main(["view", str(tmp_path / "bag"), "--save", str(file)]) == 0
    assert len(reading(file)["/joints"].values("scalars")[-1]) == 6


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [({"drawn_scene": "{"}, "custom data cannot be read"), ({"arm_file": "r2d2"}, "r2d2")],
)
def test_a_bag_that_cannot_be_shown_is_named_in_one_line(tmp_path, capsys, metadata, reason):
    write(tmp_path / "bag", metadata)
    file = tmp_path / "pour.rrd"
    assert main(["view", str(tmp_path / "bag"), "--save", str(file)]) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


def test_a_bag_that_is_none_is_named_in_one_line(tmp_path, capsys):
    assert main(["view", str(tmp_path / "gone")]) == 1
    error = capsys.readouterr().err
    assert "gone" in error
    assert error.count("\n") == 1


def test_only_a_bag_with_the_hearing_view_has_a_panel_for_it(tmp_path):
    from multigen_view.layout import layout

    assert "Hearing" in str(views(layout(True)))
    assert "Hearing" not in str(views(layout(False)))
    assert not AUDIO_VIEW.recorded


def views(part):
    root = getattr(part, "root_container", part)
    return [getattr(root, "name", ""), *(views(item) for item in getattr(root, "contents", []))]
