import math
import os
import pty
import select
import termios
import time
import tty

import pytest

from multigen_core import contract
from multigen_core.types import to_nanoseconds
from multigen_robot.scale.protocol import Reading, ScaleError, parse, protocol, unknown
from multigen_robot.scale.stream import ScaleConfig, ScaleStream
from multigen_robot.scale.weighing import Weighing


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

    def read(self):
        """What it has been told since it was read last."""
        ready, _, _ = select.select([self._master], [], [], 0)
        return os.read(self._master, 4096) if ready else b""


@pytest.fixture
def scale(tmp_path):
    made = Scale(tmp_path)
    yield made
    if made.port.is_symlink():
        made.unplug()


LINES = {
    "standard": [
        ("ST,GS,+  123.45 g", 0.12345, True),
        ("US,GS,+  123.45 g", 0.12345, False),
        ("ST,NT,-    0.5kg", -0.5, True),
        ("ST,GS,   12 mg", 12e-6, True),
        ("ST,GS,+00150.00g", 0.15, True),
        ("ST,GS 1.000KG", 1.0, True),
    ],
    "a-and-d": [
        ("ST,+00123.45  g", 0.12345, True),
        ("US,-00000.50  g", -0.0005, False),
        ("ST,OK,+0001.234 kg", 1.234, True),
        ("ST,+0100.00  ct", 0.02, True),
        ("ST,+0002.000 lb", 0.90718474, True),
        ("ST,+0010.000 oz", 0.28349523125, True),
        ("ST,+1000.000 GN", 0.06479891, True),
    ],
    "mt-sics": [
        ("S S     100.00 g", 0.1, True),
        ("S D      99.87 g", 0.09987, False),
        ("S S      -0.02 kg", -0.02, True),
    ],
    "sartorius": [
        ("+   123.56 g  ", 0.12356, True),
        ("+   123.56    ", 0.12356, False),
        ("N     +  123.5[6] g  ", 0.12356, True),
        ("-     0.02 kg ", -0.02, True),
        ("   111.255 g  ", 0.111255, True),
    ],
    "kern": [
        ("         123.4 g  ", 0.1234, True),
        ("M -      123.4    ", -0.1234, False),
        ("          0.0 kg ", 0.0, True),
    ],
    "ohaus": [
        ("     192.21 g ", 0.19221, True),
        ("     192.21 g ?", 0.19221, False),
        ("     0.5950 oz ? NET", 0.5950 * 28.349523125e-3, False),
        ("       0.211 kg  NET", 0.211, True),
    ],
}


@pytest.mark.parametrize(
    ("make", "line", "mass", "stable"),
    [(make, *case) for make, cases in LINES.items() for case in cases],
)
def test_the_lines_of_a_make_are_read(make, line, mass, stable):
    reading = parse(line, protocol(make), 7)
    assert reading.mass == pytest.approx(mass, abs=1e-9)
    assert (reading.stable, reading.stamp, reading.fault) == (stable, 7, "")


@pytest.mark.parametrize(
    ("make", "line", "fault"),
    [
        ("standard", "OL,GS,+ 9999.9 g", "overloaded"),
        ("a-and-d", "OL,+9999999.9  g", "overloaded"),
        ("a-and-d", "OL,-9999999.9  g", "underloaded"),
        ("mt-sics", "S +", "overloaded"),
        ("mt-sics", "S -", "underloaded"),
        ("sartorius", "      H       ", "overloaded"),
        ("sartorius", "Stat      High  ", "overloaded"),
        ("sartorius", "      Low     ", "underloaded"),
        ("kern", "           Error", "overloaded"),
        ("ohaus", "Err 8.3", "overloaded"),
    ],
)
def test_a_load_out_of_range_is_a_state_and_no_number(make, line, fault):
    reading = parse(line, protocol(make), 0)
    assert math.isnan(reading.mass)
    assert reading.fault == fault


@pytest.mark.parametrize("unit", ["gr", "ozt", "pcs", "N", "tl"])
def test_a_unit_that_only_begins_like_a_known_one_is_named_and_not_converted(unit):
    reading = parse(f"ST,GS,+  12.3 {unit}", protocol("standard"), 0)
    assert math.isnan(reading.mass)
    assert reading.fault.startswith(
        f"in unit {unit}, which is not one of mg, g, kg, ct, gn, oz, lb"
    )


