from fake_engine import ENGINE, VERSION, require_app
from fake_robot import add_robot

require_app("omni.kit.commands")


class ImportConfig:
    __slots__ = (
        "create_physics_scene", "distance_scale", "fix_base", "import_inertia_tensor",
        "make_default_prim", "merge_fixed_joints", "self_collision",
    )  # fmt: skip


def execute(name, **kwargs):
    if VERSION.startswith("6"):
        return False, None
    if name == "URDFCreateImportConfig":
        return True, ImportConfig()
    assert name == "URDFParseAndImportFile"
    assert set(kwargs) <= {"urdf_path", "import_config", "dest_path", "get_articulation_root"}
    assert kwargs["import_config"].fix_base
    add_robot(ENGINE.stage, "/gen3", kwargs["urdf_path"], nested=False)
    return True, "/gen3"
