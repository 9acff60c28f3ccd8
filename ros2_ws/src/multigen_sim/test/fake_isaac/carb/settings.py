from fake_engine import ENGINE, FAULT, require_app

require_app("carb.settings")


class ISettings:
    def set(self, path, value):
        if not (FAULT == "stubborn" and path == "/physics/suppressReadback"):
            ENGINE.settings[path] = value

    def get(self, path):
        return True if FAULT == "stubborn" else ENGINE.settings.get(path)


def get_settings():
    return ISettings()
