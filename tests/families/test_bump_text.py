"""Which stories the bump family takes, and what it reads out of them."""

import time

import pytest
from packaging.version import Version

from bot.families import bump_text

KNOWN = [
    "requests",
    "urllib3",
    "jinja2",
    "pyyaml",
    "django",
    "click",
    "attrs",
    "flask",
    "pillow",
    "cryptography",
    "pytest",
    "numpy",
    "python-dateutil",
    "zope-interface",
    "ruamel-yaml",
    "pydantic",
    "sqlalchemy",
    "certifi",
    "werkzeug",
    "build",
    "rich",
    "setuptools",
    "aiohttp",
    "typing-extensions",
]

TAKEN = [
    ("Bump requests from 2.31.0 to 2.32.4", "", {"requests": "2.32.4"}),
    ("build(deps): bump requests from 2.31.0 to 2.32.4 in /backend", "", {"requests": "2.32.4"}),
    ("chore(deps-dev): Bump pytest from 7.4.0 to 8.3.5", "", {"pytest": "8.3.5"}),
    ("Upgrade jinja2 to 3.1.6 (CVE-2025-27516)", "", {"jinja2": "3.1.6"}),
    ("Upgrade Jinja2 to version 3.1.6", "", {"jinja2": "3.1.6"}),
    ("Update `urllib3` to >= 2.5.0 in requirements.txt", "", {"urllib3": "2.5.0"}),
    ("Update urllib3 to at least 2.5.0", "", {"urllib3": "2.5.0"}),
    ("Update urllib3 to 2.5.0 or later", "", {"urllib3": "2.5.0"}),
    ("security: pinned PyYAML 5.3 is vulnerable, fixed in 5.4.1", "", {"pyyaml": "5.4.1"}),
    ("PyYAML 5.3 is vulnerable", "Fixed in 5.4.", {"pyyaml": "5.4"}),
    ("requests: upgrade to 2.32.4", "", {"requests": "2.32.4"}),
    ("requests needs to be upgraded to 2.32.4", "", {"requests": "2.32.4"}),
    ("Upgrade to requests 2.32.4", "", {"requests": "2.32.4"}),
    ("Upgrade requests 2.31.0 -> 2.32.4", "", {"requests": "2.32.4"}),
    ("requests 2.31.0 → 2.32.4", "", {"requests": "2.32.4"}),
    ("Bump requests==2.31.0 to requests==2.32.4", "", {"requests": "2.32.4"}),
    ("Please update the requests dependency to v2.32.4", "", {"requests": "2.32.4"}),
    ("We should bump the pinned version of requests to 2.32.4.", "", {"requests": "2.32.4"}),
    ("Move requests to 2.32.4 because of CVE-2024-47081", "", {"requests": "2.32.4"}),
    ("Raise the minimum version of requests to 2.32.4", "", {"requests": "2.32.4"}),
    ("Set the lower bound of python-dateutil to 2.9.0", "", {"python-dateutil": "2.9.0"}),
    ("Bump python_dateutil from 2.8.2 to 2.9.0.post0", "", {"python-dateutil": "2.9.0.post0"}),
    ("Bump zope.interface to 7.2", "", {"zope-interface": "7.2"}),
    ("Bump requests[security] from 2.31.0 to 2.32.4", "", {"requests": "2.32.4"}),
    ("[Security] Bump Django from 4.2.1 to 4.2.16", "", {"django": "4.2.16"}),
    (
        "Bump requests and urllib3",
        "requests to 2.32.4, and urllib3 to 2.5.0",
        {"requests": "2.32.4", "urllib3": "2.5.0"},
    ),
    (
        "Bump requests to 2.32.4 and urllib3 to 2.5.0",
        "",
        {"requests": "2.32.4", "urllib3": "2.5.0"},
    ),
    (
        "Update dependencies",
        "- requests from 2.31.0 to 2.32.4\n- urllib3: 1.26.5 -> 2.5.0",
        {"requests": "2.32.4", "urllib3": "2.5.0"},
    ),
    (
        "Bump the pip group across 1 directory with 2 updates",
        "Bumps the pip group with 2 updates: [requests](https://x/y) and [urllib3](https://z).\n\n"
        "Updates `requests` from 2.31.0 to 2.32.4\n<details><summary>Notes</summary>"
        "Bump pytest from"
        " 7 to 8</details>\nUpdates `urllib3` from 1.26.5 to 2.5.0",
        {"requests": "2.32.4", "urllib3": "2.5.0"},
    ),
    (
        "Bump the pip group with 2 updates",
        "| Package | From | To |\n| --- | --- | --- |\n"
        "| [requests](https://g) | `2.31.0` | `2.32.4` |"
        "\n| [urllib3](https://g) | `1.26.5` | `2.5.0` |",
        {"requests": "2.32.4", "urllib3": "2.5.0"},
    ),
    (
        "CVE-2024-35195 in requests",
        "Versions before 2.32.0 keep verify=False for a session. We pin 2.31.0.",
        {"requests": "2.32.0"},
    ),
    (
        "Fix vulnerable dependency",
        "pip-audit reports requests 2.31.0 (GHSA-9wx4-h78v-vm56), fix version: 2.32.0",
        {"requests": "2.32.0"},
    ),
    (
        "pip-audit: vulnerable package",
        "```\nName     Version ID                  Fix Versions\n"
        "-------- ------- ------------------- ------------\n"
        "requests 2.31.0  GHSA-9wx4-h78v-vm56 2.32.0\n```",
        {"requests": "2.32.0"},
    ),
    (
        "Dependency urllib3 has a known vulnerability",
        "**Affected:** < 2.5.0\n**Patched versions:** 2.5.0",
        {"urllib3": "2.5.0"},
    ),
    (
        "Vulnerable version of Pillow",
        "Our pillow is 9.0.0. Please upgrade it to 10.3.0.",
        {"pillow": "10.3.0"},
    ),
    (
        "Upgrade cryptography",
        "The version we pin (41.0.0) is affected by CVE-2024-26130. "
        "The first patched version is 42.0.4.",
        {"cryptography": "42.0.4"},
    ),
    ("Pinned certifi is outdated", "Move it to 2024.7.4.", {"certifi": "2024.7.4"}),
    ("requests should be >= 2.32.4", "", {"requests": "2.32.4"}),
    ("requests must be at least 2.32.4", "", {"requests": "2.32.4"}),
    ("Require requests>=2.32.4", "", {"requests": "2.32.4"}),
    ("Use requests 2.32.4", "", {"requests": "2.32.4"}),
    ("Pin requests to 2.32.4", "", {"requests": "2.32.4"}),
    ("Update requests (2.31.0 -> 2.32.4)", "", {"requests": "2.32.4"}),
    ("Update dependency requests to v2.32.4", "This PR contains...", {"requests": "2.32.4"}),
    ("Update dependency requests to v2.32.4 [SECURITY]", "", {"requests": "2.32.4"}),
    ("Upgrade requests to fix CVE-2024-35195", "Fixed in 2.32.0", {"requests": "2.32.0"}),
    (
        "Upgrade Django to fix a SQL injection",
        "See CVE-2022-28346. Update to 4.0.4.",
        {"django": "4.0.4"},
    ),
    (
        "Werkzeug vulnerability",
        "Werkzeug 2.2.2 is vulnerable; 2.2.3 fixes it. Upgrade to 2.2.3",
        {"werkzeug": "2.2.3"},
    ),
    (
        "Bump pinned requests version",
        "`requirements.txt` pins `requests==2.31.0`. The known fixed version is `2.32.4`.\n\n"
        "## Acceptance criteria\n- requirements.txt pins requests at 2.32.4\n- tests pass",
        {"requests": "2.32.4"},
    ),
    (
        "Dependency update: typing_extensions",
        "Please go from 4.7.1 to 4.12.2.",
        {"typing-extensions": "4.12.2"},
    ),
    (
        "Known vulnerability in a pinned dependency",
        "requirements.txt pins `jinja2==3.1.2`, which has CVE-2024-22195.\nIt is fixed in 3.1.3.",
        {"jinja2": "3.1.3"},
    ),
    (
        "Upgrade aiohttp: request smuggling",
        "CVE-2024-23334 affects aiohttp < 3.9.2. Upgrade aiohttp to 3.9.2 or newer.",
        {"aiohttp": "3.9.2"},
    ),
    ("urllib3 1.26.5 has a security hole, go to 1.26.19", "", {"urllib3": "1.26.19"}),
    ("Replace vulnerable requests 2.31.0 with 2.32.4", "", {"requests": "2.32.4"}),
    (
        "requests==2.31.0 is vulnerable (CVE-2024-35195)",
        "Patched in 2.32.0",
        {"requests": "2.32.0"},
    ),
    (
        "Security alert: requests",
        "Upgrade `requests` to `2.32.4` to resolve the alert.",
        {"requests": "2.32.4"},
    ),
    ("Bump click 8.1.3 to 8.1.7", "", {"click": "8.1.7"}),
    ("Upgrade numpy to 2", "", {"numpy": "2"}),
    ("Require at least requests 2.32.4", "", {"requests": "2.32.4"}),
    ("requests 2.31.0 should become 2.32.4", "", {"requests": "2.32.4"}),
    ("Get rid of the vulnerable requests 2.31.0", "Use 2.32.4.", {"requests": "2.32.4"}),
    ("Update vulnerable jinja2 (3.1.2) to a fixed release (3.1.6)", "", {"jinja2": "3.1.6"}),
    ("As a maintainer I want requests upgraded to 2.32.4", "", {"requests": "2.32.4"}),
]

