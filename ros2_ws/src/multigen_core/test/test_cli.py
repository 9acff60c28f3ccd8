import subprocess

from multigen_core.cli import main


def test_help_lists_the_commands_of_every_package(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for command in ("launch", "pour", "sim", "report", "evaluate-bag"):
        assert command in text


def test_an_unknown_command_is_named_with_the_known_ones(capsys):
    assert main(["brew"]) == 2
    assert "unknown command 'brew'" in capsys.readouterr().err


def test_the_users_errors_are_one_line_without_a_traceback():
    result = subprocess.run(
        ["multigen", "evaluate-bag", "/nowhere"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith("multigen evaluate-bag: error: bag /nowhere")
    assert result.stderr.count("\n") == 1