@pytest.mark.parametrize(
    ("make", "line"),
    [
        ("standard", ""),
        ("standard", "ST,GS,+  g"),
        ("standard", "ST,TR,+ 12 g"),
        ("standard", "\x00"),
        ("mt-sics", "S I"),
        ("mt-sics", "ES"),
        ("mt-sics", "T S     100.00 g"),
        ("sartorius", "      --      "),
        ("sartorius", "Stat   ERR 054"),
    ],
)
def test_other_lines_are_no_reading(make, line):
    assert parse(line, protocol(make), 0) is None


def test_an_expression_of_ones_own_reads_other_scales():
    spoken = protocol(r"^\s*(?P<value>[-\d.]+)\s*(?P<unit>[a-z]+)?\s*(?P<moving>~)?")
    assert parse("  12.5", spoken, 0) == Reading(0, 0.0125, True)
    assert parse(" 2 kg", spoken, 0) == Reading(0, 2.0, True)
    assert parse(" 2 kg ~", spoken, 0) == Reading(0, 2.0, False)
    assert parse(" 1.2.3 g", spoken, 0) is None


@pytest.mark.parametrize(
    ("name", "request_", "word"),
    [
        (
            "(",
            "",
            "not one of standard, a-and-d, mt-sics, sartorius, kern, ohaus or a valid regular",
        ),
        (r"(\d+)", "", "value"),
        ("mettler", "", "use one of standard"),
        ("standard", "é", "ASCII"),
    ],
)
def test_a_wrong_protocol_is_refused(name, request_, word):
    with pytest.raises(ScaleError, match=word):
        protocol(name, request_)


def test_a_request_is_the_makes_or_ones_own():
    assert protocol("MT-SICS").request == b"SI\r\n"
    assert protocol("standard").request == b""
    assert protocol("standard", r"\x1bP\r\n").request == b"\x1bP\r\n"


def readings(*masses, every=1.0):
    """One reading per item: a mass [kg], with a ~ in a text if not at rest, or a fault."""
    for index, mass in enumerate(masses):
        stamp = to_nanoseconds(index * every)
        if isinstance(mass, str) and not mass.startswith("~"):
            yield unknown(stamp, mass)
        else:
            yield Reading(stamp, float(str(mass).strip("~")), not str(mass).startswith("~"))


def test_the_first_reading_at_rest_is_the_zero_until_asked_again():
    weighing = Weighing()
    nets = [weighing.net(reading) for reading in readings("~0.3", 0.2, "~0.35", 0.35)]
    assert math.isnan(nets[0])
    assert nets[1:] == [0.0, pytest.approx(0.15), pytest.approx(0.15)]
    weighing.tare()
    assert math.isnan(weighing.net(Reading(0, 0.35, False)))
    assert weighing.fault == "waiting for a stable reading as zero"
    assert weighing.net(Reading(0, 0.35, True)) == 0.0


def test_without_taring_the_scales_own_zero_counts():
    assert Weighing(tare=False).net(Reading(0, 0.35, False)) == 0.35


def test_what_is_out_of_range_or_silent_is_unknown_and_forgotten_when_it_is_over():
    weighing = Weighing()
    nets = [weighing.net(reading) for reading in readings(0.2, "overloaded", "~0.3")]
    assert math.isnan(nets[1])
    assert nets[2] == pytest.approx(0.1)
    assert weighing.fault == ""
    weighing.net(unknown(0, "silent for 3 s"))
    assert weighing.fault == "silent for 3 s"


def test_a_scale_that_never_settles_tells_no_mass():
    weighing = Weighing()
    nets = [weighing.net(reading) for reading in readings(0.2, *70 * ["~0.3"])]
    assert nets[60] == pytest.approx(0.1)
    assert math.isnan(nets[61])
    assert weighing.fault.startswith("unstable for 70 s")
    assert weighing.net(Reading(to_nanoseconds(71), 0.3, True)) == pytest.approx(0.1)


@pytest.fixture
def listen(scale):
    """Opens the scale; closes it at the end."""
    opened = []

    def run(readings, lines, make="standard", **options):
        opened.append(
            ScaleStream(
                ScaleConfig(str(scale.port), protocol(make), **options),
                time.time_ns,
                readings.append,
                lambda line, bad: lines.append((line, bad)),
            )
        )
        return opened[-1]

    yield run
    for stream in opened:
        stream.close()


def masses(readings):
    return [reading.mass for reading in readings if not reading.fault]


