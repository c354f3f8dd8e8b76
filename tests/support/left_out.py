"""Tests that say nothing of a database of some shape, and why: `pytest --shape` leaves out these, and no others."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]

MADE = "it is about the tables that the migrations make, which have the words"
ITS_NAMES = "it is about a name: of an index, of a column in a plan, or as what makes a column a suspect"
ORDER = "it reads rows or columns in an order that no statement asks for"
TYPES = "it is about a type that is unknown or changes, and where one type stands for every row there is neither"
PAIR = "it is about rows of several buckets, or about a key on bucket and key, and there is one bucket and no such key"
AS_TABLES = "it makes its tables, or triggers on them, in a way that has no meaning without the columns it names"

Entries = dict[str, dict[str, tuple[str, ...]]]
"""By reason and file: its tests, or the beginnings of cases of theirs, `test_a[one`; none means all of the file."""

OF_BOTH: Entries = {
    MADE: {
        "unit/database/test_migrations.py": (),
        "unit/recovery/test_set_up.py": (),
        "unit/backfill/test_bytes_of_types.py": ("test_the_index_of_before_is_replaced_by_the_next_tick",),
        "unit/recovery/test_guards.py": ("test_the_schema_keeps_the_text_that_a_check_compares_with",),
    },
    ITS_NAMES: {
        "unit/runs/test_free_plan.py": ("test_another_table_between_two_calls_is_judged_anew",),
        "unit/database/test_references.py": (
            "test_a_column_whose_name_says_reference_is_told_and_stops_the_merge",
            "test_a_recovery_without_duplicates_goes_on_but_is_not_ok",
            "test_a_refused_recovery_leaves_the_whole_database_as_it_is_but_for_its_run",
            "test_ids_inside_json_and_keys_of_objects_are_told_and_stop_nothing",
        ),
        "unit/recovery/test_recovery_plans.py": (
            "test_the_remap_searches_the_children_by_an_index_with_the_affinity_of_the_journal",
        ),
        "unit/recovery/test_runbook.py": (),
        "unit/backfill/test_query_plans.py": (
            "test_a_page_is_looked_up_in_the_unique_index_and_the_index_of_unknowns",
        ),
        "unit/backfill/test_backfill.py": ("test_a_column_that_no_new_row_can_fill_is_refused_dry_and_live_alike",),
        "unit/backfill/test_refusals_counted.py": ("test_a_foreseen_collision_is_looked_up_by_its_index",),
        "unit/api/test_rows_over_http.py": ("test_a_page_is_found_by_an_index",),
        "unit/forget/test_forget.py": (
            "test_where_a_recovery_refuses_it_refuses_and_changes_nothing",
            "test_dry_says_why_live_would_refuse",
        ),
    },
    ORDER: {
        "unit/recovery/test_counted_merges.py": (
            "test_duplicates_whose_key_is_no_plain_text_are_left_whole_named_and_not_tried_without_end",
            "test_rows_without_an_id_are_left_whole",
            "test_fifty_thousand_rows_of_one_object_end_well",
        ),
    },
    AS_TABLES: {
        "unit/recovery/test_undo.py": (
            "test_an_index_that_is_part_of_the_table_cannot_be_dropped_and_the_way_out_is_named",
        ),
    },
}

OF_BARE: Entries = {
    TYPES: {
        "unit/reporting/test_history.py": (
            "test_a_check_of_yesterday_is_not_todays",
            "test_a_day_keeps_the_most_violations_and_the_last_count_of_types",
            "test_the_largest_types_are_kept_and_the_others_are_one",
        ),
        "unit/reporting/test_alerts.py": (
            "test_a_change_is_told_once_and_what_stays_as_it_is_is_not",
            "test_a_refused_alert_is_tried_again_then_waits_for_the_next_tick_and_does_not_fail_this_one",
            "test_an_alert_carries_a_signature_that_its_receiver_can_verify",
            "test_no_connection_is_tried_again_but_no_answer_is_left_to_the_next_tick",
            "test_opened_worse_resolved_and_reopened_are_each_told",
            "test_the_secret_and_the_address_are_never_logged",
        ),
        "unit/profiles/test_profiles.py": ("test_alerts_say_whose_they_are_and_the_heartbeat_comes_once",),
        "unit/backfill/test_walk.py": (
            "test_a_page_to_write_behind_unchanged_ones_is_counted_again_with_its_write[upgraded",
        ),
        "unit/backfill/test_refused_objects.py": ("test_an_upgrade_that_is_refused_is_one_too",),
        "unit/backfill/test_refusals_counted.py": ("test_a_type_that_a_trigger_sets_back_is_refused",),
        "unit/backfill/test_interruptions.py": (
            "test_after_a_pass_every_classified_object_has_its_row_and_no_known_type_changed",
        ),
        "unit/backfill/test_bytes_of_types.py": (
            "test_a_backfill_upgrades_only_what_is_unknown_to_the_byte",
            "test_a_check_counts_only_what_is_unknown_to_the_byte",
            "test_a_guard_lets_no_known_type_change_its_case",
            "test_a_merge_keeps_a_type_that_only_looks_unknown",
            "test_a_tick_and_a_recovery_classify_only_what_is_unknown_to_the_byte",
        ),
        "unit/backfill/test_backfill.py": (
            "test_a_known_type_never_changes",
            "test_a_live_backfill_inserts_upgrades_and_touches_nothing_else",
            "test_a_rows_unknown_type_stays_where_its_object_is_a_directory_marker",
            "test_a_table_without_a_column_we_need_is_refused_by_its_name[source_type",
            "test_columns_that_are_not_ours_are_left_alone",
            "test_every_object_is_counted_as_one_thing",
            "test_keys_are_bytes_whatever_the_collation_of_the_columns",
            "test_rules_see_keys_as_they_are",
            "test_text_ids_are_given_to_new_rows",
            "test_without_rules_everything_is_unclassified",
        ),
        "unit/events/test_delivery.py": ("test_a_known_type_is_never_changed_and_an_unknown_one_upgraded",),
        "unit/invariants/test_bounded_samples.py": (
            "test_a_check_of_thirty_rows_with_long_values_is_recorded_whole",
            "test_a_tick_over_long_values_records_every_finding",
            "test_a_value_is_shortened_only_past_three_hundred_characters",
        ),
        "unit/invariants/test_invariants.py": (
            "test_a_missing_guard_is_told_from_a_changed_one",
            "test_an_invariant_fires_on_what_breaks_it_and_on_nothing_else[an unknown source",
            "test_an_invariant_whose_column_is_missing_is_not_checked_and_the_others_are",
        ),
        "unit/invariants/test_oracle.py": ("test_a_sample_has_at_most_twenty_rows_and_the_count_is_exact",),
        "unit/invariants/test_proofs.py": (
            "test_a_trigger_with_another_text_is_not_the_guard",
            "test_an_upsert_with_or_replace_by_another_writer_is_caught_where_it_broke_something",
            "test_the_partial_index_counts_the_unknowns_there_are",
        ),
        "unit/invariants/test_samples_never_silence.py": (
            "test_a_finding_that_cannot_be_stored_leaves_the_others_stored_and_is_not_taken_for_checked",
            "test_ten_thousand_types_make_an_inventory_of_a_few_hundred_rows_that_adds_up",
        ),
        "unit/plans/test_backfill_by_plan.py": (
            "test_an_object_whose_row_moved_on_is_left_out",
            "test_its_items_are_the_objects_with_what_becomes_of_them",
        ),
        "unit/plans/test_forget_by_plan.py": ("test_a_row_that_moved_on_is_left_out[its type",),
        "unit/plans/test_killed_plans.py": (
            "test_a_row_that_comes_between_the_look_and_the_insert_is_left_as_it_came",
            "test_what_moves_on_between_the_look_and_the_change_is_left_out_alone[a type",
        ),
        "unit/plans/test_recovery_by_plan.py": (
            "test_a_dry_recovery_answers_as_before_and_with_its_plan",
            "test_a_live_recovery_may_name_its_plan",
            "test_an_object_that_moved_on_is_left_out_and_listed_and_the_others_are_merged[the winner's type",
            "test_an_unknown_row_that_moved_on_is_left_out",
            "test_its_items_are_the_rows_as_they_are",
            "test_the_items_come_as_csv_and_by_pages_and_by_step",
            "test_what_appeared_since_is_not_touched",
        ),
        "unit/recovery/test_dedupe.py": (
            "test_a_known_type_is_carried_to_a_winner_that_has_none",
            "test_at_the_same_time_a_known_type_goes_before_none_and_none_is_as_good_as_unknown",
            "test_the_newest_wins_then_a_known_type_then_the_highest_id",
        ),
        "unit/recovery/test_guards.py": (
            "test_a_changed_guard_is_put_right_by_recovery",
            "test_an_override_is_used_up_by_the_change_it_allowed",
            "test_an_override_lets_exactly_its_change_through_and_keeps_a_record_of_it",
            "test_an_override_may_even_admit_that_the_type_is_not_known",
            "test_what_the_runbook_forbids_the_database_refuses[drop below a known type",
            "test_what_the_runbook_forbids_the_database_refuses[change a known type",
            "test_what_the_runbook_forbids_the_database_refuses[change every type",
            "test_what_the_runbook_forbids_the_database_refuses[empty a known type",
            "test_what_the_runbook_forbids_the_database_refuses[an upsert that changes",
        ),
        "unit/recovery/test_recovery.py": ("test_the_steps_say_how_many_were_wrong_and_what_changed",),
        "unit/recovery/test_recovery_ends_in_budget.py": (
            "test_a_classification_of_more_rows_than_one_call_can_do_continues_in_the_next",
            "test_a_further_round_classifies_from_the_beginning_and_not_from_where_an_earlier_call_stopped",
        ),
        "unit/recovery/test_repairs.py": (
            "test_more_unknowns_than_one_batch_takes_are_all_classified",
            "test_the_type_a_winner_took_goes_before_the_rules",
            "test_unknown_rows_get_the_type_of_the_winning_rule_whether_or_not_their_object_exists",
            "test_without_rules_nothing_is_classified_and_everything_is_sampled",
        ),
        "unit/recovery/test_undo.py": ("test_a_type_that_the_winner_took_stays_for_it_is_knowledge",),
    },
    PAIR: {
        "unit/database/test_references.py": (
            "test_a_key_on_bucket_and_key_without_the_index_is_foreseen_and_refused_before_the_pause",
            "test_such_a_key_without_duplicates_gets_its_index",
            "test_undo_does_not_drop_the_index_that_such_a_key_needs",
        ),
        "unit/flow/test_pass_flow.py": ("test_the_flows_of_two_buckets_take_turns",),
        "unit/cron/test_turns.py": ("test_with_one_check_between_ticks_two_buckets_both_get_on",),
        "unit/cron/test_tick.py": (
            "test_an_error_that_nobody_foresaw_fails_its_part_and_nothing_else[pragma_foreign_key_list-check",
            "test_buckets_share_the_objects_of_a_tick_to_the_last",
        ),
        "unit/backfill/test_refused_objects.py": ("test_a_further_unique_constraint_refuses_one_object_and_no_other",),
        "unit/backfill/test_refusals_counted.py": (
            "test_a_row_that_no_constraint_refuses_is_written_beside_those_that_one_does",
            "test_dry_foresees_the_collisions_of_a_further_unique_index",
        ),
        "unit/backfill/test_backfill.py": (
            "test_an_unknown_row_of_another_bucket_is_not_touched",
            "test_each_bucket_is_indexed_under_its_own_name",
            "test_live_is_refused_while_no_unique_index_keeps_duplicates_out",
        ),
        "unit/events/test_delivery.py": ("test_several_buckets_are_one_transaction",),
        "unit/forget/test_forget.py": ("test_a_bucket_that_is_not_configured_is_no_field_and_its_rows_stay",),
        "unit/invariants/test_proofs.py": (
            "test_a_key_on_several_columns_is_no_reference_of_one",
            "test_an_index_that_does_not_make_duplicates_impossible_proves_nothing",
        ),
        "unit/missing/test_missing.py": ("test_rows_of_a_bucket_spelled_otherwise_are_no_rows_of_this_one",),
        "unit/recovery/test_dedupe.py": (
            "test_rows_without_a_bucket_or_a_key_name_no_object_and_stay",
            "test_the_object_with_an_empty_bucket_and_an_empty_key_is_one_like_any_other",
        ),
        "unit/recovery/test_recovery.py": (
            "test_a_nullable_key_is_named_for_no_index_can_mend_it",
            "test_an_index_on_other_columns_does_not_count_as_the_unique_index",
        ),
    },
    AS_TABLES: {
        "unit/database/test_references.py": ("test_sizes_among_ids_that_lie_close_together_raise_no_alarm",),
        "unit/backfill/test_backfill.py": ("test_a_table_without_a_column_we_need_is_refused_by_its_name[fetched_at",),
        "unit/recovery/test_counted_merges.py": (
            "test_a_trigger_that_undoes_a_merge_leaves_the_object_whole_and_is_named[again",
        ),
    },
}

_ALL_OF_BARE = {why: {**OF_BOTH.get(why, {}), **OF_BARE.get(why, {})} for why in {**OF_BOTH, **OF_BARE}}

LEFT_OUT: dict[str, Entries] = {"canonical": {}, "other": OF_BOTH, "bare": _ALL_OF_BARE}


def entries(shape: str) -> list[str]:
    """Return every entry of a shape."""
    return listed(LEFT_OUT[shape])


def listed(reasons: Entries) -> list[str]:
    """Return the entries of all reasons, as pytest names tests."""
    files = [pair for found in reasons.values() for pair in found.items()]
    return [f"{file}::{test}".removesuffix("::") for file, tests in files for test in tests or ("",)]


def is_left_out(nodeid: str, shape: str) -> bool:
    """Tell whether a test is left out for a shape."""
    name = nodeid.removeprefix("tests/")
    return any(_is_of(name, entry) for entry in entries(shape))


def _is_of(name: str, entry: str) -> bool:
    """Tell whether the test is in the file, is the test, or is one of the cases."""
    return name.startswith(entry) if "[" in entry else name == entry or name.startswith((f"{entry}::", f"{entry}["))


def unnamed(given: Iterable[str], root: Path = TESTS) -> list[str]:
    """Return the entries that name no test there is."""
    return [one for one in given if not _is_there(root, *one.partition("[")[0].partition("::")[::2])]


def _is_there(root: Path, file: str, test: str) -> bool:
    path = root / file
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return not test or any(isinstance(one, ast.FunctionDef) and one.name == test for one in ast.walk(tree))


def caseless(given: Iterable[str], nodeids: Sequence[str]) -> list[str]:
    """Return the entries whose test is among these, but none of its cases."""
    names = [one.removeprefix("tests/") for one in nodeids]
    tests = {name.partition("[")[0] for name in names}
    cases = [one for one in given if "[" in one and one.partition("[")[0] in tests]
    return [one for one in cases if not any(_is_of(name, one) for name in names)]


def repeated(reasons: Entries) -> list[str]:
    """Return the entries that another one says already."""
    found = listed(reasons)
    others = [found[:place] + found[place + 1 :] for place in range(len(found))]
    return [one for one, rest in zip(found, others, strict=True) if any(_is_of(one, other) for other in rest)]
