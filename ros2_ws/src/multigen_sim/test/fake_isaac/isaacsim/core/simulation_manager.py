from fake_engine import VERSION, require_app

require_app("isaacsim.core.simulation_manager")


class SimulationManager:
    """Isaac Sim 6 may have switched to another engine."""

    if VERSION.startswith("6"):
        _engine = "newton"

        @classmethod
        def get_active_physics_engine(cls):
            return cls._engine

        @classmethod
        def switch_physics_engine(cls, engine_name, verbose=False):
            cls._engine = engine_name
