from fake_engine import ENGINE, require_app

require_app("isaacsim.core.utils.stage")


def create_new_stage():
    ENGINE.new_stage()


def add_reference_to_stage(usd_path, prim_path, prim_type="Xform"):
    prim = ENGINE.stage.DefinePrim(prim_path, prim_type)
    prim.GetReferences().AddReference(usd_path)
    return prim
