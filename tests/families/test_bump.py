"""The bump family on whole projects: what changes, what stays, what becomes a question."""

import tomllib
from pathlib import Path

import pytest

from bot.families import bump
from bot.families.outcomes import Already, NotThis, Question

TITLE = "Bump requests from 2.31.0 to 2.32.4"


def detect(files: dict[str, str], title: str = TITLE, body: str = ""):
    return bump.detect(title, body, lambda: files, files.get)


def after(files: dict[str, str], title: str = TITLE, body: str = "") -> dict[str, str]:
    done = detect(files, title, body)
    assert isinstance(done, bump.Bump), done
    return {change.path: change.content for change in done.changes}


@pytest.mark.parametrize(
    ("path", "before", "wanted"),
    [
        ("requirements.txt", "requests==2.31.0\n", "requests==2.32.4\n"),
        (
            "requirements.txt",
            "# a\nRequests[socks] == 2.31.0 ; python_version > '3'  # why\r\n",
            "# a\nRequests[socks] == 2.32.4 ; python_version > '3'  # why\r\n",
        ),
        (
            "requirements.txt",
            "-r base.txt\n--index-url x\nrequests~=2.31.0",
            "-r base.txt\n--index-url x\nrequests~=2.32.4",
        ),
        ("requirements.txt", "requests>=2.20,<3\n", "requests>=2.32.4,<3\n"),
        ("requirements.txt", "requests>=2.20,<2.32\n", "requests>=2.32.4,<2.33\n"),
        ("requirements.txt", "flask==1.0\nrequests\n", "flask==1.0\nrequests>=2.32.4\n"),
        ("requirements/dev.in", "requests==2.31.0", "requests==2.32.4"),
        ("a/b/dev-requirements.txt", "requests==2.31.0", "requests==2.32.4"),
        ("constraints.txt", "requests===2.31.0", "requests===2.32.4"),
        ("requirements.txt", "requests==2.31.* \\\n    # via x\n", None),
        (
            "pyproject.toml",
            '[project]\nname = "x"\ndependencies = [\n  "requests==2.31.0", # why\n'
            "  'click>=8',\n]\n",
            '[project]\nname = "x"\ndependencies = [\n  "requests==2.32.4", # why\n'
            "  'click>=8',\n]\n",
        ),
        (
            "pyproject.toml",
            "[project.optional-dependencies]\nweb = [\"requests>=2.0; os_name=='nt'\"]",
            "[project.optional-dependencies]\nweb = [\"requests>=2.32.4; os_name=='nt'\"]",
        ),
        (
            "pyproject.toml",
            '[dependency-groups]\ndev = [{include-group = "a"}, "requests==2.31.0"]\na = []\n',
            '[dependency-groups]\ndev = [{include-group = "a"}, "requests==2.32.4"]\na = []\n',
        ),
        (
            "pyproject.toml",
            "[tool.poetry.dependencies]\npython = '^3.8'\nrequests = '^2.31.0' # c\n",
            "[tool.poetry.dependencies]\npython = '^3.8'\nrequests = '^2.32.4' # c\n",
        ),
        (
            "pyproject.toml",
            "[tool.poetry.group.dev.dependencies]\n"
            'requests = {version = "2.31.0", extras = ["x"]}\n',
            "[tool.poetry.group.dev.dependencies]\n"
            'requests = {version = "2.32.4", extras = ["x"]}\n',
        ),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n    requests==2.31.0\n    click\n"
            "[options.extras_require]\nweb = requests>=2.0\n",
            "[options]\ninstall_requires =\n    requests==2.32.4\n    click\n"
            "[options.extras_require]\nweb = requests>=2.32.4\n",
        ),
        (
            "tox.ini",
            "[testenv]\ndeps =\n    -r x.txt\n    py311: requests==2.31.0\ncommands = pytest\n",
            "[testenv]\ndeps =\n    -r x.txt\n    py311: requests==2.32.4\ncommands = pytest\n",
        ),
        (
            "setup.py",
            "# é\nsetup(install_requires=['é', 'requests==2.31.0', \"requests>=2\"])\n",
            "# é\nsetup(install_requires=['é', 'requests==2.32.4', \"requests>=2.32.4\"])\n",
        ),
        (
            "Pipfile",
            '[packages]\nrequests = "==2.31.0"\n[requires]\npython_version = "3.11"\n',
            '[packages]\nrequests = "==2.32.4"\n[requires]\npython_version = "3.11"\n',
        ),
        (
            "environment.yml",
            "dependencies:\n  - requests=2.31.0\n  - pip:\n    - requests==2.31.0\n",
            "dependencies:\n  - requests=2.32.4\n  - pip:\n    - requests==2.32.4\n",
        ),
        (
            "package.json",
            '{"dependencies": {\n  "requests": "^2.31.0",\n  "b": "1.0.0"\n}}',
            '{"dependencies": {\n  "requests": "^2.32.4",\n  "b": "1.0.0"\n}}',
        ),
        (
            ".pre-commit-config.yaml",
            "  additional_dependencies:\n      - requests==2.31.0\n",
            "  additional_dependencies:\n      - requests==2.32.4\n",
        ),
    ],
)
def test_only_the_version_changes(path, before, wanted):
    if wanted is None:
        wanted = "requests==2.32.*,>=2.32.4 \\\n    # via x\n"
    assert after({path: before, "README.md": "requests==2.31.0"}) == {path: wanted}


