"""Detects new contacts between bodies."""

from __future__ import annotations

import mujoco


class CollisionWatch:
    """Records pairs of bodies when they come into contact."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._touching: frozenset[str] = frozenset()
        self._begun: list[str] = []

    def update(self, data: mujoco.MjData) -> None:
        """Record the current contacts."""
        if not data.ncon:
            self._touching = frozenset()
            return
        pairs = frozenset(self._pair(*contact.geom) for contact in data.contact)
        self._begun += sorted(pairs - self._touching)
        self._touching = pairs

    def take(self) -> tuple[str, ...]:
        """Pairs in new contact since the last call, such as "link_6 and table"."""
        begun, self._begun = tuple(self._begun), []
        return begun

    def _pair(self, first: int, second: int) -> str:
        return " and ".join(sorted((self._name(first), self._name(second))))

    def _name(self, geom: int) -> str:
        body = int(self._model.geom_bodyid[geom])
        return str(self._model.body(body).name if body else self._model.geom(geom).name)