NOT_TAKEN = [
    ("Support Python 3.13", "Add it to the classifiers and the test matrix."),
    ("Add option Loader to yaml.load", "PyYAML 5.1 and up need it."),
    ("Add retries to the client", "We use requests 2.31.0 and urllib3 2.0 has Retry."),
    ("Bump version to 2.0.0", "Release day."),
    ("Bump the default timeout from 10 to 30", ""),
    ("Update the README for requests 2.32.4", ""),
    ("Update requests retry logic to use backoff", ""),
    ("Migrate to pydantic 2", "Use model_validate."),
    ("Upgrade SQLAlchemy to 2.0 style queries", ""),
    ("Support Django 5.0", "Django 5.0 is out."),
    ("Drop support for numpy 1.x", ""),
    ("Click handler fails", "The button needs two clicks since 2.1.0"),
    (
        "Requests to /api/v2 fail with 500",
        "Since version 1.4.0 all requests fail. Update to 1.5.0?",
    ),
    ("Set build timeout to 30", ""),
    ("Fix crash when requests returns None", "Happens with requests 2.32.4 and Python 3.12."),
    ("Incoming requests should be limited to 100 per minute", ""),
    ("Limit concurrent requests to 5", ""),
    ("Update click options to 3 columns", ""),
    ("Fix security hole: yaml.load on user input", "Use yaml.safe_load of PyYAML instead."),
    ("Rich output for the build command", "Show a table with 3 columns."),
    ("Parse version 2 of the format", "Requests with version 1 must still work."),
    ("Update copyright year from 2024 to 2025", ""),
    ("Unpin requests", ""),
    ("Loosen the pin of requests to allow 2.32.4", ""),
    ("Remove unused imports", "ruff reports F401 in client.py"),
    ("Bump actions/checkout from 3 to 4", ""),
    ("Upgrade to Python 3.12", ""),
    ("Set max_requests to 1000", ""),
    ("Make click the default", "at least 3.0"),
    ("Refactor attrs classes", "Uses attrs 23.1.0; upgrade later"),
    ("Add a `--bump` option to the release tool", "It updates requests from 1.0 to 2.0"),
]

