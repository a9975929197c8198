"""Vulnerable packages of Go, Rust, Java and Ruby: the least version that has the fix."""

import pytest

from bot.families import bump
from bot.families.bump import Bump
from bot.families.outcomes import Question

POM = (
    "<project>\n  <properties><log4j.version>2.14.1</log4j.version></properties>\n"
    "  <!-- <dependency><groupId>a</groupId><artifactId>b</artifactId><version>1.0</version>"
    "</dependency> -->\n  <dependency>\n    <groupId>org.apache.logging.log4j</groupId>\n"
    "    <artifactId>log4j-core</artifactId>\n    <version>${log4j.version}</version>\n"
    "  </dependency>\n</project>\n"
)
CASES = [
    (
        "go.mod", "github.com/gin-gonic/gin", "1.9.1",
        "module shop\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.7.0\n"
        "\tgithub.com/gin-gonic/gin-x v1.0.0 // indirect\n)\n",
        "github.com/gin-gonic/gin v1.9.1\n",
    ),
    ("Cargo.toml", "time", "0.2.23", '[package]\nversion = "0.1.0"\n\n[dependencies]\n'
     'time = { version = "0.2.7", features = ["std"] }\n', 'time = { version = "0.2.23", '),
    ("Cargo.toml", "time", "0.2.23", '[dependencies.time]\nversion = "^0.2.7"\n',
     'version = "^0.2.23"'),
    ("pom.xml", "org.apache.logging.log4j:log4j-core", "2.17.1", POM,
     "<log4j.version>2.17.1</log4j.version>"),
    ("Gemfile", "nokogiri", "1.13.10", "gem 'nokogiri', '~> 1.13.2'\ngem 'rails'\n",
     "gem 'nokogiri', '~> 1.13.10'\n"),
    ("Gemfile", "nokogiri", "1.13.10", 'gem "nokogiri", "1.13.2"\n', 'gem "nokogiri", "1.13.10"\n'),
    ("build.gradle", "org.yaml:snakeyaml", "2.0", "dependencies {\n  implementation "
     "'org.yaml:snakeyaml:1.33'\n}\n", "'org.yaml:snakeyaml:2.0'"),
    ("package.json", "lodash.merge", "4.6.2", '{"dependencies": {"lodash.merge": "^4.6.1"}}\n',
     '"lodash.merge": "^4.6.2"'),
]  # fmt: skip


def detect(package, version, files):
    title = f"CVE-2021-1234: Upgrade {package} to {version} or later"
    return bump.detect(title, "", lambda: files, files.get)


@pytest.mark.parametrize(("path", "package", "version", "before", "after"), CASES)
def test_a_version_goes_up_and_nothing_else_changes(path, package, version, before, after):
    found = detect(package, version, {path: before})
    assert isinstance(found, Bump), found
    [change] = found.changes
    assert after in change.content
    assert len(change.content.splitlines()) == len(before.splitlines())
    different = zip(change.content.splitlines(), before.splitlines(), strict=True)
    assert sum(new != old for new, old in different) == 1
    python = path == "requirements.txt"
    assert not any(place.python != python for one in found.upgrades for place in one.places)


@pytest.mark.parametrize(
    ("path", "lock", "command"),
    [
        ("go.mod", "go.sum", "go mod tidy"),
        ("Cargo.toml", "Cargo.lock", "cargo update -p time --precise 0.2.23"),
        ("Gemfile", "Gemfile.lock", "bundle update"),
    ],
)
def test_what_a_lock_file_holds_is_for_people_with_the_command(path, lock, command):
    found = next(one for one in CASES if one[0] == path)
    told = detect(found[1], found[2], {path: found[3], lock: "x"})
    assert isinstance(told, Question)
    assert command in told.message


@pytest.mark.parametrize("version", ["0.0.0-20190101-abcdef", "1.7.0+incompatible", "latest"])
def test_a_version_of_no_numbers_is_passed_over(version):
    text = f"require github.com/gin-gonic/gin v{version}\n"
    assert not isinstance(detect("github.com/gin-gonic/gin", "1.9.1", {"go.mod": text}), Bump)
