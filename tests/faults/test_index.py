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
    8: (
        "faults/test_locked_database.py::test_a_submit_that_cannot_be_stored_comes_back_whole",
        "faults/test_no_database.py::test_a_submit_that_met_an_outage_is_sent_again_and_loses_nothing",
    ),
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
    34: (
        "certification/test_awarding.py::test_only_people_who_work_in_the_askers_agencies_today_get_it",
        "web/test_audit.py::test_a_file_holds_what_its_asker_may_see_when_it_is_made",
        "web/test_audit.py::test_who_lost_the_role_before_the_worker_came_gets_no_file",
    ),
    35: (
        "certification/test_awarding.py::test_who_lost_the_role_before_it_ran_issues_nothing",
        "certification/test_reminders.py::test_who_lost_the_role_before_the_digest_was_sent_gets_none",
        "web/test_role_list.py::test_who_is_demoted_in_the_middle_of_a_session_is_refused_at_the_next_request",
    ),
    36: (
        "faults/test_denied_at_once.py::test_the_next_request_of_who_was_switched_off_is_a_strangers",
        "faults/test_denied_at_once.py::test_a_session_that_was_left_over_opens_nothing_for_who_is_switched_off",
    ),
    37: (
        "certification/test_seeing.py::test_who_moves_leaves_to_each_agency_what_was_earned_there",
        "certification/test_seeing.py::test_every_list_and_page_shows_an_agency_exactly_what_the_rule_says",
    ),
    38: (
        "faults/test_spreadsheets.py::test_no_cell_of_a_csv_at_any_address_is_run",
        "faults/test_spreadsheets.py::test_no_cell_of_a_csv_that_the_worker_makes_is_run",
        "faults/test_spreadsheets.py::test_every_csv_of_the_program_is_written_in_one_place",
    ),
    39: (
        "faults/test_spreadsheets.py::test_of_a_file_of_a_million_rows_some_hundred_are_held_at_a_time",
        "reporting/test_exports.py::test_the_head_is_sent_before_the_first_row_is_read",
        "web/test_audit.py::test_many_events_become_several_files_none_of_which_is_held_whole",
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
        "faults/test_hostile_requests.py::test_a_nul_byte_in_an_address_a_filter_or_a_form_is_refused",
        "faults/test_hostile_requests.py::test_whatever_is_sent_to_an_address_that_changes_something_is_never_an_error_of_ours",
    ),
    44: (
        "assessment/test_saving.py::test_ten_megabytes_are_refused",
        "assessment/test_saving.py::test_json_that_cannot_be_read_is_refused",
        "faults/test_hostile_requests.py::test_json_that_is_deep_broken_or_unreadable_is_refused",
        "faults/test_hostile_requests.py::test_ten_megabytes_are_refused_at_every_address_that_takes_no_files",
    ),
    45: (
        "assessment/test_saving.py::test_an_attempt_that_is_not_there_is_not_found",
        "faults/test_hostile_requests.py::test_a_number_that_no_row_could_have_is_an_address_where_nothing_is",
        "faults/test_hostile_requests.py::test_a_number_that_no_row_could_have_changes_nothing_anywhere",
    ),
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
    # Sign-in by an agency's own provider.
    50: (
        "people/providers/test_saml.py::test_an_answer_is_taken_once",
        "people/providers/test_saml.py::test_an_assertion_is_taken_once_even_if_the_request_were_open_again",
        "people/providers/test_saml.py::test_an_answer_that_is_not_signed_twice_and_well_is_refused",
        "people/providers/test_saml.py::test_an_answer_that_was_changed_is_refused",
    ),
    51: (
        "people/providers/test_id_tokens.py::test_a_token_with_one_thing_wrong_is_refused",
        "people/providers/test_oidc.py::test_a_nonce_of_another_sign_in_is_refused",
        "people/providers/test_oidc.py::test_a_token_for_another_client_is_refused",
    ),
    # The record of what was done.
    54: (
        "people/test_audit_chain.py::test_an_edited_event_is_found_by_the_walk",
        "people/test_audit_chain.py::test_a_removed_event_is_found",
        "people/test_audit_chain.py::test_an_event_that_was_put_in_past_the_program_is_found",
        "people/test_audit_chain.py::test_two_that_changed_places_are_found",
        "people/test_audit_chain.py::test_a_chain_that_was_written_anew_is_found_by_a_head_that_was_noted",
    ),
}


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}


def test_no_fault_is_left_out() -> None:
    assert sorted(SHOWN_BY) == [*range(1, 9), *range(13, 40), *range(41, 52), 54]


@pytest.mark.parametrize("fault", SHOWN_BY)
def test_every_named_test_exists(fault: int) -> None:
    for node in SHOWN_BY[fault]:
        file, _, name = node.partition("::")
        assert name in names_in(TESTS / file), f"fault {fault} is no longer shown by {node}"
