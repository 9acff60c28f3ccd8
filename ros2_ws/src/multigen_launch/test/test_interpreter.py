import shlex
from pathlib import Path

import pytest

from multigen_launch import LaunchError, document, genuine, resolve
from multigen_launch.scope import Scope
from multigen_launch.substitutions import parse, perform

NODE = '<node pkg="demo" exec="talker"'
ODD = "a & '$(b)'"
SHOW = NODE + '><param name="p" value="$(var x)"/></node>'


def values(plan):
    return [node.values for node in plan.nodes]


def test_command_has_the_order_of_genuine_launch(workspace):
    file = workspace.file(f"""
        {NODE} name="n" namespace="left" args="--flag 'a b'" output="screen" on_exit="shutdown">
          <param name="rate" value="10"/>
          <param name="label" value="on" type="str"/>
          <remap from="in" to="out"/>
          <env name="SPEED" value="fast"/>
        </node>
    """)
    (node,) = resolve(file).nodes
    executable = str(workspace.prefix / "lib/demo/talker")
    assert node.command([Path("/tmp/a.yaml"), Path("/tmp/b.yaml")]) == [
        *(executable, "--flag", "a b", "--ros-args", "-r", "__node:=n", "-r", "__ns:=/left"),
        *("--params-file", "/tmp/a.yaml", "--params-file", "/tmp/b.yaml", "-r", "in:=out"),
    ]
    assert node.label == "talker-1"
    assert node.values == {"rate": 10, "label": "on"}
    assert node.environment == {"SPEED": "fast"}
    assert node.essential
    assert node.output == "screen"


def test_labels_count_over_all_nodes(workspace):
    workspace.executable("listener", "pass")
    file = workspace.file(f'{NODE}/><node pkg="demo" exec="listener"/>{NODE}/>')
    assert [node.label for node in resolve(file).nodes] == ["talker-1", "listener-2", "talker-3"]


@pytest.mark.parametrize(
    ("attribute", "count"),
    [("if='true'", 1), ("if='false'", 0), ("unless='1'", 0), ("unless='0'", 1), ("", 1)],
)
def test_conditions(workspace, attribute, count):
    assert len(resolve(workspace.file(f"{NODE} {attribute}/>")).nodes) == count


@pytest.mark.parametrize("tag", ["let name='x' value='2'", "set_env name='X' value='2'", "group"])
def test_conditions_hold_for_every_action(workspace, tag):
    inner = SHOW if tag == "group" else ""
    file = workspace.file(
        f"<let name='x' value='1'/><{tag} if='false'>{inner}</{tag.split()[0]}>{SHOW}"
    )
    (node,) = resolve(file).nodes
    assert node.values == {"p": 1}
    assert node.environment == {}


def test_a_group_keeps_what_it_sets_to_itself(workspace):
    file = workspace.file(f"""
        <let name="x" value="outer"/>
        <group>
          <let name="x" value="inner"/><set_env name="X_ENV" value="inner"/>{SHOW}
        </group>
        {SHOW}
    """)
    plan = resolve(file)
    assert values(plan) == [{"p": "inner"}, {"p": "outer"}]
    assert [node.environment for node in plan.nodes] == [{"X_ENV": "inner"}, {}]


def test_set_env_is_seen_by_later_substitutions(workspace):
    file = workspace.file(
        "<set_env name='X_ENV' value='a'/><let name='x' value='$(env X_ENV)b'/>" + SHOW
    )
    assert values(resolve(file)) == [{"p": "ab"}]


def test_an_include_gets_arguments_and_leaves_them_behind(workspace):
    workspace.file(f"<arg name='x'/><arg name='y' default='$(var x)!'/>{SHOW}", "inner.launch.xml")
    file = workspace.file(f"""
        <include file="$(dirname)/inner.launch.xml"><arg name="x" value="given"/></include>
        {NODE}><param name="p" value="$(var y)"/></node>
    """)
    assert values(resolve(file)) == [{"p": "given"}, {"p": "given!"}]


