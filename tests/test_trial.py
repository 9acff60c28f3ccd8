"""`multigen trial`, with a mock arm and a virtual scale."""

import json
import subprocess
import threading
from pathlib import Path

import pytest

from multigen_core.bags import BagReader
from multigen_core.contract import POUR_STATE
from multigen_core.errors import MultigenError
from multigen_core.ros.endpoints import subscribe
from multigen_policy.evaluation.results import load_results
from multigen_policy.trial.plan import make_plan

from .virtual_lab import VirtualLab

LAUNCH = Path(__file__).parents[1] / "launch" / "multigen.launch.xml"
FLOW = 25e-6


def test_a_plan_is_balanced_whenever_it_ends_and_a_longer_one_begins_like_it():
    plan = make_plan(["mug", "glass"], [100.0, 150.0], 10, 3)
    assert [pour.number for pour in plan] == list(range(1, 11))
    rounds = [{(p.vessel, p.target_ml) for p in plan[first : first + 4]} for first in (0, 4)]
    assert rounds[0] == rounds[1]
    assert len(rounds[0]) == 4
    assert make_plan(["mug", "glass"], [100.0, 150.0], 30, 3)[:10] == plan
    assert make_plan(["mug", "glass"], [100.0, 150.0], 10, 4) != plan


@pytest.mark.parametrize(
    ("vessels", "targets", "pours"), [([], [1], 1), (["a"], [-5], 1), (["a"], [1], 0)]
)
def test_a_plan_of_nothing_is_refused(vessels, targets, pours):
    with pytest.raises(MultigenError):
        make_plan(vessels, targets, pours, 0)


class Operator:
    """Runs `multigen trial` and answers what it asks."""

    def __init__(self, *words):
        self.said = ""
        self._process = subprocess.Popen(
            ["multigen", "trial", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        while data := self._process.stdout.read1():
            self.said += data.decode()

    def answer(self, text=""):
        self._process.stdin.write(f"{text}\n".encode())
        self._process.stdin.flush()

    def end(self):
        self._process.stdin.close()
        status = self._process.wait(240)
        self._reader.join()
        return status

    def kill(self):
        self._process.kill()
        self._process.wait()


@pytest.fixture
def operate(domain):
    operators = []

    def run(*words):
        operators.append(Operator(*words))
        return operators[-1]

    yield run
    for operator in operators:
        operator.kill()


@pytest.fixture
def lab(peer):
    made = VirtualLab(peer, lambda time: FLOW * time)
    yield made
    made.close()


@pytest.mark.xdist_group("stack")
@pytest.mark.timeout(600)
def test_a_trial_asks_pours_measures_and_resumes(
    start, operate, peer, lab, tmp_path, wait, patient
):
    masses = []
    subscribe(peer, POUR_STATE, masses.append)
    graph = start(
        "multigen", "launch", str(LAUNCH), "sim:=false", "camera:=none", "audio:=none",
        "policy:=timed", f"scale_port:={lab.scale_port}", f"params_file:={patient}",
    )  # fmt: skip
    wait(lambda: masses and peer.count_services("policy/get_state"), lambda: graph.output, 120)
    words = ["--out", str(tmp_path / "trial"), "--pours", "2", "--vessels", "mug", "bowl"]
    words += ["--target-ml", "60", "--policy", "timed", "--scene", "default"]

    first = operate(*words)
    wait(lambda: "pour 1 of 2: put '" in first.said, lambda: first.said, 120)
    first.answer()
    wait(lambda: "pour 2 of 2" in first.said, lambda: first.said, 180)
    poured = lab.poured
    first.answer("q")
    assert first.end() == 1, first.said
    assert "1 pours left; the same command resumes" in first.said
    (result,) = load_results(tmp_path / "trial" / "trial.json")
    if result["outcome"] != "succeeded":
        lab.skip_if_stalled()
    assert result["outcome"] == "succeeded", f"{result['reason']}\n{graph.output}"
    assert result["poured_ml"] == pytest.approx(poured * 1e6, abs=1.0)
    assert result["poured_ml"] == pytest.approx(60, abs=15)

    lab.refill()
    second = operate(*words)
    wait(lambda: "pour 2 of 2" in second.said, lambda: second.said, 120)
    assert "pour 1 of 2" not in second.said
    second.answer()
    wait(lambda: "trial.html" in second.said, lambda: second.said, 180)
    assert second.end() == 0, second.said

    document = json.loads((tmp_path / "trial" / "trial.json").read_text())
    assert document["aggregate"]["nmae"]["count"] == 2
    assert document["aggregate"]["nmae"]["low"] <= document["aggregate"]["nmae"]["high"]
    assert {result["target_vessel"] for result in document["results"]} == {"mug", "bowl"}
    assert set(document["groups"]["target_vessel"]) == {"mug", "bowl"}
    assert "<svg" in (tmp_path / "trial" / "trial.html").read_text()
    for result in document["results"]:
        if result["outcome"] != "succeeded":
            lab.skip_if_stalled()
        assert result["poured_ml"] == pytest.approx(60, abs=15)
        with BagReader(Path(result["bag"])) as bag:
            assert bag.count(POUR_STATE) > 50
            assert bag.metadata["policy"] == "timed"


def test_a_trial_without_a_scale_says_so(start, domain):
    done = start("multigen", "trial", "--out", "trial", "--vessels", "mug")
    done.refuses("launch with scale_port:=PORT")
