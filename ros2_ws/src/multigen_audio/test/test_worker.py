import threading
import time

from multigen_audio.physical import Physical
from multigen_audio.pours.scripted import steady_pour
from multigen_audio.stream import SoundStream
from multigen_audio.worker import QUEUE, Worker
from multigen_core.synthesizer import Silent
from multigen_core.types import LiquidState


def until(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def raise_(error) -> None:
    raise error


def test_it_gives_the_sound_of_its_inputs_in_order_from_another_thread() -> None:
    sent, threads = [], set()

    def send(chunk) -> None:
        sent.append(chunk)
        threads.add(threading.current_thread())

    worker = Worker(SoundStream(Physical(), 320, 50.0), send, raise_, raise_)
    for index, state in enumerate(steady_pour(end=1.0)):
        worker.put(state)
        until(lambda index=index: len(sent) == index)
    worker.close()
    assert [c.stamp for c in sent] == [20_000_000 * i for i in range(50)]
    assert threading.current_thread() not in threads
    assert 0 < worker.real_time_factor < 1


def test_what_finds_no_room_is_counted_and_put_never_waits() -> None:
    begun, go = threading.Event(), threading.Event()

    def send(chunk) -> None:
        begun.set()
        go.wait(30)

    worker = Worker(SoundStream(Silent(), 320, 50.0), send, raise_, raise_)
    states = list(steady_pour(end=4.0))
    worker.put(states[0])
    worker.put(states[1])
    assert begun.wait(30)
    for state in states[2:]:
        worker.put(state)
    assert worker.dropped == len(states) - 2 - QUEUE
    go.set()
    worker.close()


def test_a_batch_is_gathered_but_fewer_do_not_wait_for_ever() -> None:
    sent = []
    stream = SoundStream(Silent(), 320, 50.0)
    worker = Worker(stream, sent.append, raise_, raise_, batch=5, patience=600.0)
    states = list(steady_pour(end=1.0))
    for state in states[:4]:
        worker.put(state)
    time.sleep(0.2)
    assert sent == []
    worker.put(states[4])
    until(lambda: len(sent) == 4)
    worker.close()
    hasty = Worker(SoundStream(Silent(), 320, 50.0), sent.append, raise_, raise_, 5, 0.05)
    for state in states[:3]:
        hasty.put(state)
    until(lambda: len(sent) == 6)
    hasty.close()


def test_an_unusable_input_is_reported_and_work_goes_on() -> None:
    errors, sent = [], []
    worker = Worker(SoundStream(Physical(), 320, 50.0), sent.append, errors.append, raise_)
    worker.put(LiquidState(0, "beaker", "amphora", "water"))
    for state in list(steady_pour(end=0.5))[1:]:
        worker.put(state)
    until(lambda: len(sent) == 24)
    worker.close()
    assert worker.refused == 1
    assert "amphora" in str(errors[0])


def test_an_unexpected_error_is_passed_on() -> None:
    failures = []
    worker = Worker(SoundStream(Silent(), 320, 50.0), lambda chunk: 1 / 0, raise_, failures.append)
    for state in steady_pour(end=0.1):
        worker.put(state)
    until(lambda: failures)
    worker.close()
    assert isinstance(failures[0], ZeroDivisionError)
