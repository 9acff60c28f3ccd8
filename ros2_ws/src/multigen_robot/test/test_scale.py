import os
import pty
import time
import tty

import pytest

from multigen_core import contract
from multigen_robot.scale import Reading, ScaleError, ScaleStream, Tare, line_pattern, parse


class Scale:
    """A scale on a pty; `port` is a link, so that it can be plugged in elsewhere."""

    def __init__(self, folder):
        self.port = folder / "ttyScale"
        self.plug()

    def plug(self):
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port.symlink_to(os.ttyname(self._slave))

    def unplug(self):
        self.port.unlink()
        os.close(self._master)
        os.close(self._slave)

    def write(self, text):
        os.write(self._master, text.encode())


@pytest.fixture
def scale(tmp_path):
    made = Scale(tmp_path)
    yield made
    if made.port.is_symlink():
        made.unplug()


@pytest.mark.parametrize(
    ("line", "mass", "stable"),
    [
        ("ST,GS,+  123.45 g", 0.12345, True),
        ("US,GS,+  123.45 g", 0.12345, False),
        ("ST,NT,-    0.5kg", -0.5, True),
        ("ST,GS,   12 mg", 12e-6, True),
        ("ST,GS,+00150.00g", 0.15, True),
    ],
)
def test_common_lines_are_read(line, mass, stable):
    reading = parse(line, line_pattern("standard"), 7)
    assert reading.mass == pytest.approx(mass)
    assert (reading.stable, reading.stamp) == (stable, 7)


@pytest.mark.parametrize("line", ["", "OL", "ST,GS,+  g", "ST,GS,+12.3 lb", "ST,TR,+ 12 g", "\x00"])
def test_other_lines_are_no_reading(line):
    assert parse(line, line_pattern("standard"), 0) is None


def test_an_expression_of_ones_own_reads_other_scales():
    pattern = line_pattern(r"^\s*(?P<value>[-\d.]+)\s*(?P<unit>g|kg|lb)?")
    assert parse("  12.5", pattern, 0) == Reading(0, 0.0125, True)
    assert parse(" 2 kg", pattern, 0) == Reading(0, 2.0, True)
    assert parse(" 2 lb", pattern, 0) is None
    assert parse(" 1.2.3 g", pattern, 0) is None


@pytest.mark.parametrize(
    ("protocol", "word"), [("(", "not a regular expression"), (r"(\d+)", "value")]
)
def test_a_wrong_expression_is_refused(protocol, word):
    with pytest.raises(ScaleError, match=word):
        line_pattern(protocol)


def test_the_first_reading_at_rest_is_the_zero_until_asked_again():
    tare = Tare()
    masses = [(0.3, False), (0.2, True), (0.35, False), (0.35, True)]
    nets = [tare.net(Reading(0, mass, stable)) for mass, stable in masses]
    assert nets == [None, 0.0, pytest.approx(0.15), pytest.approx(0.15)]
    tare.again()
    assert tare.net(Reading(0, 0.35, False)) is None
    assert tare.net(Reading(0, 0.35, True)) == 0.0


def listen(scale, readings, lines):
    return ScaleStream(
        str(scale.port),
        9600,
        line_pattern("standard"),
        time.time_ns,
        readings.append,
        lambda line, bad: lines.append((line, bad)),
    )


def test_readings_come_whole_though_lines_come_in_pieces(scale, wait):
    readings, lines = [], []
    stream = listen(scale, readings, lines)
    wait(lambda: stream.status.connects, "the port")
    for piece in ("ST,GS,+  1", "23.45 g\r", "\nrubbish\r\nST,GS,+  124.00 g\r\n", "ST,GS"):
        scale.write(piece)
        time.sleep(0.05)
    wait(lambda: len(readings) == 2, "readings")
    assert [reading.mass for reading in readings] == [
        pytest.approx(0.12345),
        pytest.approx(0.124),
    ]
    assert stream.status.unread == 1
    scale.write("x" * 5000)
    scale.write("\r\nST,GS,+  125.00 g\r\n")
    wait(lambda: len(readings) == 3, "a reading after noise")
    stream.close()


def test_an_unplugged_scale_is_reported_once_and_taken_up_again(scale, wait):
    readings, lines = [], []
    stream = listen(scale, readings, lines)
    wait(lambda: stream.status.connects, "the port")
    scale.unplug()
    wait(lambda: stream.status.error, "the loss")
    time.sleep(0.6)
    assert len([line for line, bad in lines if bad]) <= 2
    scale.plug()
    wait(lambda: stream.status.connects == 2, "the port again")
    scale.write("ST,GS,+  1.00 g\r\n")
    wait(lambda: readings, "a reading")
    stream.close()


def test_the_node_publishes_volume_by_density(scale, start_node, peer, wait):
    from multigen_core.ros.node import subscribe

    states = []
    subscribe(peer, contract.POUR_STATE, states.append)
    process = start_node("multigen_robot", "scale", port=scale.port, density=920.0)

    def weigh(grams):
        scale.write(f"ST,GS,+{grams:8.2f} g\r\n")
        return states

    wait(lambda: weigh(200.0), "the zero")
    assert states[0].poured_mass == 0.0
    wait(lambda: weigh(292.0) and states[-1].poured_mass > 0.05, "the pour")
    assert states[-1].poured_mass == pytest.approx(0.092)
    assert states[-1].poured_volume == pytest.approx(1e-4)
    assert states[-1].source_volume != states[-1].source_volume
    assert process.end() == 0


def test_a_wrong_protocol_ends_the_node_with_one_line(start_node):
    process = start_node("multigen_robot", "scale", protocol="'(x)'")
    assert process.wait() == 1
    assert "group (?P<value>" in process.output
    assert "Traceback" not in process.output
