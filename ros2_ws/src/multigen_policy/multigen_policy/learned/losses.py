"""What the network should tell, and how far it is from that."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from multigen_policy.classical.expert import ExpertConfig
from multigen_policy.classical.tilting import TiltLimits
from multigen_policy.learned.onsets import VOLUME_UNIT
from multigen_policy.learned.outputs import CHUNK, HEADS, UNCERTAIN
from multigen_policy.learned.recorder import TRUTH

_WEIGHTS = {
    "committed": 1.0, "poured": 0.5, "fill": 0.5, "air_column": 0.25, "outflow": 0.5,
    "resonance": 0.3, "capacity": 0.1, "content": 0.2, "target_height": 0.2, "target_radius": 0.2,
    "chunk": 1.0, "perceived": 0.3,
}  # fmt: skip
EXPERT = ExpertConfig()
"""Whose rates are learnt."""
_RETURN = TiltLimits().speed
_ONSET = 0.3
_CLOSE = 0.03
"""Mean error of an onset's volumes [VOLUME_UNIT] at which it still counts as much as the best."""


@dataclass(frozen=True, eq=False)
class Targets:
    """Truth (B, T, N) in the units of TRUTH, onsets (B, T, K, 2), and goals (B, 1) [ml].

    `valid` (B, T) marks steps that exist, `dated` (B,) pours whose beginning was observed, so that
    volumes since then can be known.
    """

    truth: Tensor
    onsets: Tensor
    goal: Tensor
    valid: Tensor
    dated: Tensor


def column(truth: Tensor, name: str) -> Tensor:
    """One of TRUTH, (B, T)."""
    return truth[..., TRUTH.index(name)]


def committed(truth: Tensor, config: ExpertConfig = EXPERT) -> Tensor:
    """What will have been poured if the vessel turns back now [ml], (B, T)."""
    coming = column(truth, "airborne") + config.lag * column(truth, "outflow")
    return column(truth, "poured") + coming


def expert_rates(truth: Tensor, goal: Tensor, config: ExpertConfig = EXPERT) -> Tensor:
    """The tilt rates [rad/s] that the expert chooses at each step, (B, T)."""
    remaining = goal - committed(truth, config)
    wanted = torch.minimum(torch.tensor(config.flow * 1e6), remaining / config.approach)
    rate = config.gain * 1e-6 * (wanted - column(truth, "outflow"))
    return torch.where(remaining <= 0, -_RETURN, rate.clamp(-config.search, config.search))


def chunks(rates: Tensor) -> Tensor:
    """The rates of this and the next steps, (B, T, CHUNK), from rates (B, T)."""
    last = rates[:, -1:].expand(-1, CHUNK - 1)
    return torch.cat([rates, last], 1).unfold(1, CHUNK, 1)


def true_values(truth: Tensor) -> dict[str, Tensor]:
    """What heads should tell, (B, T) each, in the units of TRUTH."""
    found = {name: column(truth, name) for name in HEADS if name in TRUTH}
    return {**found, "committed": committed(truth), "perceived": found["outflow"]}


def losses(outputs: Tensor, targets: Targets) -> dict[str, Tensor]:
    """Each head's loss, weighted.

    Uncertain heads tell a Laplace distribution: its negative logarithm, times its own scale held
    still, so that what is uncertain is still learnt (Seitzer et al. 2022).
    """
    truth = targets.truth
    wanted = true_values(truth)
    valid = targets.valid
    dated = valid * targets.dated[:, None]
    found = {}
    for name, (columns, unit) in HEADS.items():
        told = outputs[..., columns].float()
        if name == "onset":
            found[name] = _ONSET * _surprise(told, targets)
            continue
        weight = dated if name in ("committed", "poured", "chunk") else valid
        if name == "chunk":
            error = (told - chunks(expert_rates(truth, targets.goal)) / unit).abs().mean(-1)
        elif name in UNCERTAIN:
            scale = told[..., 1].clamp(-6.0, 3.0)
            away = (told[..., 0] - wanted[name] / unit).abs()
            error = (away * (-scale).exp() + scale) * scale.detach().exp().sqrt()
        else:
            error = (told[..., 0] - wanted[name] / unit).abs()
        found[name] = _WEIGHTS[name] * (error * weight).sum() / weight.sum().clamp(min=1.0)
    return found


def _surprise(likely: Tensor, targets: Targets) -> Tensor:
    """Cross entropy of the onsets that the whole pour shows to be true, once it flows."""
    left = column(targets.truth, "left")
    volumes = targets.onsets[..., 0]
    known = targets.dated * (volumes.amax((1, 2)) > 0)
    flowed = targets.valid * (left > 0.5) * known[:, None]
    away = (volumes - left[..., None] / VOLUME_UNIT).abs() * flowed[..., None]
    mean = away.sum(1) / flowed.sum(1).clamp(min=1.0)[:, None]
    true = (-mean / _CLOSE).softmax(-1)
    surprise = -(true[:, None] * likely).sum(-1)
    return (surprise * flowed).sum() / flowed.sum().clamp(min=1.0)


def errors(outputs: Tensor, targets: Targets) -> dict[str, float]:
    """Mean absolute errors to tell during training: [ml], fill, [rad/s]."""
    truth, weight = targets.truth, targets.valid * targets.dated[:, None]

    def mean(error: Tensor, by: Tensor) -> float:
        return float((error * by).sum() / by.sum().clamp(min=1.0))

    columns, unit = HEADS["committed"]
    committed_error = (outputs[..., columns][..., 0] * unit - committed(truth)).abs()
    scale = outputs[..., columns][..., 1].exp() * unit * 2**0.5
    flowing = weight * (column(truth, "left") > 5.0)
    columns, unit = HEADS["fill"]
    fill_error = (outputs[..., columns][..., 0] * unit - column(truth, "fill")).abs()
    columns, unit = HEADS["chunk"]
    rate_error = (outputs[..., columns][..., 0] * unit - expert_rates(truth, targets.goal)).abs()
    return {
        "committed_ml": mean(committed_error, flowing),
        "within_1_sigma": mean((committed_error < scale).float(), flowing),
        "fill_error": mean(fill_error, targets.valid),
        "rate_error": mean(rate_error, weight),
    }
