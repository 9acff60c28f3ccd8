"""Which panel is where."""

from __future__ import annotations

import rerun.blueprint as rrb

from multigen_view.health import NODES, STATES
from multigen_view.joints import JOINTS
from multigen_view.pictures import CAMERA, HEARING
from multigen_view.sound import SOUND
from multigen_view.station_panel import WORLD
from multigen_view.volumes import VOLUMES

TIMELINE = "time"


def layout(hearing: bool = True) -> rrb.Blueprint:
    """The arrangement; `hearing`: there is a hearing view."""
    pictures = [rrb.Spatial2DView(origin=CAMERA, name="Camera")]
    if hearing:
        pictures.append(rrb.Spatial2DView(origin=HEARING, name="Hearing view"))
    eye = rrb.EyeControls3D(position=(1.0, -0.6, 0.6), look_target=(0.42, 0.0, 0.22))
    return rrb.Blueprint(
        rrb.Horizontal(
            rrb.Vertical(
                rrb.Horizontal(*pictures),
                rrb.Spatial2DView(origin=SOUND, name="Sound, 8 s"),
                rrb.TimeSeriesView(
                    origin=VOLUMES, name="Volumes [ml]", plot_legend=rrb.Corner2D.LeftTop
                ),
                row_shares=[4, 3, 3],
            ),
            rrb.Vertical(
                rrb.Spatial3DView(origin=WORLD, name="Arm", eye_controls=eye),
                rrb.TimeSeriesView(
                    origin=JOINTS, name="Joints [°]", plot_legend=rrb.PlotLegend(visible=False)
                ),
                rrb.StateTimelineView(origin=STATES, name="Pour and guard"),
                rrb.TextDocumentView(origin=NODES, name="Nodes"),
                row_shares=[4, 2, 2, 2],
            ),
            column_shares=[3, 2],
        ),
        rrb.TimePanel(timeline=TIMELINE, state="collapsed"),
        rrb.SelectionPanel(state="hidden"),
        rrb.BlueprintPanel(state="hidden"),
        auto_views=False,
    )
