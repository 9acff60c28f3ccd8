import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from multigen_launch.errors import LaunchError
from multigen_launch.parameters import parameters_yaml, value_of

VARIABLES = {"$(var t)": "true", "$(var n)": "7", "$(var e)": "", "$(var l)": "[1, 2]"}


def perform(text):
    for variable, value in VARIABLES.items():
        text = text.replace(variable, value)
    return text


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        ("abc", None, "abc"),
        ("", None, ""),
        ("$(var e)", None, ""),
        ("1", None, 1),
        ("1.0", None, 1.0),
        ("1e3", None, "1e3"),
        ("on", None, True),
        ("no", None, False),
        ("y", None, "y"),
        ("'true'", None, "true"),
        ("$(var t)", None, True),
        ("'$(var t)'", None, True),
        ("x$(var n)", None, "x7"),
        ("$(var n)", None, 7),
        ("[1, 2]", None, [1, 2]),
        ("[a, '1']", None, ["a", "1"]),
        ("[$(var n), 2]", None, [7, 2]),
        ("$(var l)", None, [1, 2]),
        ("$(var n)", "yaml", 7),
        ("on", "str", "on"),
        ("$(var n)", "str", "7"),
        ("$(var t)", "str", "true"),
        ("", "str", ""),
        ("$(var n)", "float", 7.0),
        ("1e3", "float", 1000.0),
        ("07", "int", 7),
        ("1", "bool", True),
        ("off", "bool", False),
        ("[1.0, 2.0]", "list_of_float", [1.0, 2.0]),
        ("[a]", "list_of_str", ["a"]),
    ],
)
def test_type_of_a_value(raw, kind, expected):
    value = value_of(raw, kind, perform, "f.xml:3")
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("null", None),
        ("{a: 1}", None),
        ("2001-01-01", None),
        ("[]", None),
        ("[1, a]", None),
        ("[1, true]", None),
        ("[1, 2.0]", None),
        ("1.5", "int"),
        ("", "int"),
        ("abc", "float"),
        ("2", "bool"),
        ("", "bool"),
        ("1", "list_of_int"),
        ("$(var l)", "list_of_int"),
        ("[1, 2]", "list_of_float"),
    ],
)
def test_refuses_what_is_no_such_parameter(raw, kind):
    with pytest.raises(LaunchError, match=r"^f\.xml:3: value "):
        value_of(raw, kind, perform, "f.xml:3")


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30))
def test_a_text_comes_back_as_it_was_and_quoted(text):
    written = parameters_yaml("/**", {"p": text})
    assert yaml.safe_load(written) == {"/**": {"ros__parameters": {"p": text}}}
    assert 'p: "' in written


@given(st.floats(allow_nan=False) | st.integers(-(2**63), 2**63 - 1) | st.booleans())
def test_a_number_keeps_its_type(value):
    back = yaml.safe_load(parameters_yaml("/n", {"p": value}))["/n"]["ros__parameters"]["p"]
    assert back == value
    assert type(back) is type(value)
