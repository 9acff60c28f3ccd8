import pytest

from multigen_launch import LaunchError, resolve
from multigen_launch.arguments import declared

SHOW = '<node pkg="demo" exec="talker"><param name="p" value="$(var speed)"/></node>'
SPEED = """
    <arg name="speed" default="slow" description="How fast.">
      <choice value="slow"/><choice value="fast"/>
    </arg>
"""


def test_default_given_and_derived(workspace):
    file = workspace.file(
        "<arg name='base' default='1'/><arg name='speed' default='$(var base)0'/>" + SHOW
    )
    assert resolve(file).nodes[0].values == {"p": 10}
    assert resolve(file, {"base": "2"}).nodes[0].values == {"p": 20}
    assert resolve(file, {"speed": "5"}).nodes[0].values == {"p": 5}


def test_a_missing_required_argument_is_named(workspace):
    file = workspace.file("<arg name='speed' description='How fast.'/>" + SHOW)
    with pytest.raises(
        LaunchError, match=r":2: argument 'speed' is required \(How fast.\): add speed:="
    ):
        resolve(file)
    assert resolve(file, {"speed": "1"}).nodes


def test_a_value_outside_the_choices_lists_them(workspace):
    with pytest.raises(LaunchError, match=r":2: argument 'speed' is 'warp'; choices: slow, fast"):
        resolve(workspace.file(SPEED + SHOW), {"speed": "warp"})


def test_a_check_says_its_own_words(workspace):
    file = workspace.file(
        SPEED
        + """<arg name="check" default="$(if $(equals $(var speed) fast) 'too fast for demo' ok)">
               <choice value="ok"/>
             </arg>"""
        + SHOW
    )
    assert resolve(file).nodes
    with pytest.raises(LaunchError, match=r":\d+: too fast for demo$"):
        resolve(file, {"speed": "fast"})


def test_an_unknown_argument_lists_the_known_ones(workspace):
    with pytest.raises(
        LaunchError, match=r"unknown launch argument 'sped' \(did you mean speed\?\); known: speed$"
    ):
        resolve(workspace.file(SPEED + SHOW), {"sped": "fast"})


def test_arguments_of_includes_are_known(workspace):
    workspace.file(SPEED + SHOW, "inner.launch.xml")
    file = workspace.file("<group if='true'><include file='$(dirname)/inner.launch.xml'/></group>")
    assert resolve(file, {"speed": "fast"}).nodes[0].values == {"p": "fast"}
    found, complete = declared(file)
    assert list(found) == ["speed"]
    assert complete


def test_arguments_of_an_include_that_depends_on_arguments_are_known_once_it_is_read(workspace):
    workspace.file(SPEED + SHOW, "inner.launch.xml")
    file = workspace.file("<arg name='which'/><include file='$(dirname)/$(var which).launch.xml'/>")
    given = {"which": "inner", "speed": "fast"}
    assert resolve(file, given).nodes[0].values == {"p": "fast"}
    with pytest.raises(LaunchError, match="unknown launch argument 'sped'"):
        resolve(file, {"which": "inner", "sped": "fast"})
    assert not declared(file)[1]


def test_arguments_of_untaken_groups_are_known(workspace):
    file = workspace.file(f"<group if='false'>{SPEED}</group><let name='speed' value='1'/>{SHOW}")
    assert resolve(file, {"speed": "fast"}).nodes
