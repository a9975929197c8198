"""What the field has suffered, what we promise instead, and the test that would fail.

Rows: (incident, promise, test). Letters are groups of what users of GitHub bots reported (lost and
doubled webhooks, silence, noise, accidental commands, approval holes, opaque queues, configuration,
bots against people, limits, installation); `threat` is a line of the table of promises seen in the
field; `agent` is what coding agents did; `day one` are ten tests to have on the first day.
"""

from __future__ import annotations

W, A, I = "tests/walk/", "tests/attacks/", "tests/intake/"  # noqa: E741
LOOP, WORDS = W + "test_review_loop.py::", "tests/texts/test_our_own_words.py::"
FAULTS, HUB = "tests/faults/test_sample.py::", "tests/test_app_yml.py::"
LIFE, REDACTION = "tests/install/test_life.py::", "tests/outside/test_redaction.py::"
TRUST, SWEEPS, POWERLESS = W + "test_trust.py::", W + "test_sweeps.py::", A + "test_powerless.py::"
OLD, BRANCHES, DOOR = (
    A + "test_old_heads.py::",
    A + "test_their_branches.py::",
    I + "test_door.py::",
)
GITHUB, WHO = "tests/approvals/test_on_github.py::", "tests/policies/test_who_approves.py::"
KEYS, BOARD = "tests/install/test_keys_and_secrets.py::", "tests/install/test_onboarding.py::"
EFFECTS, GRAMMAR = "tests/outside/test_effects.py::", "tests/commands/test_grammar.py::"
CONFIG, SANDBOX = "tests/configuration/test_on_github.py::", "tests/workspace/test_sandbox.py::"
TRY = POWERLESS + "test_what_is_no_command_of_a_rightful_person_approves_nothing"