def test_an_include_sees_what_was_set_before(workspace):
    workspace.file(f"<arg name='x' default='own'/>{SHOW}", "inner.launch.xml")
    file = workspace.file("<include file='$(dirname)/inner.launch.xml'/>")
    assert values(resolve(file)) == [{"p": "own"}]
    assert values(resolve(file, {"x": "command line"})) == [{"p": "command line"}]


def test_dirname_is_that_of_the_file_it_stands_in(workspace):
    (workspace.files / "sub").mkdir()
    workspace.file("<let name='x' value='$(dirname)'/>" + SHOW, "sub/inner.launch.xml")
    file = workspace.file(
        "<include file='$(dirname)/sub/inner.launch.xml'/><let name='x' value='$(dirname)'/>" + SHOW
    )
    folder = str(workspace.files)
    assert values(resolve(file)) == [{"p": f"{folder}/sub"}, {"p": folder}]


def test_an_include_must_be_given_what_it_requires(workspace):
    workspace.file("<arg name='x' description='the x'/>", "inner.launch.xml")
    file = workspace.file("<let name='x' value='1'/><include file='$(dirname)/inner.launch.xml'/>")
    with pytest.raises(
        LaunchError, match=r"inner.launch.xml:2: argument 'x' is required \(the x\)"
    ):
        resolve(file)


@pytest.mark.parametrize(
    ("pushed", "own", "expected"),
    [
        ([], None, None),
        ([], "a", "/a"),
        ([""], None, "/"),
        (["/"], "a", "/a"),
        (["a"], None, "/a"),
        (["a", "b/"], "c", "/a/b/c"),
        (["a", "/b"], None, "/b"),
        (["a"], "/c", "/c"),
    ],
)
def test_namespaces(workspace, pushed, own, expected):
    pushes = "".join(f"<push-ros-namespace namespace='{name}'/>" for name in pushed)
    attribute = "" if own is None else f"namespace='{own}'"
    file = workspace.file(f"<group>{pushes}{NODE} {attribute}/></group>{NODE}/>")
    inside, outside = resolve(file).nodes
    assert inside.namespace == expected
    assert outside.namespace is None


def test_a_python_launch_file_needs_genuine_launch(workspace, monkeypatch):
    monkeypatch.setattr(genuine, "available", lambda: False)
    (workspace.files / "gen3.launch.py").touch()
    with pytest.raises(
        LaunchError, match=r":2: gen3\.launch\.py is a Python launch file: it needs"
    ):
        resolve(workspace.file("<include file='$(dirname)/gen3.launch.py'/>"))


def test_a_python_launch_file_is_a_process_that_gets_its_arguments(
    workspace, monkeypatch, tmp_path
):
    monkeypatch.setattr(genuine, "available", lambda: True)
    path = workspace.files / "gen3.launch.py"
    path.touch()
    file = workspace.file(rf"""
        {NODE}/>
        <group>
          <push-ros-namespace namespace="left"/><set_env name="SPEED" value="slow"/>
          <include file="$(dirname)/gen3.launch.py">
            <arg name="ip" value="1.2.3.4"/><arg name="gripper" value=""/>
            <arg name="odd" value="a &amp; '\$(b)'"/>
          </include>
        </group>
        {NODE}/>
    """)
    first, included, last = resolve(file).processes
    assert [first.label, included.label, last.label] == ["talker-1", "gen3.launch.py-2", "talker-3"]
    assert included.environment == {"SPEED": "slow"}
    *command, wrapper = included.prepare(tmp_path)
    assert command == ["ros2", "launch"]
    root = document.load(Path(wrapper))
    assert [push.attributes["namespace"] for push in root.of("push-ros-namespace")] == ["/left"]
    (include,) = root.of("include")
    assert include.attributes["file"] == str(path)
    read = {
        argument.attributes["name"]: perform(
            parse(argument.attributes["value"], wrapper), Scope({}, {}, tmp_path), wrapper
        )
        for argument in include.of("arg")
    }
    assert read == {"ip": "1.2.3.4", "gripper": "", "odd": ODD}
    assert included.describe() == (
        f"SPEED=slow ros2 launch {path} ip:=1.2.3.4 gripper:= {shlex.quote(f'odd:={ODD}')}"
    )


