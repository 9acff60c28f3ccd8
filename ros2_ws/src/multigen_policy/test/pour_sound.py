"""A stand-in for the sound of pouring: noise with the vessel's resonance standing out of it."""

import numpy as np

from multigen_core.contract import SAMPLE_RATE
from multigen_core.world.acoustics import Resonator

HOP, SIZE = 256, 1024


def shaped_noise(gain, seconds, seed=0):
    """White noise (N,) whose spectrum follows gain(time [s], frequencies [Hz])."""
    rng = np.random.default_rng(seed)
    count = int(seconds * SAMPLE_RATE)
    noise = rng.standard_normal(count + 2 * SIZE)
    window = np.hanning(SIZE + 1)[:-1]
    frequencies = np.fft.rfftfreq(SIZE, 1 / SAMPLE_RATE)
    out = np.zeros(len(noise))
    for start in range(0, len(noise) - SIZE, HOP):
        time = max(0.0, (start - SIZE / 2) / SAMPLE_RATE)
        spectrum = np.fft.rfft(noise[start : start + SIZE] * window) * gain(time, frequencies)
        out[start : start + SIZE] += np.fft.irfft(spectrum) * window
    return (0.02 * out[SIZE : SIZE + count]).astype(np.float32)


def bump(frequencies, centre, octaves=0.06):
    return np.exp(-0.5 * (np.log2(np.maximum(frequencies, 1.0) / centre) / octaves) ** 2)


def pour_into(vessel, flow, start=1.0, stop=8.0, seconds=9.0, peak=6.0, seed=0, first=0.0):
    """Sound (N,) of `flow` [m^3/s] into a vessel that holds `first` [m^3], and its fill."""
    resonator = Resonator(vessel)

    def volume(time):
        return min(first + flow * (np.clip(time, start, stop) - start), vessel.capacity)

    def gain(time, frequencies):
        if not start <= time < stop:
            return 0.001 * np.ones(len(frequencies))
        resonance = float(resonator.frequency(vessel.level(volume(time))))
        return (frequencies > 200) * (0.3 + peak * bump(frequencies, resonance))

    return shaped_noise(gain, seconds, seed), lambda time: volume(time) / vessel.capacity
