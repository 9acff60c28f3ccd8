import numpy as np

from multigen_audio.flow.overlap import Analysis, Synthesis
from multigen_core.learning import mel


def test_spectra_and_back_is_the_sound_a_lead_later_however_it_is_cut(rng) -> None:
    sound = rng.standard_normal(16 * mel.HOP).astype(np.float32)
    analysis, synthesis = Analysis(), Synthesis()
    parts = [sound[: 3 * mel.HOP], sound[3 * mel.HOP : 4 * mel.HOP], sound[4 * mel.HOP :]]
    back = np.concatenate([synthesis.push(analysis.push(part)) for part in parts])
    late = mel.WINDOW - mel.HOP
    np.testing.assert_allclose(back[late + mel.WINDOW :], sound[mel.WINDOW : -late], atol=1e-5)
