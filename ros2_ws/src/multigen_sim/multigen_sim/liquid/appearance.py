"""Visible state of the liquid, from the hydraulics."""

from __future__ import annotations

from multigen_sim.liquid.hydraulics import Hydraulics
from multigen_sim.liquid.ledger import SOURCE, SPILLED
from multigen_sim.views.visible_liquid import VisibleLiquid

_NARROWEST = 5e-3
"""Radius [m] below which the slope of the target's surface is not increased."""


def visible_liquid(hydraulics: Hydraulics) -> VisibleLiquid:
    """The liquid as the views render it now."""
    h, pose = hydraulics, hydraulics.pose
    level = h.target_level
    return VisibleLiquid(
        time=h.time,
        source=h.source,
        target=h.target,
        liquid=h.liquid,
        target_position=h.target_position,
        tilt=pose.tilt,
        downhill=pose.downhill,
        mouth=pose.mouth,
        lip=h.lip,
        source_volume=h.volumes[SOURCE],
        source_head=h.head + h.source_slosh.height,
        source_slope=h.source_slosh.height / h.surface_radius,
        target_level=level,
        target_slope=-h.target_slosh.height / max(h.target.radius_at(level), _NARROWEST),
        stream_width=h.flow.width,
        parcels=h.jet.parcels(h.time),
        inflow_rate=h.inflow_rate,
        impact_speed=h.impact.speed,
        impact_point=h.impact.point,
        spilled_volume=h.volumes[SPILLED],
        puddle=h.puddle,
    )
