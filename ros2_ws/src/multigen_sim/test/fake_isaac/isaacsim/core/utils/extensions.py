from fake_engine import require_app

require_app("isaacsim.core.utils.extensions")
enabled = set()


def enable_extension(extension_name):
    enabled.add(extension_name)
    return True
