"""What a project tells its authors reaches the prompt, the nearest file first."""

from bot.codebase.budget import count_tokens
from bot.codebase.instructions import find, told

FILES = {
    "AGENTS.md": "# Root rules",
    "CLAUDE.md": "@AGENTS.md\n",
    ".github/CONTRIBUTING.md": (
        "# Contributing\n\nWelcome!\n\n## Code style\n\nTabs.\n\n## Licence\n\nMIT\n"
    ),
    "web/AGENTS.md": "# Web rules",
    "web/deep/AGENTS.md": "# Deep rules",
    "api/AGENTS.md": "# Root rules",
    "src/agents.py": "x = 1",
}


def paths(*targets):
    return [one.path for one in find(FILES, FILES.get, targets)]


def test_the_nearest_file_of_a_name_wins():
    assert paths("web/deep/x.ts") == [".github/CONTRIBUTING.md", "web/deep/AGENTS.md"]
    assert paths("web/x.ts") == [".github/CONTRIBUTING.md", "web/AGENTS.md"]
    assert paths("src/x.py") == [".github/CONTRIBUTING.md", "AGENTS.md"]


def test_without_a_target_only_what_holds_for_the_whole_project_counts():
    assert paths() == [".github/CONTRIBUTING.md", "AGENTS.md"]


def test_targets_in_several_folders_get_the_rules_of_each():
    assert paths("web/x.ts", "src/x.py") == [
        ".github/CONTRIBUTING.md",
        "AGENTS.md",
        "web/AGENTS.md",
    ]


def test_a_folder_is_not_its_namesake():
    assert "web/AGENTS.md" not in paths("website/x.ts")


def test_a_pointer_and_the_same_text_twice_are_left_out():
    assert "CLAUDE.md" not in paths("src/x.py")
    assert paths("api/x.py", "src/x.py") == [".github/CONTRIBUTING.md", "AGENTS.md"]


def test_contributing_is_told_by_its_sections_about_code():
    long = {
        "CONTRIBUTING.md": FILES[".github/CONTRIBUTING.md"] + "\n## Testing\n\n" + "Run it. " * 20
    }
    text = told(find(long, long.get), 500)["CONTRIBUTING.md"]
    assert "Tabs." in text
    assert "Run it." in text
    assert "Welcome" not in text
    assert "MIT" not in text


def test_the_nearest_file_is_served_first_when_space_is_short():
    files = {"AGENTS.md": "far away\n" * 200, "web/CLAUDE.md": "near by\n" * 50}
    texts = told(find(files, files.get, ["web/x.ts"]), 220)
    assert texts["web/CLAUDE.md"] == files["web/CLAUDE.md"].strip()
    assert sum(count_tokens(text) for text in texts.values()) <= 220
