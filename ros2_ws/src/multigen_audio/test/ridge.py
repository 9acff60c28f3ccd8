"""The strongest smooth ridge of a spectrogram: a tracker that knows nothing of the true pitch."""

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import spectrogram

STEP = 20.0  # cents between candidates
HOP = 0.064  # s
_STEEPEST = 3  # candidates per hop
_LOWEST, _HIGHEST = 300.0, 3200.0


def ridge(sound: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Times [s] and frequencies [Hz] of the path with the most smoothed level (Viterbi)."""
    f, t, power = spectrogram(sound, sample_rate, "hann", 1024, 0, nfft=8192)
    count = int(1200 * np.log2(_HIGHEST / _LOWEST) / STEP)
    grid = _LOWEST * 2 ** (np.arange(count) * STEP / 1200)
    level = np.array([np.interp(grid, f, row) for row in power.T])
    level = np.log(uniform_filter1d(uniform_filter1d(level, 9, axis=1), 9, axis=1) + 1e-12)
    moves = np.arange(-_STEEPEST, _STEEPEST + 1)
    cost = 0.1 * moves**2
    score, back = level[0], []
    for row in level[1:]:
        padded = np.pad(score, _STEEPEST, constant_values=-np.inf)
        options = np.stack([padded[_STEEPEST - m : _STEEPEST - m + count] for m in moves])
        options -= cost[:, None]
        back.append(np.argmax(options, axis=0))
        score = np.max(options, axis=0) + row
    path = [int(np.argmax(score))]
    for choice in reversed(back):
        path.append(path[-1] - int(moves[choice[path[-1]]]))
    return t, grid[np.array(path[::-1])]
