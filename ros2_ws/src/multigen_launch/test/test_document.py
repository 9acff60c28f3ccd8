import pytest

from multigen_launch.document import load
from multigen_launch.errors import LaunchError

NODE = '<node pkg="demo" exec="talker"'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "<executable cmd='ls'/>",
            r":2: unknown element <executable> in <launch>; known: arg, group",
        ),
        ("\n\n<nodes/>", ":2: unknown element <nodes>"),
        (
            f"{NODE}>\n<params/>\n</node>",
            ":3: unknown element <params> in <node>; known: env, param",
        ),
        (
            f"{NODE} sigterm_timeout='9'/>",
            ":2: unknown attribute 'sigterm_timeout' of <node>; known: args, exec",
        ),
        ("<group scoped='false'/>", ":2: unknown attribute 'scoped' of <group>; known: if, unless"),
        ("<node pkg='demo'/>", ":2: <node> needs the attribute 'exec'"),
        ("<arg default='1'/>", ":2: <arg> needs the attribute 'name'"),
        ("<let name='a'/>", ":2: <let> needs the attribute 'value'"),
        ("<include/>", ":2: <include> needs the attribute 'file'"),
        (
            "<include file='a'>\n<arg name='b' default='c'/></include>",
            ":3: unknown attribute 'default'",
        ),
        (f"{NODE} if='1' unless='0'/>", ":2: 'if' and 'unless' exclude each other"),
        (f"{NODE} on_exit='restart'/>", ":2: on_exit is 'restart'; known: shutdown"),
        (
            f"{NODE} on_exit='shutdown' respawn='true'/>",
            ":2: 'on_exit' and 'respawn' exclude each other",
        ),
        (
            f"{NODE} respawn='true' respawn_delay='-1'/>",
            ":2: respawn_delay is '-1', not a time in seconds",
        ),
        (f"{NODE} output='own_log'/>", ":2: output is 'own_log'; known: screen, log, both"),
        (f"{NODE}>\n<param name='a'/></node>", ":3: <param> takes either name and value, or from"),
        (f"{NODE}>\n<param name='a' from='b'/></node>", ":3: <param> takes either"),
        (f"{NODE}>\n<param from='b' type='int'/></node>", ":3: <param> takes either"),
        (f"{NODE}>\n<param name='a' value='1' type='double'/></node>", ":3: unknown type 'double'"),
        (f"{NODE}>\n<param name='a'><param name='b' value='1'/></param></node>", ":3: .*either"),
        (
            "<group if='false'>\n<let name='a' value='$(eval 1)'/></group>",
            ":3: unknown substitution",
        ),
        ("<push-ros-namespace/>", ":2: <push-ros-namespace> needs the attribute 'namespace'"),
        ("stray", ":2: unexpected text 'stray'"),
        ("<let name='a' value='b'>", ":3: not well-formed XML: mismatched tag"),
        ("<let name='a' name='a' value='b'/>", ":2: not well-formed XML: duplicate attribute"),
    ],
)
def test_refuses_with_file_and_line(workspace, body, reason):
    path = workspace.file(body)
    with pytest.raises(LaunchError, match=reason) as error:
        load(path)
    assert str(error.value).startswith(f"{path}:")
    assert "\n" not in str(error.value)


def test_refuses_another_root(workspace):
    path = workspace.files / "robot.urdf"
    path.write_text("<robot/>")
    with pytest.raises(
        LaunchError, match=r"urdf:1: the root element is <robot>, expected <launch>"
    ):
        load(path)


def test_refuses_a_missing_file(workspace):
    with pytest.raises(LaunchError, match=r"gone.launch.xml: No such file"):
        load(workspace.files / "gone.launch.xml")


def test_knows_the_line_of_every_element(workspace):
    root = load(
        workspace.file("<group>\n  <!-- a\n comment -->\n  <let name='a' value='b'/>\n</group>")
    )
    (group,) = root.children
    assert [root.where[-2:], group.where[-2:], group.children[0].where[-2:]] == [":1", ":2", ":5"]
