from fake_engine import ENGINE, require_app
from pxr import UsdPhysics

require_app("isaacsim.core.api")


class PhysicsContext:
    def enable_gpu_dynamics(self, flag):
        ENGINE.gpu_dynamics = flag

    def is_gpu_dynamics_enabled(self):
        return ENGINE.gpu_dynamics

    def set_broadphase_type(self, broadcast_type):
        ENGINE.broadphase = broadcast_type

    def get_broadphase_type(self):
        return ENGINE.broadphase

    def enable_ccd(self, flag):
        ENGINE.ccd = flag

    def is_ccd_enabled(self):
        return ENGINE.ccd

    def get_physics_dt(self):
        return 1.0 / ENGINE.hertz

    @property
    def prim_path(self):
        return "/physicsScene"


class Scene:
    def __init__(self):
        self.objects = []

    def add(self, obj):
        self.objects.append(obj)
        return obj


class World:
    _made = None

    def __new__(cls, *args, **kwargs):
        if cls._made is None:
            cls._made = super().__new__(cls)
        return cls._made

    def __init__(
        self, physics_dt=None, rendering_dt=None, stage_units_in_meters=None,
        physics_prim_path="/physicsScene", sim_params=None, set_defaults=True, backend="numpy",
        device=None,
    ):  # fmt: skip
        if hasattr(self, "_scene"):
            return  # The old one, whatever the arguments.
        self._scene = Scene()
        self._device = device
        self._context = PhysicsContext()
        ENGINE.hertz = int(1.0 / physics_dt)
        UsdPhysics.Scene.Define(ENGINE.stage, physics_prim_path)
        self._set_device()

    def _set_device(self):
        cuda = str(self._device).startswith("cuda")
        ENGINE.settings["/physics/suppressReadback"] = cuda
        ENGINE.gpu_dynamics, ENGINE.broadphase = cuda, "GPU" if cuda else "MBP"

    @classmethod
    def clear_instance(cls):
        cls._made = None

    @property
    def scene(self):
        return self._scene

    @property
    def stage(self):
        return ENGINE.stage

    @property
    def current_time_step_index(self):
        return ENGINE.steps

    def get_physics_context(self):
        return self._context

    def reset(self, soft=False):
        self._set_device()
        ENGINE.settings["/physics/updateParticlesToUsd"] = False
        ENGINE.parse()
        ENGINE.step()
        for thing in self._scene.objects:
            thing.initialize()

    def step(self, render=True, step_sim=True):
        if ENGINE.playing:
            ENGINE.step()

    def render(self):
        from isaacsim.sensors import camera

        camera.refresh()
