"""What would change a verdict, by the name of the rule that decided (P6).

Promises: every rule of `policies` that can refuse or wait has its line here; a test walks them.
"""

from __future__ import annotations

_WRITE_NEW = "A new comment; edited and deleted ones command nothing."
_APPROVE = "`/approve` with the full SHA of the head, by somebody who may."
_AUTO = "A person's `/approve`, or a change within `auto_approve` of .github/towpath.yml."
REMEDIES = {
    # approvals
    "quorum": "More approvals of this very head: `/approve` by somebody else with write access.",
    "second_person": "`/approve` by somebody with write access and no hand in the change.",
    "unknown_contributor": "Push the commit again with an address that GitHub knows.",
    "code_owner": "`/approve` by an owner that CODEOWNERS of the base names for the path.",
    "named_team": "`/approve` by a member of a team that `approvals.teams` names.",
    "checkpoint": "`/approve` by the people that the checkpoint asks for.",
    "write_access": "Write access to the repository, or `/approve` by somebody who has it.",
    "head_changed": _APPROVE,
    "base_changed": _APPROVE,
    "config_changed": _APPROVE,
    "plan_changed": "`/approve` of the plan that stands there now.",
    "other_gate": "`/approve` at the gate that the story waits at; `/status` names it.",
    "nothing_waits": "Nothing has to be approved now; `/status` says what is next.",
    "not_by_approval": "The command that `/status` names for this gate.",
    "nothing_to_approve": "Wait until there is a plan or a head.",
    "not_shown": _APPROVE,
    "ambiguous": _APPROVE,
    "moved_on": _APPROVE,
    "other_sha": _APPROVE,
    "plan_not_sha": "`/approve` without a SHA.",
    "plan_not_review": "`/approve` in a comment.",
    "deleted_never": _WRITE_NEW,
    "edited_never": _WRITE_NEW,
    "bots_never": "A person has to do it.",
    "auto_gate": "A person's `/approve`: this gate is never opened without one.",
    "auto_approve_off": _AUTO,
    "auto_foreign": _AUTO,
    "auto_person": "`/approve` by the person who is asked for.",
    "auto_unknown": _AUTO,
    "auto_restricted": _AUTO,
    "auto_files": _AUTO,
    "auto_wsjf": _AUTO,
    "auto_coverage": _AUTO,
    "auto_family": _AUTO,
    "auto_paths": _AUTO,
    # money
    "budget": "`/budget +5` by somebody with write access.",
    "token_budget": "`/budget +5` by somebody with write access.",
    "day_budget": "The next day (UTC), or a higher TOWPATH_DAY_BUDGET_USD.",
    "month_budget": "The next month (UTC), or a higher TOWPATH_MONTH_BUDGET_USD.",
    "organisation_budget": "The next month (UTC), or a higher TOWPATH_ORGANISATION_BUDGET_USD.",
    "prs_per_day": "The next day (UTC), or a higher limits.prs_per_day in .github/towpath.yml.",
    "open_prs": "One of them merged or closed, or a higher limits.open_prs in .github/towpath.yml.",
    "slow_prs_per_day": "CI that fails less often, the next day (UTC), or a higher "
    "backlog.throttle.slow_prs_per_day or limits.ci_failure_rate in .github/towpath.yml.",
    "family_prs_per_day": "The next day (UTC), or more in backlog.throttle.families.",
    "family_open_prs": "One of them merged or closed, or more in backlog.throttle.families.",
    # leave to begin
    "leave": "Nothing: stories begin for people, the operator, or by the configuration.",
    "own_name": "Nothing: nobody is named who did not ask.",
    "autostart": "`backlog.autostart: on` in .github/towpath.yml, or a person who begins it.",
    "issue_author": "A person with write access begins it: the story label, or a box ticked.",
    # effects
    "unknown_effect": "Nothing: an effect without a row in the table is never performed.",
    "own_repository": "Nothing: a story never touches another repository.",
    "own_thread": "Nothing: a story speaks only on its own issue and pull request.",
    "no_story": "A story: put the story label on an issue.",
    "own_check": "Nothing: without a story only the configuration's check is published.",
    "own_branch": "Nothing: without a story only towpath/configure and towpath/backlog are made.",
    "own_file": "Without a story, the file asked for by `backlog.publish` in .github/towpath.yml.",
    "configured": "Nothing: the repository has a configuration of its own.",
    "todo_issues": "`backlog.todo.issues: on` in .github/towpath.yml.",
    "one_issue": "Nothing: a mark has one issue.",
    "todo_wanted": "A mark that wants an issue; the others are listed.",
    "own_issue": "Nothing: only the issue that was opened for the mark is touched.",
    "tracker_on": "`backlog.jira.enabled: true` and `project` in .github/towpath.yml; and the "
    "operator sets TOWPATH_JIRA_URL.",
    "tracker_allowed": "The operator names the pair in TOWPATH_JIRA_PROJECTS.",
    "own_project": "Nothing: only tickets of the repository's own project are touched.",
    "known_status": "The status in `backlog.jira.states` in .github/towpath.yml.",
    "person_assigned": "The person gives the ticket back.",
    "own_property": "Nothing: only properties that begin with towpath. are written.",
    "comment_size": "A shorter comment.",
    "web_link": "Nothing: only addresses of the web are linked.",
    "story_changed": "The story is read again with its new text; then an approval of that.",
    "live": "`/retry`, or the story label again, starts it anew.",
    "paused": "`/resume` by somebody with write access or who asked for the story.",
    "asker_known": "Nothing: a story needs somebody who asks for it.",
    "agreed": "A person's yes to making several stories of this one.",
    "own_labels": "Nothing: only labels that begin with towpath: are moved.",
    "default_branch": "Nothing: the default branch is never pushed to.",
    "story_branch": "Nothing: only the story's own branch is pushed to.",
    "foreign_push": "`/resume` after looking at the foreign commits, or take over by hand.",
    "own_head": "Nothing: only commits of the story itself are pushed and checked.",
    "empty_change": "A change that says which paths it touches.",
    "tests_passed": "The project's tests pass at this commit.",
    "gates_passed": "The quality gates pass at this commit; “Re-run” on a check looks again.",
    "pushed": "A push of the story's commit.",
    "base": "A pull request into the default branch.",
    "own_pull": "Nothing: only the story's own pull request is touched, or what is asked for.",
    "dashboard": "`backlog.dashboard.enabled: true` in .github/towpath.yml.",
    "one_dashboard": "Nothing: there is one dashboard.",
    "dashboard_closed": "Reopen the dashboard's issue.",
    "pull_known": "GitHub answers again.",
    "pull_author": "Nothing: only pull requests that this app opened are merged.",
    "pull_branch": "Nothing: only the story's own branch is merged.",
    "head": "Wait for the tests of the head that is there now; then an approval of it.",
    "draft": "Mark the pull request ready for review.",
    "pull_open": "Open the pull request again, or `/retry`.",
    "conflict": "The branch is rebased; the conflict is solved.",
    "known_program": "A program that the settings list for the sandbox.",
    "shell.unknown": "A command that the policy of tools knows.",
    "known_server": "The operator declares it for the repository (TOWPATH_MCP_SERVERS), and "
    "`tools` in .github/towpath.yml does not switch it off.",
    "server_stage": "The operator names this work in `stages` of the server.",
    "allowed_tool": "The operator names it in `tools` of the server.",
    "pinned_tool": "The operator looks at the tool (`towpath doctor`) and writes its pin down.",
    "writing_tool": "Nothing: a tool that writes is never called as one that only reads.",
    "tool_arguments": "Shorter arguments.",
    # paths and texts
    "odd_path": "A plain path inside the repository.",
    "restricted_path": "A person's own commit: Towpath never changes this path.",
    "outside_scope": "A path within `paths.allowed` of .github/towpath.yml.",
    "suspicious_text": "`/resume` by somebody with write access, or an edit of the text.",
    # people
    "permission": "More access, or somebody who has it.",
    "unknown_command": "A command that `/help` lists.",
    "with_approval": "A new comment after the approval was dismissed.",
    "no_author": "A change by hand: no model wrote it.",
    "review_open": "Answer the open threads, or dismiss the review.",
    # the repository
    "suspended": "An owner of the account lifts the suspension in the app's settings on GitHub.",
    "removed": "Install the app on the repository again.",
    "archived": "Take the repository out of the archive.",
    "off": "`mode: on` in .github/towpath.yml, within what the operator allows.",
    "dry_run": "`mode: on` in .github/towpath.yml, within what the operator allows.",
}


def remedy(rule: str) -> str:
    """What would change a verdict of this rule."""
    if rule in REMEDIES:
        return REMEDIES[rule]
    if rule.endswith("_limit"):
        return (
            "A higher limit in .github/towpath.yml, within what the operator allows; or `/retry`."
        )
    return "A person has to do it by hand: this command needs somebody's agreement."
