"""Robots from the environment, by the entry point; and the README's code."""

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from gridgov.delivery import Channel
from gridgov.errors import PluginError
from gridgov.hooks import Host
from gridgov_im import DingTalkRobot, FeishuRobot, WeComRobot, plugin

VARIABLES = [
    f"GRIDGOV_{name}_{what}" for name in ("DINGTALK", "FEISHU", "WECOM") for what in ("URL", "SECRET", "KEYWORD")
]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def test_without_variables_there_are_no_channels():
    assert Host([("im", plugin)]).channels() == []


def test_each_address_in_the_environment_makes_a_robot_of_its_name(monkeypatch):
    for name in ("DINGTALK", "FEISHU", "WECOM"):
        monkeypatch.setenv(f"GRIDGOV_{name}_URL", "https://host.example/t0k3n")
    robots = {robot.name: robot for robot in Host([("im", plugin)]).channels()}
    assert {name: type(robot) for name, robot in robots.items()} == {
        "dingtalk": DingTalkRobot,
        "feishu": FeishuRobot,
        "wecom": WeComRobot,
    }
    assert all(isinstance(robot, Channel) for robot in robots.values())


def test_a_robot_of_the_environment_signs_and_has_its_keyword(monkeypatch, feishu):
    monkeypatch.setenv("GRIDGOV_FEISHU_URL", feishu.url.replace("http://", "https://"))
    monkeypatch.setenv("GRIDGOV_FEISHU_SECRET", "s3cret-of-it")
    monkeypatch.setenv("GRIDGOV_FEISHU_KEYWORD", "网格")
    (robot,) = Host([("im", plugin)]).channels()
    body = robot._body("x", None, feishu.clock())
    feishu.secret = "s3cret-of-it"
    assert feishu.check(feishu.path, body) is None
    assert robot._keyword == "网格"


@pytest.mark.parametrize("variable", ["GRIDGOV_DINGTALK_SECRET", "GRIDGOV_FEISHU_KEYWORD"])
def test_a_secret_without_an_address_is_a_mistake_that_is_named(monkeypatch, variable):
    monkeypatch.setenv(variable, "t0k3n")
    with pytest.raises(PluginError, match=f"{variable} is set and GRIDGOV_[A-Z]+_URL is not") as caught:
        Host([("im", plugin)]).channels()
    assert "t0k3n" not in str(caught.value)


def test_the_installed_package_is_found_by_its_entry_point():
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="gridgov", name="im")
    assert entry.load() is plugin


def test_a_robot_without_a_name_or_with_no_time_is_refused():
    with pytest.raises(ValueError, match="name"):
        WeComRobot("", "URL")
    with pytest.raises(ValueError, match="timeout_seconds"):
        WeComRobot("x", "URL", timeout_seconds=0)


def test_the_code_of_the_readme_runs(request):
    readme = request.path.parent.parent / "README.md"
    document = Sybil(parsers=[PythonCodeBlockParser()], path=str(readme.parent)).parse(readme)
    examples = list(document.examples())
    assert len(examples) == 1
    for example in examples:
        example.evaluate()
    assert [robot.name for robot in document.namespace["robots"]] == ["duty", "desk", "leads"]


def test_the_readme_names_every_variable_that_is_read(request):
    text = (request.path.parent.parent / "README.md").read_text("utf-8")
    assert all(name in text for name in VARIABLES if name not in {"GRIDGOV_WECOM_SECRET", "GRIDGOV_WECOM_KEYWORD"})