def test_all_places_change_together_and_others_do_not():
    files = {
        "requirements.txt": "requests==2.31.0\nurllib3==1.26\n",
        "docs/requirements.txt": "requests==2.30.0\n",
        "setup.py": "setup(install_requires=['requests>=2.32.5'])",
        "vendor/x/requirements.txt": "requests==2.31.0\n",
    }
    done = after(files)
    assert done == {
        "requirements.txt": "requests==2.32.4\nurllib3==1.26\n",
        "docs/requirements.txt": "requests==2.32.4\n",
    }


def test_where_one_place_is_newer_already_only_the_old_one_changes():
    files = {"a/requirements.txt": "requests==2.31.0\n", "dev.txt": "",
             "requirements-dev.txt": "requests==2.32.5\n"}  # fmt: skip
    assert after(files) == {"a/requirements.txt": "requests==2.32.4\n"}


def test_a_folder_in_the_title_limits_the_bump():
    files = {"a/requirements.txt": "requests==2.31.0", "b/requirements.txt": "requests==2.31.0"}
    assert set(after(files, TITLE + " in /a")) == {"a/requirements.txt"}


def test_two_packages_in_one_story_change_in_one_commit():
    files = {"requirements.txt": "requests==2.31.0\nurllib3==1.26.5\n"}
    title = "Bump requests to 2.32.4 and urllib3 to 2.5.0"
    assert after(files, title) == {"requirements.txt": "requests==2.32.4\nurllib3==2.5.0\n"}


def test_of_several_fixed_versions_the_one_of_the_same_series_is_taken():
    files = {"requirements.txt": "Django==3.2.1\n"}
    body = "Fixed in 2.2.28, 3.2.13 and 4.0.4."
    assert after(files, "Django is vulnerable (CVE-2022-28346)", body) == {
        "requirements.txt": "Django==3.2.13\n"
    }


@pytest.mark.parametrize("spec", ["^1 || ^2", "workspace:*", "git+https://x/y", "1.x", "", "*"])
def test_a_constraint_of_another_kind_is_no_crash(spec):
    files = {"package.json": f'{{"dependencies": {{"requests": "{spec}"}}}}'}
    assert isinstance(detect(files), Question | Already)


@pytest.mark.parametrize(
    "body",
    [
        "We pin requests==2.31.0. It has CVE-2024-47081. Versions >= 2.32.4 are not affected.",
        "`requests` is pinned to 2.31.0 in requirements.txt. Known fixed version: 2.32.4.",
        "We pin requests==2.31.0.\n\n## Acceptance criteria\n- pins requests==2.32.4",
        "Now: requests==2.31.0. Use 2.32.4.",
    ],
)
def test_the_pin_of_today_is_not_taken_for_the_wish(body):
    files = {"requirements.txt": "requests==2.31.0\n"}
    assert after(files, "Upgrade a vulnerable dependency: requests", body) == {
        "requirements.txt": "requests==2.32.4\n"
    }


def test_pin_makes_a_floor_exact():
    files = {"requirements.txt": "requests>=2.0\n"}
    assert after(files, "Pin requests to 2.32.4") == {"requirements.txt": "requests==2.32.4\n"}


def test_the_result_is_a_fixed_point():
    files = {
        "requirements.txt": "requests~=2.31\n",
        "setup.cfg": "[options]\ninstall_requires = requests\n",
    }
    files |= after(files)
    assert isinstance(detect(files), Already)


def test_the_subject_and_the_criteria_say_what_was_done():
    done = detect({"requirements.txt": "requests==2.31.0\n"})
    assert done.subject == "build(deps): bump requests from 2.31.0 to 2.32.4"
    assert done.criteria == ("requirements.txt asks for requests 2.32.4: `requests==2.32.4`",)
    assert (done.upgrades[0].old, done.upgrades[0].new) == ("2.31.0", "2.32.4")


@pytest.mark.parametrize(
    ("files", "title", "kind"),
    [
        ({"requirements.txt": "requests==2.31.0 \\\n  --hash=sha256:aa\n"}, TITLE, "hashed"),
        ({"requirements.txt": "requests @ git+https://x/y\n"}, TITLE, "direct_reference"),
        ({"requirements.txt": "requests==3.0.0\n"}, TITLE, "downgrade"),
        ({"requirements.txt": "requests>=2,!=2.32.4\n"}, TITLE, "excluded"),
        ({"requirements.txt": "requests==2.31.0\n"}, "Upgrade requests", "which_version"),
        ({"requirements.txt": "flask==2.31.0\n"}, TITLE, "not_found"),
        (
            {"pyproject.toml": '[project]\ndependencies=["requests==2.31.0"]', "uv.lock": ""},
            TITLE,
            "locked",
        ),
        (
            {
                "requirements.txt": "requests==2.31.0;python_version<'3.8'\n"
                "requests==2.30.0;python_version>='3.8'\n"
            },
            TITLE,
            "ambiguous_pins",
        ),
    ],
)
def test_what_is_not_certain_becomes_a_question(files, title, kind):
    found = detect(files, title)
    assert isinstance(found, Question), found
    assert found.kind == kind


