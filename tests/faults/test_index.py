"""Each fault of the design that these tests answer for, by its number: where it is shown to be survived."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

SHOWN_BY: dict[int, tuple[str, ...]] = {
    # Submitting and the processes under it.
    1: ("assessment/test_submitting.py::test_a_double_click_at_the_same_moment_is_one_submit",),
    2: ("assessment/test_submitting.py::test_the_same_key_and_answers_find_the_same_receipt",),
    3: ("assessment/test_submitting.py::test_the_same_key_with_other_answers_is_a_conflict_and_changes_nothing",),
    4: ("faults/test_killed_server.py::test_a_server_that_dies_before_the_commit_stores_nothing_and_the_retry_counts",),
    5: ("faults/test_killed_server.py::test_a_server_that_dies_after_the_commit_gives_the_same_receipt_to_the_retry",),
    6: (
        "faults/test_killed_server.py::test_whatever_was_acknowledged_is_there_after_a_kill_at_any_moment",
        "faults/test_killed_server.py::test_a_commit_waits_until_it_is_on_the_disk",
    ),
    7: (
        "faults/test_full_disk.py::test_a_submit_that_finds_no_room_comes_back_whole_and_leaves_nothing",
        "faults/test_full_disk.py::test_an_answer_that_finds_no_room_is_told_so_and_not_called_saved",
    ),
    8: ("faults/test_locked_database.py::test_a_submit_that_cannot_be_stored_comes_back_whole",),
    # Jobs.
    13: (
        "test_jobs.py::test_a_job_whose_worker_died_runs_again_and_has_its_effect_once",
        "faults/test_jobs.py::test_a_worker_killed_in_the_middle_of_long_work_leaves_it_to_the_next_one",
        "reporting/test_bundles.py::test_a_worker_killed_in_any_piece_changes_nothing_of_what_comes_out",
    ),
    14: (
        "test_jobs.py::test_a_job_delivered_twice_has_its_effect_once",
        "test_batches.py::test_a_piece_that_two_workers_did_counts_once",
    ),
    15: (
        "test_jobs.py::test_a_mail_server_that_is_down_only_delays_the_mail",
        "test_jobs.py::test_a_mail_server_that_is_down_for_a_day_makes_no_dead_letter",
    ),
    16: ("test_jobs.py::test_a_mail_server_that_hangs_is_given_up_on_in_time",),
    17: ("test_jobs.py::test_a_poison_job_ends_as_a_dead_letter_with_its_cause",),
    18: (
        "faults/test_jobs.py::test_two_schedulers_at_the_same_moment_queue_one_reminder",
        "certification/test_reminders.py::test_two_schedulers_at_the_same_moment_plan_each_thing_once",
        "certification/test_reminders.py::test_two_schedulers_and_a_clock_that_goes_back_send_one_mail",
    ),
    # Days and clocks.
    19: (
        "faults/test_clock.py::test_a_clock_that_jumps_forth_and_back_leaves_no_certificate_expired",
        "faults/test_clock.py::test_a_clock_that_jumps_back_before_the_award_does_not_call_it_expired",
    ),
    20: (
        "faults/test_clock.py::test_a_leap_day_ends_on_the_last_day_of_a_shorter_february",
        "certification/test_requirements.py::test_earned_on_29_february_it_ends_on_28_february",
    ),
    21: (
        "faults/test_clock.py::test_where_the_clocks_change_the_end_is_stored_in_utc_and_shown_as_the_local_day",
        "cohorts/test_lapses.py::test_the_days_of_grace_are_whole_days_where_the_clocks_change",
    ),
    22: (
        "faults/test_clock.py::test_at_the_very_instant_of_its_end_a_certificate_has_ended_on_the_page_and_in_every_count",
    ),
    # Certificates that may not be false.
    23: (
        "faults/test_answers.py::test_a_submit_is_dated_by_the_servers_clock_whatever_the_page_says",
        "faults/test_answers.py::test_a_form_sent_after_its_deadline_is_late_whatever_time_it_claims",
        "faults/test_answers.py::test_an_attempt_before_the_end_of_a_cool_down_is_refused_whatever_time_it_claims",
        "assessment/test_submitting.py::test_the_servers_clock_ends_the_cool_down",
    ),
    24: ("assessment/test_submitting.py::test_a_course_published_meanwhile_leaves_the_attempt_as_it_was",),
    25: ("assessment/test_submitting.py::test_a_pass_mark_that_rises_later_takes_nothing_back",),
    26: ("assessment/test_submitting.py::test_forged_fields_decide_nothing",),
    27: (
        "certification/test_awards.py::test_sql_cannot_make_a_certificate_without_an_attempt",
        "certification/test_awards.py::test_sql_cannot_make_a_certificate_on_an_attempt_that_was_not_passed",
        "certification/test_awards.py::test_sql_cannot_take_the_pass_away_from_under_a_certificate",
        "certification/test_certifying.py::test_sql_cannot_make_a_certification_without_evidence",
        "certification/test_changes.py::test_the_database_lets_no_two_awards_of_a_cycle_stand",
    ),
    28: (
        "certification/test_awards.py::test_two_graders_at_once_make_one_certificate",
        "assessment/test_submitting.py::test_a_double_click_at_the_same_moment_is_one_submit",
    ),
    29: (
        "certification/test_pages.py::test_revoked_expired_and_replaced_say_so",
        "certification/test_changes.py::test_whatever_is_changed_and_undone_every_code_answers_and_one_award_stands_at_most",
    ),
    30: (
        "certification/test_codes.py::test_a_new_code_has_three_groups_of_four_and_is_its_own_normal_form",
        "certification/test_pages.py::test_look_ups_are_limited_per_address",
    ),
    31: (
        "test_access.py::test_reading",
        "test_access.py::test_changing",
        "assessment/test_saving.py::test_nobody_reaches_anothers_attempt",
    ),
    # Another agency's people.
    32: (
        "faults/test_second_wall.py::test_a_view_that_forgot_its_filter_shows_nobody_of_another_agency",
        "faults/test_second_wall.py::test_a_transaction_of_which_nobody_said_who_looks_sees_no_row_of_any_table",
        "wall/test_scope.py::test_unfiltered_queries_show_a_viewer_only_their_scope_themselves_and_their_teams",
    ),
    33: ("faults/test_second_wall.py::test_a_pooled_connection_keeps_nothing_of_the_request_before",),
    34: ("certification/test_awarding.py::test_only_people_who_work_in_the_askers_agencies_today_get_it",),
    35: (
        "certification/test_awarding.py::test_who_lost_the_role_before_it_ran_issues_nothing",
        "certification/test_reminders.py::test_who_lost_the_role_before_the_digest_was_sent_gets_none",
    ),
    # Content and requests that mean harm.
    41: (
        "courseware/test_hostile.py::test_a_payload_in_every_place_of_a_module_is_harmless",
        "catalog/test_pages.py::test_a_drawing_with_a_script_in_it_cannot_run",
    ),
    42: ("courseware/test_hostile.py::test_a_text_that_is_built_to_hang_is_read",),
    43: (
        "assessment/test_saving.py::test_a_nul_byte_in_a_form_is_refused",
        "assessment/test_saving.py::test_text_that_no_keyboard_makes_is_refused",
    ),
    44: (
        "assessment/test_saving.py::test_ten_megabytes_are_refused",
        "assessment/test_saving.py::test_json_that_cannot_be_read_is_refused",
    ),
    45: ("assessment/test_saving.py::test_an_attempt_that_is_not_there_is_not_found",),
    46: ("web/test_sign_in.py::test_an_address_elsewhere_is_never_followed",),
    47: (
        "web/test_security.py::test_another_host_name_is_refused_in_plain_text",
        "web/test_accounts.py::test_links_in_mails_do_not_follow_the_host_header",
    ),
    48: (
        "assessment/test_saving.py::test_an_old_form_token_loses_no_entry",
        "web/test_sign_in.py::test_an_old_form_token_keeps_the_entries_and_asks_once_more",
    ),
    49: (
        "web/test_sign_in.py::test_one_password_tried_on_many_accounts_is_stopped_even_where_it_is_right",
        "web/test_sign_in.py::test_many_wrong_passwords_for_one_account_are_stopped",
    ),
}


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}


def test_no_fault_is_left_out() -> None:
    assert sorted(SHOWN_BY) == [*range(1, 9), *range(13, 36), *range(41, 50)]


@pytest.mark.parametrize("fault", SHOWN_BY)
def test_every_named_test_exists(fault: int) -> None:
    for node in SHOWN_BY[fault]:
        file, _, name = node.partition("::")
        assert name in names_in(TESTS / file), f"fault {fault} is no longer shown by {node}"
