from fake_engine import ENGINE, require_app

require_app("omni.physx")


class IPhysx:
    def update_transformations(
        self,
        updateToFastCache,
        updateToUsd,
        updateVelocitiesToUsd=False,
        outputVelocitiesLocalSpace=False,
    ):
        ENGINE.write_particles()


def get_physx_interface():
    return IPhysx()
