"""The table of promises: for each kind of datum and each adversary, what holds and which tests prove it.

The README's table is made from this (`make promises`), and a test keeps them together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

COLUMNS = (
    "Telegram",
    "stolen database or backup, without the server key",
    "seized server, with its keys",
    "operators' group",
    "operator who holds the case",
    "other operators",
    "admin",
)

NOTES = (
    (
        "(1) Not shown; but ciphertext and the key of an operator who has a slot open the case. The slots of all "
        "active operators last until the case is closed, with `SLOTS_AFTER_CLAIM=holder` until it is claimed; then "
        "those of the leads and of the recovery key remain."
    ),
    (
        "(2) In the instant before the message with the code has gone out, that message waits here, sealed with the "
        "server's key, with its chat."
    ),
)


@dataclass(frozen=True, slots=True)
class Cell:
    says: str
    tests: tuple[str, ...]
    """`module::test` below tests/; a parametrised test counts as often as it has cases."""


@dataclass(frozen=True, slots=True)
class Row:
    datum: str
    cells: tuple[Cell, ...]
    """One for each column."""


def _cells(*pairs: tuple[str, str]) -> tuple[Cell, ...]:
    return tuple(Cell(says, tuple(tests.split())) for says, tests in pairs)


_PHONE = "promises/test_phone_trace"
_LEAKS = "promises/test_leaks"
_STOLEN = "promises/test_stolen_database"
_SEIZED = "promises/test_seized_server"
_FILES = "promises/test_seized_files"
_KEYS = "promises/test_operator_keys"
_PEOPLE = "promises/test_people"
_FORM = "promises/test_ciphertext"
_NOWHERE = (
    f"{_LEAKS}::test_nothing_planted_is_found_anywhere_in_any_phase_of_many_lives "
    f"{_LEAKS}::test_a_planted_leak_is_caught "
    f"{_STOLEN}::test_files_and_log_tell_nothing_at_any_moment_of_whole_lives"
)
_HIDDEN = f"{_PEOPLE}::test_nobody_but_the_holder_is_shown_words_or_sealed_answers"
_NO_SLOT = (
    f"{_HIDDEN} {_KEYS}::test_the_file_for_the_holder_carries_no_slot_but_theirs "
    f"{_KEYS}::test_slots_after_claim_holder_leaves_the_holder_the_leads_and_recovery "
    f"{_KEYS}::test_after_a_case_is_closed_only_leads_and_recovery_open_it"
)
_HOLDER = (
    f"{_PEOPLE}::test_the_holder_opens_answers_words_and_replies "
    f"{_KEYS}::test_an_active_operators_key_opens_exactly_the_cases_with_a_slot_for_it "
    f"{_KEYS}::test_every_box_opens_in_its_own_place_only"
)
_ADMIN = f"{_HIDDEN} {_PEOPLE}::test_the_admin_is_shown_counts_and_nothing_of_a_request"
_UNNAMED = (
    f"{_PEOPLE}::test_nobody_is_shown_account_name_or_username "
    f"{_LEAKS}::test_nothing_planted_is_found_anywhere_in_any_phase_of_many_lives"
)
_BLOCK = f"{_PEOPLE}::test_a_block_is_a_keyed_hash_with_an_end"
_HOUR = f"{_PEOPLE}::test_nobody_is_shown_the_minute_of_a_request_that_is_no_emergency"
_SAID = f"{_PEOPLE}::test_the_notice_says_what_telegram_knows_and_promises_no_anonymity"
_PROCESS = "promises/test_process"
_LAST = f"{_PHONE}::test_nothing_that_could_have_been_deleted_is_left_a_minute_before_telegram_refuses"

TABLE = (
    Row(
        "closed answers, pressed in the chat",
        _cells(
            (
                "yes, until wiped",
                (
                    f"{_PHONE}::test_sending_wipes_the_chat_down_to_one_screen "
                    f"{_PHONE}::test_stop_leaves_one_neutral_line "
                    f"{_PHONE}::test_wipe_deletes_everything_and_says_what_it_cannot_delete {_LAST}"
                ),
            ),
            (
                "no",
                f"{_NOWHERE} {_FORM}::test_all_that_is_sealed_has_one_size_and_all_wrapped_values_of_a_kind_as_well",
            ),
            (
                "only while the request is being written",
                (
                    f"{_SEIZED}::test_closed_answers_are_readable_only_while_the_draft_is_open "
                    f"{_SEIZED}::test_a_draft_that_was_left_is_readable_no_longer_than_its_time "
                    f"{_SEIZED}::test_an_emergency_is_sealed_when_its_questions_are_over "
                    f"{_SEIZED}::test_what_is_wrapped_says_what_is_listed_and_nothing_else"
                ),
            ),
            (
                "a summary that several share",
                (
                    f"{_PEOPLE}::test_in_the_group_a_combination_that_few_share_is_withheld {_HIDDEN} "
                    "intake/test_anonymity::test_whatever_is_shown_is_true_of_at_least_k_requests_so_far"
                ),
            ),
            ("yes", _HOLDER),
            ("not shown (1)", _NO_SLOT),
            ("no", _ADMIN),
        ),
    ),
    Row(
        "free text, typed in the chat",
        _cells(
            (
                "yes, until deleted (at once)",
                f"{_PHONE}::test_a_text_is_deleted_as_soon_as_it_is_sealed {_LAST}",
            ),
            ("no", f"{_NOWHERE} {_FORM}::test_the_same_words_never_look_the_same_twice"),
            ("no (only in the instant it arrives)", f"{_SEIZED}::test_free_text_is_never_readable"),
            ("no", _HIDDEN),
            ("yes", _HOLDER),
            ("not shown (1)", _NO_SLOT),
            ("no", _ADMIN),
        ),
    ),
    Row(
        "operators' replies, and the files they send",
        _cells(
            (
                "yes, until they disappear",
                (
                    f"{_PHONE}::test_a_reply_disappears_after_the_set_hours "
                    f"{_PHONE}::test_a_reply_disappears_although_the_service_was_down_when_it_should_have "
                    f"{_PHONE}::test_a_reply_fetched_with_the_code_disappears_as_well"
                ),
            ),
            ("no", _NOWHERE),
            (
                (
                    "those not delivered yet; with a return code, and of sealed files until their code comes back, "
                    "none (2)"
                ),
                (
                    f"{_SEIZED}::test_a_reply_is_readable_until_it_is_delivered_and_not_after "
                    f"{_SEIZED}::test_a_reply_to_a_return_code_is_never_readable "
                    f"{_FILES}::test_a_file_sent_as_it_is_is_readable_until_it_is_delivered_and_not_after "
                    f"{_FILES}::test_a_sealed_file_is_not_readable_while_it_waits_for_its_code "
                    f"{_FILES}::test_a_file_for_a_return_code_is_never_readable"
                ),
            ),
            ("no", _HIDDEN),
            ("yes", _HOLDER),
            ("not shown (1)", _NO_SLOT),
            ("no", _ADMIN),
        ),
    ),
    Row(
        "account, chat address",
        _cells(
            ("yes", _SAID),
            ("no", _NOWHERE),
            (
                (
                    "while the case is open, or a message must still be deleted (47 h at most); with a return code, "
                    "never tied to the case (2)"
                ),
                (
                    f"{_SEIZED}::test_the_chat_is_readable_while_the_case_is_open_or_a_message_must_still_be_deleted "
                    f"{_SEIZED}::test_a_case_with_a_return_code_names_no_account "
                    f"{_SEIZED}::test_every_column_is_clear_wrapped_or_sealed_as_listed"
                ),
            ),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
        ),
    ),
    Row(
        "that an account is blocked",
        _cells(
            ("yes", _SAID),
            ("no", _BLOCK),
            ("yes, as a keyed hash (accounts can be tried one by one), until it ends", _BLOCK),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
        ),
    ),
    Row(
        "name, username, phone number",
        _cells(
            ("yes", _SAID),
            ("not stored", _NOWHERE),
            ("not stored", f"{_SEIZED}::test_names_usernames_and_numbers_are_not_stored"),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
            ("no", _UNNAMED),
        ),
    ),
    Row(
        "when, to the minute",
        _cells(
            ("yes", _SAID),
            (
                "no (the day only)",
                (
                    f"{_FORM}::test_every_number_in_the_clear_is_a_day_or_is_justified "
                    f"{_FORM}::test_two_cases_of_one_day_differ_in_no_clear_value_but_their_keys "
                    f"{_FORM}::test_the_order_of_rows_is_the_order_of_random_keys_and_says_nothing_of_arrival "
                    f"{_FORM}::test_no_table_has_row_numbers_and_every_key_is_random_or_hashed"
                ),
            ),
            (
                "open drafts and timers",
                f"{_SEIZED}::test_times_are_days_but_for_open_drafts_timers_and_the_hour_of_a_case",
            ),
            ("emergencies only", _HOUR),
            ("the hour", _HOUR),
            ("no", _HOUR),
            ("no", _HOUR),
        ),
    ),
    Row(
        "monthly counts",
        _cells(
            ("no", _UNNAMED),
            ("no", "storage/test_tallies::test_a_month_is_wrapped_and_of_one_size"),
            ("yes", f"{_SEIZED}::test_what_is_wrapped_says_what_is_listed_and_nothing_else"),
            ("no", f"{_PEOPLE}::test_nobody_but_an_admin_is_shown_counts"),
            ("no", f"{_PEOPLE}::test_nobody_but_an_admin_is_shown_counts"),
            ("no", f"{_PEOPLE}::test_nobody_but_an_admin_is_shown_counts"),
            (
                "yes, small cells suppressed",
                (
                    f"{_PEOPLE}::test_the_admin_is_shown_counts_and_nothing_of_a_request "
                    "handlers/test_stats::test_no_part_below_the_limit_is_shown_or_follows"
                ),
            ),
        ),
    ),
)

ALSO = (
    Row(
        "on the phone",
        _cells(
            ("/stop is one tap from every screen", f"{_PHONE}::test_stop_is_one_tap_from_every_screen"),
            (
                "a code is shown for a minute, longer if asked",
                (
                    f"{_PHONE}::test_the_message_with_the_code_lives_a_minute_or_longer_on_request "
                    f"{_PHONE}::test_the_message_with_the_code_goes_at_once_when_it_is_written_down"
                ),
            ),
            (
                "what must be deleted is noted sealed, and forgotten",
                f"{_PHONE}::test_what_must_be_deleted_is_noted_sealed_and_in_one_size_and_forgotten_when_done",
            ),
        ),
    ),
    Row(
        "keys",
        _cells(
            ("a revoked operator's key opens nothing", f"{_KEYS}::test_a_revoked_operators_key_opens_none"),
            (
                "forged, swapped and replayed boxes and slots are noticed",
                (
                    f"{_KEYS}::test_a_box_that_was_exchanged_is_noticed_by_the_server "
                    f"{_KEYS}::test_a_message_that_was_replayed_is_noticed_by_the_server "
                    f"{_KEYS}::test_a_lock_that_was_exchanged_is_noticed_by_server_and_opener "
                    f"{_KEYS}::test_a_public_key_that_was_exchanged_is_noticed_by_the_opener"
                ),
            ),
        ),
    ),
    Row(
        "erasing",
        _cells(
            (
                "what is past its time goes, category by category, and is in no file",
                (
                    "storage/test_retention::test_cases_past_their_retention_are_erased_with_their_locks "
                    "storage/test_retention::test_what_was_written_goes_after_its_days_though_the_case_stays "
                    "storage/test_retention_files::test_nothing_erased_is_left_in_the_files"
                ),
            ),
            (
                "whoever should act hears of the end a week before, once",
                "handlers/test_end_notices::test_the_holder_hears_of_it_a_week_before_and_once",
            ),
            (
                "leads' copies go as well",
                "handlers/test_copies::test_erasing_takes_the_leads_copy_at_once_and_no_other",
            ),
        ),
    ),
    Row(
        "the process",
        _cells(
            (
                "no core dump, nothing in arguments or environment",
                (
                    f"{_PROCESS}::test_hardening_makes_the_process_undumpable "
                    f"{_PROCESS}::test_the_service_leaves_no_core_dump "
                    f"{_PROCESS}::test_arguments_name_no_secret_and_neither_they_nor_the_environment_a_requester "
                    f"{_PROCESS}::test_a_leak_into_arguments_or_environment_is_caught"
                ),
            ),
            (
                "logs hold no requester",
                (
                    f"{_STOLEN}::test_a_turn_that_fails_logs_its_place_and_nothing_else "
                    "service/test_traces::test_the_log_has_no_line_for_a_single_turn"
                ),
            ),
        ),
    ),
)
"""Promises that are no cell of the table; `make promises` counts their checks as well."""


def every_cell() -> Iterator[tuple[str, str, Cell]]:
    """(row, column, cell); what is not of the table has its own words for a column."""
    for row in TABLE:
        for column, cell in zip(COLUMNS, row.cells, strict=True):
            yield row.datum, column, cell
    for row in ALSO:
        for cell in row.cells:
            yield row.datum, cell.says, cell


def as_markdown() -> str:
    """The README's table."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    lines += [f"| {row.datum} | " + " | ".join(cell.says for cell in row.cells) + " |" for row in TABLE]
    return "\n".join([*lines, "", *(f"{note}\n" for note in NOTES)]).rstrip()