def test_readings_come_whole_though_lines_come_in_pieces(scale, listen, wait):
    readings, lines = [], []
    stream = listen(readings, lines)
    wait(lambda: stream.status.connects, "the port")
    for piece in ("ST,GS,+  1", "23.45 g\r", "\nrubbish\r\nST,GS,+  124.00 g\r\n", "ST,GS"):
        scale.write(piece)
        time.sleep(0.05)
    wait(lambda: len(masses(readings)) == 2, "readings")
    assert masses(readings) == [pytest.approx(0.12345), pytest.approx(0.124)]
    assert stream.status.unread == 1
    scale.write("x" * 5000)
    scale.write("\r\nST,GS,+  125.00 g\r\n")
    wait(lambda: len(masses(readings)) == 3, "a reading after noise")


def test_a_scale_that_wants_to_be_asked_is(scale, listen, wait):
    readings = []
    listen(readings, [], "mt-sics", rate=50.0)
    for count in range(1, 4):
        wait(lambda: b"SI\r\n" in scale.read(), "a request")
        scale.write(f"S S  {count}.00 g\r\n")
        wait(lambda wanted=count: len(masses(readings)) == wanted, "its answer")


def test_the_parity_is_set(scale, listen, wait):
    stream = listen([], [], parity="odd", data_bits=7)
    wait(lambda: stream.status.connects, "the port")
    port = os.open(scale.port, os.O_RDWR | os.O_NOCTTY)
    # Of parity and data bits, a pseudo-terminal keeps only whether parity would be odd.
    assert termios.tcgetattr(port)[2] & termios.PARODD
    os.close(port)


def test_silence_is_told_as_an_unknown_mass(scale, listen, wait):
    readings = []
    stream = listen(readings, [])
    wait(lambda: stream.status.connects, "the port")
    scale.write("ST,GS,+  1.00 g\r\n")
    wait(lambda: readings and "silent for 2 s" in readings[-1].fault, "the silence")
    assert math.isnan(readings[-1].mass)
    scale.write("ST,GS,+  1.00 g\r\n")
    wait(lambda: readings[-1].fault == "", "the end of it")


def test_lines_of_another_protocol_are_told_as_such(scale, listen, wait):
    readings = []
    stream = listen(readings, [], "sartorius")

    def babble():
        scale.write("ST,GS,+  1.00 g\r\n")
        return readings and "no line matches the protocol" in readings[-1].fault

    wait(lambda: stream.status.connects, "the port")
    wait(babble, "the complaint")


def test_an_unplugged_scale_is_reported_once_and_taken_up_again(scale, listen, wait):
    readings, lines = [], []
    stream = listen(readings, lines)
    wait(lambda: stream.status.connects, "the port")
    scale.unplug()
    wait(lambda: stream.status.error, "the loss")
    time.sleep(0.6)
    assert len([line for line, bad in lines if bad]) <= 2
    assert readings[-1].fault == "lost"
    scale.plug()
    wait(lambda: stream.status.connects == 2, "the port again")
    scale.write("ST,GS,+  1.00 g\r\n")
    wait(lambda: masses(readings), "a reading")


def test_the_node_publishes_volume_by_density_or_that_it_is_unknown(
    scale, start_node, peer, wait, health
):
    from multigen_core.ros.node import subscribe

    states = []
    subscribe(peer, contract.POUR_STATE, states.append)
    process = start_node("multigen_robot", "scale", port=scale.port, density=920.0)

    def weigh(grams):
        scale.write(f"ST,GS,+{grams:8.2f} g\r\n")
        return states

    wait(lambda: weigh(200.0) and states[-1].poured_mass == 0.0, "the zero")
    wait(lambda: weigh(292.0) and states[-1].poured_mass > 0.05, "the pour")
    assert states[-1].poured_mass == pytest.approx(0.092)
    assert states[-1].poured_volume == pytest.approx(1e-4)
    assert math.isnan(states[-1].source_volume)
    scale.write("OL,GS,+ 9999.9 g\r\n")
    wait(lambda: math.isnan(states[-1].poured_volume), "an unknown volume")
    wait(lambda: health.message("/scale") in ("overloaded", "silent for 2 s"), "the state")
    assert process.end() == 0


def test_a_wrong_protocol_ends_the_node_with_one_line(start_node):
    start_node("multigen_robot", "scale", protocol="'(x)'").refuses("group (?P<value>")
