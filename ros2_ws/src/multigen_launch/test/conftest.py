import os
import sys
import textwrap
from pathlib import Path

import pytest


class Workspace:
    """An install prefix with executables, alone on AMENT_PREFIX_PATH, and launch files."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.prefix, self.files = folder / "prefix", folder / "launch"
        self.files.mkdir()
        monkeypatch.setenv("AMENT_PREFIX_PATH", str(self.prefix))
        monkeypatch.setenv("ROS_LOG_DIR", str(folder / "log"))
        self.executable("talker", "pass")

    def executable(self, name: str, code: str, package: str = "demo") -> Path:
        """Install a Python program."""
        (self.prefix / "share" / package).mkdir(parents=True, exist_ok=True)
        path = self.prefix / "lib" / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -SE\n{textwrap.dedent(code)}\n")
        path.chmod(0o755)
        return path

    def file(self, body: str, name: str = "main.launch.xml") -> Path:
        """A launch file; its first line is `<launch>`, the body starts on line 2."""
        path = self.files / name
        path.write_text(f"<launch>\n{textwrap.dedent(body).strip()}\n</launch>\n")
        return path

    @staticmethod
    def alive(pid: int) -> bool:
        """Whether a process exists and is not a zombie."""
        try:
            os.kill(pid, 0)
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (ProcessLookupError, FileNotFoundError):
            return False


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Fake packages and launch files, apart from every real one."""
    return Workspace(tmp_path, monkeypatch)