@pytest.mark.parametrize(
    ("attributes", "key"),
    [
        ("name='n' namespace='a'", "/a/n"),
        ("name='n' namespace='/'", "/n"),
        ("name='n'", "/**"),
        ("namespace='a'", "/**"),
    ],
)
def test_parameters_address_the_node_as_far_as_it_is_known(workspace, tmp_path, attributes, key):
    file = workspace.file(f"{NODE} {attributes}><param name='p' value=''/></node>")
    (node,) = resolve(file).nodes
    (path,) = node.parameter_files(tmp_path)
    assert path.read_text() == f'{key}:\n  ros__parameters:\n    p: ""\n'


def test_parameter_files_and_values_keep_their_order(workspace, tmp_path):
    given = tmp_path / "user.yaml"
    given.write_text("/**: {ros__parameters: {a: 2}}")
    file = workspace.file(f"""
        {NODE}>
          <param name="a" value="1"/><param name="b" value="2"/>
          <param from="{given}"/>
          <param name="a" value="3"/>
        </node>
    """)
    (node,) = resolve(file).nodes
    assert node.parameters == ({"a": 1, "b": 2}, given, {"a": 3})


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("a b", ["a", "b"]),
        ("  a   'b c'  ", ["a", "b c"]),
        ("--x=$(var spaced)/y z", ["--x=p q/y", "z"]),
        ("$(var spaced)$(var spaced)", ["p qp q"]),
        ("$(var spaced) $(var spaced)", ["p q", "p q"]),
        ("a $(var empty) b", ["a", "", "b"]),
    ],
)
def test_args_split_by_shell_rules_but_not_inside_substitutions(workspace, args, expected):
    file = workspace.file(
        "<let name='spaced' value='p q'/><let name='empty' value=''/>" + f'{NODE} args="{args}"/>'
    )
    assert list(resolve(file).nodes[0].arguments) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<node pkg='gone' exec='x'/>", ":2: package 'gone' not found: source the workspace"),
        ("<node pkg='demo' exec='x'/>", ":2: package 'demo' has no executable 'x'; it has: talker"),
        (f"{NODE} name='1n'/>", ":2: '1n' is not a valid node name"),
        (f"{NODE} namespace='a//b'/>", ":2: '/a//b' is not a valid ROS namespace"),
        (f"{NODE} if='maybe'/>", ":2: condition is 'maybe'"),
        (f'{NODE} args="\'a"/>', ":2: args: No closing quotation"),
        (f'{NODE} output="$(if 1 loud)"/>', ":2: output is 'loud'; known"),
        (f"{NODE}>\n<param from='gone.yaml'/></node>", ":3: no parameter file gone.yaml"),
        (
            f"{NODE}>\n<param name='a' value='x' type='int'/></node>",
            ":3: value 'x' is not of type int",
        ),
        ("<include file='$(dirname)/gone.launch.xml'/>", "gone.launch.xml: No such file"),
        (f"<let name='sigterm_timeout' value='long'/>{NODE}/>", ":2: sigterm_timeout is 'long'"),
        ("<include file='$(dirname)/main.launch.xml'/>", "main.launch.xml: includes itself"),
        ("<let name='a' value='$(var b)'/>", r":2: \$\(var b\): not declared before"),
    ],
)
def test_refuses_before_anything_starts(workspace, body, reason):
    with pytest.raises(LaunchError, match=reason) as error:
        resolve(workspace.file(body))
    assert "\n" not in str(error.value)