INCIDENTS: tuple[tuple[str, str, str], ...] = (
    # A. lost webhooks, drifting state
    (
        "A1",
        "a command that no webhook told of is obeyed once",
        SWEEPS + "test_a_command_that_no_webhook_told_of_is_obeyed_once",
    ),
    (
        "A2",
        "an approved head that was taken away and brought back is not approved any more",
        OLD + "test_no_head_but_the_approved_one_is_merged_however_it_got_there",
    ),
    (
        "A3",
        "what was pushed while the pull request was closed is not merged",
        OLD + "test_no_head_but_the_approved_one_is_merged_however_it_got_there",
    ),
    (
        "A4",
        "another SHA is refused with the difference",
        GITHUB + "test_a_refusal_shows_what_changed_since",
    ),
    (
        "A5",
        "what was lost while nobody listened is caught up",
        TRUST + "test_what_was_lost_while_nobody_listened_is_caught_up",
    ),
    (
        "A6",
        "what is shown is put right without anybody opening it",
        SWEEPS + "test_labels_that_were_moved_unseen_are_put_right",
    ),
    (
        "A7",
        "work and upkeep hold up no delivery",
        POWERLESS + "test_stories_hold_up_no_delivery",
    ),
    (
        "A8",
        "failed deliveries are asked for again, ever less often, and given up on visibly",
        SWEEPS + "test_a_delivery_is_asked_for_less_and_less_often_then_given_up_on_visibly",
    ),
    # B. duplicates
    (
        "B9",
        "a write whose answer was lost is not done twice",
        A + "test_every_write.py::test_a_write_whose_answer_was_lost_is_not_done_twice",
    ),
    ("B10", "two GUIDs of one comment act once", TRUST + "test_two_guids_for_one_comment_act_once"),
    (
        "B11",
        "two readers at the same instant do it once",
        A + "test_reviews.py::test_the_answer_to_one_comment_is_the_same_for_two_readers_of_it",
    ),
    (
        "B12",
        "one proposal to a repository, however often it is installed",
        BOARD + "test_removed_and_added_again_it_may_ask_once_more",
    ),
    # C. silence
    (
        "C13",
        "a dead worker still ends in a visible answer",
        TRUST + "test_a_dead_worker_still_ends_in_a_visible_answer",
    ),
    (
        "C14",
        "what cannot be handled is said where it was asked",
        SWEEPS + "test_what_kills_every_worker_is_buried_with_a_word_to_whoever_wrote_it",
    ),
    (
        "C15",
        "an unknown command gets a hint",
        W + "test_walk.py::test_unknown_commands_get_a_hint_and_do_nothing",
    ),
    # D. noise
    (
        "D16",
        "one status, edited in place, and an answer for a command",
        POWERLESS + "test_however_often_people_write_nothing_but_the_answers_is_said",
    ),
    (
        "D17",
        "whoever has to act is reminded once, in a comment of its own",
        SWEEPS + "test_a_wait_is_reminded_of_once_and_ends_visibly",
    ),
    (
        "D18",
        "a repository gets no more pull requests than people want",
        OLD + "test_a_repository_gets_no_more_pull_requests_than_people_want",
    ),
    # E. accidental commands and loops
    (
        "E19",
        "quotes and code command nothing",
        TRUST + "test_a_quoted_or_fenced_command_is_not_obeyed",
    ),
    (
        "E20",
        "bots command nothing and are not answered",
        POWERLESS + "test_a_bot_commands_nothing_whatever_it_may_do_on_github",
    ),
    ("E20", "a title or a body commands nothing and is not answered", TRY),
    (
        "E21",
        "a command counts wherever it is written",
        A + "test_reviews.py::test_an_approval_counts_wherever_it_is_written_and_outlives_a_sweep",
    ),
    # F. approval holes
    (
        "F22",
        "a label put on by hand approves nothing",
        TRUST + "test_a_label_added_by_hand_is_not_an_approval",
    ),
    (
        "F23",
        "words that were edited approve nothing",
        A + "test_reviews.py::test_words_that_were_edited_before_they_were_read_approve_nothing",
    ),
    (
        "F24",
        "a retry after an approval does not merge new code",
        OLD + "test_a_retry_after_an_approval_asks_for_the_new_code_again",
    ),
    (
        "F25",
        "dates of commits are not believed",
        OLD + "test_no_head_but_the_approved_one_is_merged_however_it_got_there",
    ),
    (
        "F26",
        "why an approval does not count any more is shown",
        GITHUB + "test_what_was_taken_back_is_shown_with_its_reason",
    ),
    (
        "F27",
        "the same files under another head keep their approval",
        "tests/story/test_machine.py::test_the_same_files_under_another_head_keep_the_approval",
    ),
    ("F28", "a thumb is no approval", TRY),
    # H. configuration
    (
        "H32",
        "a broken configuration is shown with its place; the last good one holds",
        CONFIG + "test_a_broken_file_is_shown_with_its_place_and_the_last_good_one_holds",
    ),
    (
        "H33",
        "what somebody pushed to the proposal is never overwritten",
        BOARD + "test_what_somebody_pushed_to_it_is_never_overwritten",
    ),
    (
        "H34",
        "until the proposal is merged it is a rehearsal, and says so",
        BOARD + "test_a_repository_rehearses_before_it_is_configured",
    ),
    # I. bots against people, L. limits, M. installation
    (
        "I35",
        "a push that nobody told us of is not overwritten",
        BRANCHES + "test_a_push_nobody_told_us_of_is_not_overwritten_by_a_retry",
    ),
    (
        "I35",
        "two bots that undo each other come to rest",
        POWERLESS + "test_two_bots_that_undo_each_other_come_to_rest",
    ),
    (
        "L39",
        "a limited write is neither lost nor hammered",
        EFFECTS + "test_a_limited_write_is_not_lost_and_not_hammered",
    ),
    ("M40", "a key is read as it was meant", KEYS + "test_a_key_is_read_as_it_was_meant"),
    (
        "M41",
        "a permission that is accepted late is named and waited for",
        LIFE + "test_a_permission_that_is_accepted_late_is_named_waited_for_and_used",
    ),
    (
        "M42",
        "an empty variable is not set",
        I + "test_settings.py::test_an_empty_variable_counts_as_not_set",
    ),
    (
        "M43",
        "our pull requests are the app's, so that checks run on them",
        POWERLESS + "test_what_we_push_and_open_is_told_to_everybody_as_a_persons_would_be",
    ),
    # the table of threats
    (
        "threat: forged webhook",
        "raw bytes are verified first; SHA-1 is not enough",
        DOOR + "test_an_old_sha1_signature_is_not_enough",
    ),
    (
        "threat: forged webhook",
        "nothing starts without a secret",
        DOOR + "test_the_door_stays_shut_without_a_secret",
    ),
    (
        "threat: replay",
        "the same delivery three times acts once",
        TRUST + "test_the_same_delivery_three_times_acts_once",
    ),
    (
        "threat: replay",
        "in any order, lost and doubled, the end is the same",
        "tests/orders/test_orders.py::test_in_any_order_with_losses_and_doubles_the_end_is_the_same",
    ),
    (
        "threat: lost delivery",
        "what was acknowledged survives a kill",
        DOOR + "test_no_acknowledged_delivery_is_lost_when_the_web_process_is_killed",
    ),
    (
        "threat: push after approval",
        "a push withdraws the approval, also in the last moment",
        TRUST + "test_a_push_after_the_approval_withdraws_it",
    ),
    (
        "threat: push before approve",
        "an approval is of what was shown",
        TRUST + "test_a_push_between_reading_and_approve_is_refused",
    ),
    (
        "threat: push before approve",
        "a short SHA is refused",
        GRAMMAR + "test_a_short_sha_is_refused_and_the_reason_is_that",
    ),
    (
        "threat: edited comment",
        "an edited approval is withdrawn",
        TRUST + "test_an_edited_approval_is_withdrawn",
    ),
    ("threat: spoofed view", "labels, checks and statuses of others move nothing", TRY),
    (
        "threat: spoofed view",
        "nobody's words pass for ours",
        EFFECTS + "test_somebody_elses_words_never_pass_for_ours",
    ),
    (
        "threat: own approval",
        "who has a hand in a change is no second person",
        TRUST + "test_a_committer_and_a_co_author_cannot_approve_alone",
    ),
    (
        "threat: pwn request",
        "a pull request is not judged by its own configuration",
        CONFIG + "test_a_pull_request_is_told_what_its_configuration_is_worth_and_is_not_obeyed",
    ),
    (
        "threat: pwn request",
        "project code runs without secrets and network",
        SANDBOX + "test_no_network_by_address_by_name_or_by_abstract_socket",
    ),
    (
        "threat: loop",
        "no sentence of ours is a command",
        WORDS + "test_no_sentence_of_ours_parses_as_a_command",
    ),
    (
        "threat: limits",
        "a secondary limit stops every request until its time",
        "tests/outside/test_reads.py::test_a_secondary_limit_stops_every_request_until_its_time",
    ),
    (
        "threat: crash",
        "a worker killed at a boundary loses and doubles nothing",
        FAULTS + "test_a_worker_killed_at_a_boundary_loses_nothing_and_doubles_nothing",
    ),
    (
        "threat: leak",
        "what the process knows to be secret is posted nowhere",
        REDACTION + "test_what_the_process_knows_to_be_secret_is_taken_out_by_its_value",
    ),
    (
        "threat: leak",
        "no secret in a log",
        "tests/cli/test_log_lines.py::test_no_secret_gets_out_in_a_message_a_field_or_a_traceback",
    ),
    # coding agents
    (
        "agent 12",
        "tests of the criteria are read-only for the code",
        W + "test_task_loop.py::test_the_tests_of_the_criteria_are_read_only_for_the_code",
    ),
    (
        "agent 12",
        "a weakened test is found",
        "tests/gates/test_weakening.py::test_a_weakened_test_is_found",
    ),
    (
        "agent 15",
        "nothing is pushed to the default branch or another",
        "tests/policies/test_effects.py::test_an_effect_that_reaches_too_far_is_denied",
    ),
    (
        "agent 17",
        "a text that commands the model waits for a person",
        W + "test_guards.py::test_a_story_that_commands_the_model_waits_for_a_person",
    ),
    ("agent 17", "an account with our name has no power", TRY),
    (
        "agent 18",
        "the environment of a run begins from nothing",
        SANDBOX + "test_the_environment_begins_from_nothing",
    ),
    (
        "agent 19",
        "two readers of one label open one pull request",
        OLD + "test_two_readers_of_one_label_open_one_pull_request",
    ),
    (
        "agent 20",
        "what follows goes to the same branch and pull request",
        LOOP + "test_requested_changes_become_a_commit_and_every_thread_is_answered_once",
    ),
    ("agent 21", "a fork's branch of the same name is not ours", TRY),
    # day one
    ("day one", "1", TRUST + "test_a_lost_push_webhook_never_merges_unapproved_code"),
    ("day one", "2", TRUST + "test_the_same_delivery_three_times_acts_once"),
    ("day one", "3", TRUST + "test_two_guids_for_one_comment_act_once"),
    ("day one", "4", TRUST + "test_an_edited_comment_never_approves"),
    ("day one", "5", TRUST + "test_a_label_added_by_hand_is_not_an_approval"),
    ("day one", "6", TRUST + "test_author_and_requester_cannot_approve"),
    ("day one", "7", TRUST + "test_a_push_between_reading_and_approve_is_refused"),
    ("day one", "8", WORDS + "test_no_sentence_of_ours_parses_as_a_command"),
    ("day one", "9", TRUST + "test_a_dead_worker_still_ends_in_a_visible_answer"),
    ("day one", "10", HUB + "test_app_yml_asks_for_no_permission_that_could_be_less"),
)
