from fake_engine import ENGINE, require_app

require_app("omni.physx")


class _Interface:
    def update_transformations(self, *flags):
        assert len(flags) == 4
        ENGINE.write_particles()


def get_physx_interface():
    return _Interface()
