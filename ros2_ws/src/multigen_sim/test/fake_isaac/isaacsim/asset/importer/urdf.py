from fake_engine import VERSION, require_app

require_app("isaacsim.asset.importer.urdf")

if VERSION.startswith("6"):
    from dataclasses import dataclass
    from pathlib import Path

    from fake_robot import add_robot
    from pxr import Usd

    from isaacsim.core.utils.extensions import enabled

    @dataclass
    class URDFImporterConfig:
        urdf_path: str | None = None
        usd_path: str | None = None
        merge_fixed_joints: bool = False
        merge_mesh: bool = False
        allow_self_collision: bool = False
        fix_base: bool | None = None
        run_asset_transformer: bool = True

    class URDFImporter:
        def __init__(self, config=None):
            self._config = config or URDFImporterConfig()

        def import_urdf(self, config=None):
            assert "isaacsim.asset.importer.urdf" in enabled
            path = str(Path(self._config.usd_path, "arm.usda"))
            stage = Usd.Stage.CreateNew(path)
            add_robot(stage, "/arm", self._config.urdf_path, nested=True)
            stage.SetDefaultPrim(stage.GetPrimAtPath("/arm"))
            stage.Save()
            return path
