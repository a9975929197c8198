"""Looking at files: bounded, on the files as they are now, and the same every time."""

import json

import pytest

from bot.agent.messages import ToolCall
from bot.agent.tool_arguments import TOOLS, BadCall, arguments_of
from bot.agent.tools import SHOWN, FileTools, ToolError


def use(tools: FileTools, name: str, **arguments) -> str:
    return tools.use(arguments_of(ToolCall(id="1", name=name, arguments=arguments)))


@pytest.fixture
def tools(overlay) -> FileTools:
    return FileTools(overlay)


def test_a_view_numbers_the_lines_and_an_edit_shows_its_place(tools):
    assert use(tools, "view", path="src/shop.py", start=2, end=2) == "    2\t    return sum(prices)"
    said = use(tools, "str_replace", path="src/shop.py", old="return 1", new="return 2")
    assert "    6\t    return 2" in said
    assert use(tools, "view", path="src/shop.py").endswith("return 2")


def test_a_search_sees_edits_new_files_and_no_deleted_ones(tools):
    use(tools, "create", path="src/new.py", content="needle = 1\n")
    use(tools, "str_replace", path="twice.py", old="y = 2", new="needle = 2")
    assert use(tools, "search", text="needle") == "src/new.py:1:needle = 1\ntwice.py:2:needle = 2"
    use(tools, "delete", path="src/new.py")
    assert use(tools, "search", text="needl", path="twice.py") == "twice.py:2:needle = 2"
    assert use(tools, "search", text="^def .*[(]", regex=True).count("\n") == 1
    assert use(tools, "search", text="absent").startswith("No line")
    with pytest.raises(ToolError, match="regular expression"):
        use(tools, "search", text="(", regex=True)


def test_an_expression_that_takes_for_ever_elsewhere_takes_no_time(tools):
    use(tools, "create", path="a.txt", content="a" * 5_000 + "\n")
    assert use(tools, "search", text="(a+)+b$", regex=True).startswith("No line")


def test_a_search_cannot_be_turned_into_options_of_git(tools):
    assert use(tools, "search", text="--open-files-in-pager=touch /tmp/x").startswith("No line")
    with pytest.raises(ToolError):
        use(tools, "search", text="x", path="--help")


@pytest.mark.parametrize("path", ["logo.png", "nowhere.py", "../secret", "link.py"])
def test_what_cannot_be_shown_is_said(tools, path):
    with pytest.raises(ToolError):
        use(tools, "view", path=path)


def test_answers_are_bounded_whatever_the_files_are(tools):
    use(tools, "create", path="long.py", content="x = 1\n" * 60_000)
    use(tools, "create", path="wide.py", content="y" * 300_000)
    for said in (
        use(tools, "view", path="long.py"),
        use(tools, "view", path="wide.py"),
        use(tools, "search", text="x"),
        use(tools, "list"),
    ):
        assert len(said) <= SHOWN + 1_000
    assert "lines 501 to 60000 of 60000 are not shown" in use(tools, "view", path="long.py")


def test_a_folder_is_listed_and_a_large_one_by_its_folders(tools):
    assert use(tools, "list", path="src") == "src/shop.py"
    assert use(tools, "view", path="src") == "src/shop.py"
    for number in range(250):
        use(tools, "create", path=f"many/{number}.py", content="x\n")
    assert "many/ (250 files)" in use(tools, "list")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (ToolCall(id="1", name="shell", arguments={}), "there is no tool 'shell'"),
        (ToolCall(id="1", name="view", arguments=None, raw='{"pa'), "cut off"),
        (ToolCall(id="1", name="view", arguments={}), "path: Field required"),
        (ToolCall(id="1", name="view", arguments={"path": 3}), "path"),
        (ToolCall(id="1", name="finish", arguments={"outcome": "great"}), "outcome"),
    ],
)
def test_a_call_that_does_not_fit_is_told_what_does(call, says):
    with pytest.raises(BadCall, match=says):
        arguments_of(call)


def test_the_tools_are_told_in_the_same_bytes_every_time():
    told = json.dumps([tool.model_dump(mode="json") for tool in TOOLS])
    assert [tool.name for tool in TOOLS][-1] == "finish"
    assert "title" not in told
    assert len(told) < 6_000, "they are sent with every turn"