NO_VERSION = [
    ("Upgrade requests", "", ["requests"]),
    ("Upgrade requests to the latest version", "", ["requests"]),
    ("Bump vulnerable requests dependency", "It has a CVE.", ["requests"]),
    ("CVE-2024-35195: requests is vulnerable", "", ["requests"]),
    ("Please update requests", "It is old.", ["requests"]),
]


@pytest.mark.parametrize(("title", "body", "wanted"), TAKEN)
def test_a_story_about_a_version_is_understood(title, body, wanted):
    found, missing = bump_text.read(title, body, KNOWN)
    assert {w.package: str(w.versions[0]) for w in found} == wanted
    assert missing == []


@pytest.mark.parametrize(("title", "body"), NOT_TAKEN)
def test_a_story_that_only_mentions_a_package_is_left_alone(title, body):
    assert bump_text.read(title, body, KNOWN) == ([], [])


@pytest.mark.parametrize(("title", "body", "packages"), NO_VERSION)
def test_a_bump_without_a_version_names_the_package_it_asks_about(title, body, packages):
    assert bump_text.read(title, body, KNOWN) == ([], packages)


def test_several_fixed_versions_are_all_kept_for_the_choice():
    found, _ = bump_text.read(
        "Django is vulnerable (CVE-2022-28346)", "Fixed in 2.2.28, 3.2.13 and 4.0.4.", KNOWN
    )
    assert found[0].versions == (Version("2.2.28"), Version("3.2.13"), Version("4.0.4"))


