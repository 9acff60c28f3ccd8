import os
from pathlib import Path

import pytest

from multigen_launch.errors import LaunchError
from multigen_launch.scope import Scope
from multigen_launch.substitutions import Call, condition, parse, perform


@pytest.fixture
def scope():
    values = {"yes": "true", "no": "false", "empty": "", "seven": "7", "spaced": "a b"}
    environment = {"HOME_OF": "x", "PATH": os.environ["PATH"]}
    return Scope(values, environment, Path("/launch/files"))


def text(template, scope):
    return perform(parse(template, "f.xml:3"), scope, "f.xml:3")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$5 a$", "$5 a$"),
        (r"\$(var yes)", "$(var yes)"),
        (r"a\\b", r"a\b"),
        ("<$(var seven)>", "<7>"),
        ("$(var spaced)", "a b"),
        ("$(dirname)/x.xml", "/launch/files/x.xml"),
        ("$(env HOME_OF)", "x"),
        ("$(env GONE other)", "other"),
        ("$(env GONE '')", ""),
        ("$(env GONE '$(var seven) up')", "7 up"),
        ("$(equals a a)", "true"),
        ("$(equals a A)", "false"),
        ("$(equals 1 true)", "true"),
        ("$(equals 1.0 1)", "true"),
        ("$(equals 'a b' $(var spaced))", "true"),
        ("$(not-equals x$(var empty) x)", "false"),
        ("$(not $(var yes))", "false"),
        ("$(not off)", "true"),
        ("$(and $(var yes) $(not $(var no)))", "true"),
        ("$(or $(var no) 0)", "false"),
        ("$(if $(var no) a b)", "b"),
        ("$(if $(var no) a)", ""),
        ("$(if $(var yes) '' b)", ""),
        ("$(if $(var yes) 'it is $(equals a a): \\'so\\'')", "it is true: 'so'"),
        ("$(if 1 \"double 'quotes'\")", "double 'quotes'"),
        ("$(command 'echo \"$(var spaced)\" x')", "a b x\n"),
        ("$(command 'sh -c \"echo $HOME_OF\"')", "x\n"),
    ],
)
def test_performs(scope, template, expected):
    assert text(template, scope) == expected


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("sh -c \"echo 'no such scene' >&2; exit 3\"", "f.xml:3: no such scene$"),
        ("sh -c 'echo odd >&2'", "f.xml:3: odd$"),
        ("sh -c 'exit 3'", "sh -c 'exit 3': exit status 3$"),
        ("gone_for_good", "No such file or directory: 'gone_for_good'$"),
        ('sh -c "', "No closing quotation$"),
    ],
)
def test_a_command_that_fails_or_complains_is_an_error_in_its_own_words(scope, command, reason):
    with pytest.raises(LaunchError, match=reason) as error:
        perform((Call("command", ((command,),)),), scope, "f.xml:3")
    assert str(error.value).startswith("f.xml:3: ")
    assert "\n" not in str(error.value)


def test_if_leaves_the_other_branch_alone(scope):
    assert text("$(if $(var yes) fine $(env GONE))", scope) == "fine"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("$(eval 1+1)", r"unknown substitution \$\(eval\); known: var, find-pkg-share"),
        ("$(find-executable ls)", "unknown substitution"),
        ("$( var yes)", "unknown substitution"),
        ("$(var yes", "expected \\)"),
        ("$(var)", r"\$\(var\) takes 1 arguments, got 0"),
        ("$(var a b)", "takes 1 arguments, got 2"),
        ("$(and true)", "takes 2 arguments"),
        ("$(env)", "takes 1 or 2 arguments"),
        ("$(equals  a b)", "more than one space"),
        ("$(equals a b )", "an argument is missing"),
        ("$(equals 'a b)", "missing '"),
        ("$(equals (a) b)", "needs quotes"),
        ("$(equals it's x)", "needs quotes"),
        (r"$(equals a\ b c)", "a space needs quotes"),
        ("$(equals x '')", "cannot compare with an empty text"),
        ("$(var missing)", "not declared before"),
        ("$(env GONE)", "environment variable is not set"),
        ("$(not maybe)", "needs true or false, got 'maybe'"),
        ("$(and true 2)", "needs true or false"),
        ("$(find-pkg-share no_such_package)", "package 'no_such_package' not found: source"),
    ],
)
def test_refuses_with_the_place(scope, template, reason):
    with pytest.raises(LaunchError, match=reason) as error:
        text(template, scope)
    assert str(error.value).startswith("f.xml:3: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("true", True), ("1", True), (" TRUE ", True), ("False", False), ("0", False)],
)
def test_condition_words(word, expected):
    assert condition(word, "f.xml:3") is expected


@pytest.mark.parametrize("word", ["yes", "", "2", "on"])
def test_condition_takes_no_other_word(word):
    with pytest.raises(LaunchError, match="expected true, false, 1 or 0"):
        condition(word, "f.xml:3")