def test_nothing_to_do_says_where_it_is_so():
    found = detect({"requirements.txt": "requests==2.32.4\n"})
    assert isinstance(found, Already)
    assert found.evidence == ("requirements.txt:1: requests==2.32.4",)


@pytest.mark.parametrize(
    "title", ["Support requests 2.32", "Bump version to 2.0.0", "Requests fail since 2.31.0"]
)
def test_a_feature_story_is_not_this_family(title):
    assert isinstance(detect({"requirements.txt": "requests==2.31.0\n"}, title), NotThis)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", "[project\n"),
        ("setup.py", "def ("),
        ("pyproject.toml", "a = " + "[" * 3000),
        ("requirements.txt", "\x00\\\n\\\n"),
        ("setup.py", "x = " + "(" * 5000),
        ("Pipfile", "packages = 3"),
        ("package.json", "{"),
        ("setup.cfg", "[options]\ninstall_requires"),
        ("pyproject.toml", "tool = 3"),
        ("pyproject.toml", "[tool]\npoetry = 1"),
        ("pyproject.toml", "[tool.poetry]\ndependencies = 1\ngroup = 2"),
        ("requirements.txt", "==\n@ \n;\n"),
    ],
)
def test_a_broken_manifest_does_not_stop_the_others(path, text):
    files = {path: text, "more-requirements.txt": "requests==2.31.0\n"}
    assert after(files)["more-requirements.txt"] == "requests==2.32.4\n"


def test_this_project_itself_can_be_bumped_without_changing_another_byte():
    text = Path("pyproject.toml").read_text()
    done = after({"pyproject.toml": text}, "Bump packaging to 99.1")["pyproject.toml"]
    assert [line for line in done.splitlines() if line not in text.splitlines()] == [
        '  "packaging>=99.1",'
    ]
    assert tomllib.loads(done)


WORKFLOW = """\
on: push
jobs:
  a:
    steps:
      - uses: actions/checkout@v3   # keep
      - name: set up
        uses: "actions/setup-python@v4.7.0"
      - uses: acme/tool/sub@1.2.3
      - uses: acme/odd_name.js@v1.0.0
      - uses: acme/pinned@0123456789012345678901234567890123456789 # v2.1.0
      - uses: acme/moving@main
      - uses: ./local
"""
CI = ".github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("title", "before", "wanted"),
    [
        ("Bump actions/checkout from 3 to 4", "checkout@v3   #", "checkout@v4   #"),
        ("Bump actions/checkout from v3 to v4.2.1", "checkout@v3 ", "checkout@v4 "),
        ("Upgrade actions/setup-python to 5.1.0", 'python@v4.7.0"', 'python@v5.1.0"'),
        ("CVE-2025-1: Upgrade acme/tool to 1.3.0 or later", "sub@1.2.3", "sub@1.3.0"),
        ("Bump Acme/odd_name.js from 1.0.0 to 1.0.1", "odd_name.js@v1.0.0", "odd_name.js@v1.0.1"),
    ],
)
def test_an_action_goes_to_a_tag_as_exact_as_it_had(title: str, before: str, wanted: str) -> None:
    assert after({CI: WORKFLOW}, title) == {CI: WORKFLOW.replace(before, wanted)}


def test_an_action_is_no_requirement_of_pythons_installers() -> None:
    done = detect({CI: WORKFLOW}, "Bump actions/checkout from 3 to 4")
    assert isinstance(done, bump.Bump)
    assert not any(place.python for one in done.upgrades for place in one.places)


def test_an_action_by_commit_is_a_question_and_one_by_branch_is_nobodys() -> None:
    pinned = detect({CI: WORKFLOW}, "Upgrade acme/pinned to 2.2.0")
    assert isinstance(pinned, Question)
    assert pinned.kind == "hashed"
    assert isinstance(detect({CI: WORKFLOW}, "Upgrade acme/moving to 2.2.0"), NotThis)


def test_an_action_whose_tag_stands_for_the_wanted_version_has_it_already() -> None:
    assert isinstance(detect({CI: WORKFLOW}, "Bump actions/checkout from v3 to v3.6.0"), Already)


def test_the_end_of_what_is_vulnerable_is_no_wish() -> None:
    body = "idna has no fixed version.\n\nVulnerable: <= 3.9"
    done = detect(
        {"requirements.txt": "idna==3.4\n"}, "CVE-2024-1: idna has no fixed version", body
    )
    assert isinstance(done, Question)