@pytest.mark.parametrize(
    "text",
    [
        "the " * 5000,
        "requests " * 3000,
        "bump requests " + "the , " * 3000,
        "1." * 8000,
        "fixed in " + "1.2, " * 3000,
        "(" * 5000,
        "requests (" * 2000,
        "`" * 9000,
    ],
)
def test_a_hostile_text_is_read_in_bounded_time(text):
    began = time.thread_time()
    bump_text.read("Bump requests " + text, "vulnerable CVE-2020-1234 requests\n" + text, KNOWN)
    assert time.thread_time() - began < 2


# What the project holds; a story tells more versions than the one that it wants.
HELD = {
    "requests": "2.31.0", "urllib3": "1.26.5", "jinja2": "3.1.2", "pyyaml": "5.3",
    "certifi": "2022.12.7", "idna": "3.4",
}  # fmt: skip
AGAINST_HELD = [
    (
        "Vulnerable dependency: idna",
        "idna 3.4 is affected by CVE-2024-3651 (quadratic complexity). The issue was "
        "fixed in version 3.7.",
        "idna",
        "3.7",
    ),
    (
        "Our idna pin is vulnerable (CVE-2024-3651)",
        "Please move the pin to the fixed version, 3.7, and make sure the tests still pass.",
        "idna",
        "3.7",
    ),
    (
        "Dependency audit: update idna",
        "The audit flagged `idna==3.4` in requirements.txt. Advisory CVE-2024-3651 says "
        "3.7 is the first fixed release.",
        "idna",
        "3.7",
    ),
    ("idna: CVE-2024-3651", "Affected: >=0,<3.7\nFixed: 3.7", "idna", "3.7"),
    (
        "Security: bump idna",
        "As a maintainer\nI want idna at a version without CVE-2024-3651\nso that we are "
        "safe.\n\nAcceptance criteria:\n- [ ] idna is pinned to 3.7 in requirements.txt\n- [ "
        "] the test suite passes",
        "idna",
        "3.7",
    ),
    ("Bump the pinned idna to the fixed version", "idna 3.4 -> 3.7 (CVE-2024-3651)", "idna", "3.7"),
    ("Upgrade pinned dependency idna (3.4 → 3.7)", "", "idna", "3.7"),
    ("Upgrade idna 3.4 to 3.7", "", "idna", "3.7"),
    ("Dependency `idna` must be upgraded from `3.4` to `3.7`", "", "idna", "3.7"),
    ("Please bump idna", "We are on 3.4, 3.7 fixes CVE-2024-3651.", "idna", "3.7"),
    (
        "Fix CVE-2024-3651",
        "idna 3.4 is vulnerable. Update requirements/dev.txt to use idna 3.7.",
        "idna",
        "3.7",
    ),
    (
        "Resolve security advisory GHSA-jjg7-2v4v-x38h",
        "The package idna is pinned at 3.4. Patched in 3.7.",
        "idna",
        "3.7",
    ),
    (
        "Dependabot alert #12: idna",
        "Package: idna\nAffected versions: < 3.7\nPatched version: 3.7",
        "idna",
        "3.7",
    ),
    (
        "Outdated pin of idna in the dev requirements",
        "`requirements-dev.txt` pins idna==3.4. It should pin idna==3.7.",
        "idna",
        "3.7",
    ),
    ("Use a non-vulnerable idna", "`idna==3.4` → `idna==3.7`", "idna", "3.7"),
    ("Change idna version to 3.7", "", "idna", "3.7"),
    ("Change the pin of idna from 3.4 to 3.7", "", "idna", "3.7"),
    ("Set idna==3.7", "", "idna", "3.7"),
    ("Pin idna==3.7", "", "idna", "3.7"),
    ("idna==3.7", "Our version has a CVE.", "idna", "3.7"),
    ("Make idna 3.7 the minimum", "", "idna", "3.7"),
    ("Replace idna 3.4 by 3.7", "", "idna", "3.7"),
    ("Update idna to 3.7 in setup.cfg extras", "", "idna", "3.7"),
    ("Update test dependency idna to 3.7", "", "idna", "3.7"),
    ("Bump idna version: 3.4 to 3.7", "", "idna", "3.7"),
    ("Bump idna (3.4 => 3.7)", "", "idna", "3.7"),
    ("chore: upgrade idna to 3.7 to pick up the fix for CVE-2024-3651", "", "idna", "3.7"),
    ("Known vulnerability CVE-2024-3651 in idna 3.4: upgrade to 3.7", "", "idna", "3.7"),
    (
        "Safety check fails because of idna",
        "safety reports idna==3.4 (id 67895): vulnerable spec <3.7. Upgrade to 3.7.",
        "idna",
        "3.7",
    ),
    (
        "OSV scanner: PYSEC-2024-60 in idna",
        "| OSV URL | ECOSYSTEM | PACKAGE | VERSION | FIXED VERSION | SOURCE |\n"
        "|--|--|--|--|--|--|\n| https://osv.dev/PYSEC-2024-60 | PyPI | idna | 3.4 | 3.7 | "
        "requirements.txt |",
        "idna",
        "3.7",
    ),
    (
        "Vulnerability in transitive pin",
        "constraints.txt contains `idna==3.4`. Needs >=3.7.",
        "idna",
        "3.7",
    ),
    (
        "We pin an old PyYAML",
        "5.3 is vulnerable to CVE-2020-14343, which was fixed in PyYAML 5.4.",
        "pyyaml",
        "5.4",
    ),
    (
        "Upgrade the urllib3 pin",
        "urllib3 1.26.5 is affected by CVE-2023-43804. This is fixed in 1.26.17 and 2.0.6.",
        "urllib3",
        "1.26.17",
    ),
    (
        "Take the security release of jinja2",
        "Jinja2 3.1.3 closes CVE-2024-22195; we still use 3.1.2.",
        "jinja2",
        "3.1.3",
    ),
    (
        "Jinja2 XSS",
        "Our pinned Jinja2 (3.1.2) allows XSS through the xmlattr filter, see "
        "CVE-2024-22195. Upgrading to 3.1.3 solves it.",
        "jinja2",
        "3.1.3",
    ),
    (
        "Certifi: remove distrusted root",
        "certifi==2022.12.7 contains e-Tugra root certificates (CVE-2023-37920). Fixed in"
        " 2023.7.22.",
        "certifi",
        "2023.7.22",
    ),
    (
        "Story: bump certifi",
        "Given requirements.txt pins certifi 2022.12.7\nWhen I install the project\nThen "
        "certifi 2023.7.22 is installed",
        "certifi",
        "2023.7.22",
    ),
    (
        "A pinned dependency has a known vulnerability",
        "certifi 2022.12.7 (CVE-2023-37920) → fixed in 2023.7.22",
        "certifi",
        "2023.7.22",
    ),
    ("Upgrade certifi to 2023.07.22", "", "certifi", "2023.7.22"),
    (
        "Requests security update",
        "Session objects ignore verify (CVE-2024-35195). Fix: requests 2.32.0. Currently:"
        " requests 2.31.0.",
        "requests",
        "2.32.0",
    ),
    (
        "Requests 2.31.0 leaks credentials",
        "CVE-2024-47081. The fix is in 2.32.4, please upgrade.",
        "requests",
        "2.32.4",
    ),
]


@pytest.mark.parametrize(("title", "body", "package", "version"), AGAINST_HELD)
def test_the_wish_is_told_from_what_the_project_has(title, body, package, version):
    held = {name: Version(old) for name, old in HELD.items()}
    wanted, missing = bump_text.read(title, body, [*KNOWN, "idna"], held)
    assert [w.package for w in wanted] == [package]
    assert Version(version) in wanted[0].versions
    assert not missing


@pytest.mark.parametrize(("title", "body"), NOT_TAKEN)
def test_what_a_project_holds_makes_no_bump_of_a_mention(title, body):
    held = {name: Version(old) for name, old in HELD.items()}
    assert bump_text.read(title, body, [*KNOWN, "idna"], held) == ([], [])


def test_two_newer_versions_are_a_question_and_not_a_guess():
    held = {"idna": Version("3.4")}
    text = "We looked at 3.6 with care, then 3.10 came with CVE-2024-3651 closed."
    assert bump_text.read("Upgrade idna", text, ["idna"], held) == ([], ["idna"])
