class ArticulationAction:
    def __init__(
        self, joint_positions=None, joint_velocities=None, joint_efforts=None, joint_indices=None
    ):
        self.joint_positions = joint_positions
        self.joint_velocities = joint_velocities
        self.joint_indices = joint_indices
