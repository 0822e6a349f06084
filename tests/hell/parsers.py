"""Every parser of bytes and texts from outside, or from the disk, and the tests that throw anything at it."""

from __future__ import annotations

PARSERS = {
    "storage.envelope.unpack": (
        "storage/test_sealing::test_any_bytes_are_an_envelope_or_tampered",
        "storage/test_sealing::test_a_well_sealed_box_with_any_content_opens_or_is_tampered",
    ),
    "storage.slots.slot_ids": (
        "storage/test_sealing::test_any_bytes_are_slots_or_tampered",
        "storage/test_sealing::test_a_lock_with_any_bit_of_its_slots_changed_does_not_open",
        "hell/test_parsers::test_whatever_is_offered_as_a_slot_never_replaces_one",
    ),
    "storage.document.parse": (
        "storage/test_document::test_any_bytes_are_a_sealing_error",
        "storage/test_document::test_any_fields_are_a_document_or_a_sealing_error",
        "storage/test_document::test_a_document_with_any_byte_changed_is_damaged",
        "storage/test_document::test_a_document_cut_anywhere_is_cut_short_or_damaged",
    ),
    "storage.document_opening.open_document": (
        "hell/test_parsers::test_whatever_is_sealed_as_answers_and_texts_is_read_or_tampered",
    ),
    "storage.keyfile.load": (
        "storage/test_keyfile::test_any_file_is_a_key_file_error",
        "storage/test_keyfile::test_a_key_file_with_any_character_changed_is_never_taken_for_a_wrong_passphrase",
    ),
    "storage.server_key.KeyRing": ("storage/test_vault::test_any_file_is_a_server_key_or_a_key_file_error",),
    "storage.vault.Vault": (
        "storage/test_vault::test_any_bytes_unwrap_to_nothing_but_an_error",
        "storage/test_vault::test_a_wrapped_box_with_any_bit_changed_does_not_unwrap",
    ),
    "storage.public_key.decode_public": (
        "storage/test_keyfile::test_any_text_is_a_public_key_or_a_key_file_error",
        "storage/test_keyfile::test_one_wrong_character_in_a_public_line_is_found",
    ),
    "storage.slot_line.decode_slot": (
        "storage/test_slot_line::test_a_slip_of_the_hand_is_noticed",
        "hell/test_parsers::test_any_text_is_a_slot_or_tampered",
    ),
    "storage.slot_bundle.decode_slots": (
        "storage/test_bundles::test_a_slip_a_cut_or_something_in_between_is_noticed",
        "storage/test_bundles::test_anything_else_is_no_slots",
    ),
    "storage.file_stream.FileKey": ("hell/test_parsers::test_any_text_is_a_files_key_or_tampered",),
    "handlers.attachments.Upload": ("hell/test_parsers::test_any_text_is_an_upload_or_tampered",),
    "storage.code.read": ("storage/test_return_code::test_any_text_is_a_code_or_none",),
    "storage.keywords.recovery_from_phrase": (
        "storage/test_keywords::test_any_words_are_a_key_or_a_key_file_error",
    ),
    "storage.drafts.read": (
        "hell/test_drafts::test_a_stored_draft_with_any_bit_changed_shows_nothing",
        "hell/test_drafts::test_whatever_another_version_has_stored_is_a_draft_or_tampered_and_is_not_quoted",
    ),
    "storage.outbox.jobs": ("hell/test_stored_rows::test_any_job_is_read_or_tampered",),
    "storage.traces.of_chat": ("hell/test_stored_rows::test_any_trace_is_read_or_tampered",),
    "storage.cases.read": ("hell/test_stored_rows::test_any_facts_are_a_case_or_tampered",),
    "intake.draft.Draft": ("intake/test_draft::test_what_is_read_back_is_what_was_written",),
    "intake.questionnaire_file.load": (
        "intake/test_questionnaire_file::test_any_text_is_read_or_refused",
        "intake/test_questionnaire_file::test_any_edit_of_a_good_file_is_read_or_refused",
        "intake/test_questionnaire_file::test_values_of_the_wrong_kind_are_refused",
    ),
    "intake.sensitive.found_in": (
        "intake/test_sensitive::test_any_text_is_read_and_what_is_found_is_never_part_of_it",
    ),
    "handlers.incoming.parse": ("handlers/test_incoming::test_any_json_is_read_without_an_exception",),
    "handlers.notes.Note": ("hell/test_parsers::test_any_text_is_a_note_or_none",),
    "handlers.turn.take_turn": (
        "hell/test_presses::test_whatever_anybody_presses_or_types_is_answered_and_breaks_nothing",
    ),
    "bot.settings.load_settings": (
        "bot/test_settings::test_any_value_is_either_taken_or_refused_with_its_name",
        "hell/test_parsers::test_any_text_is_a_retention_or_refused",
    ),
    "bot.telegram.Telegram": (
        "hell/test_parsers::test_any_answer_of_a_server_is_a_result_or_our_own_error_without_its_words",
    ),
    "bot.session.LeanSession": (
        "hell/test_answers::test_whatever_a_server_answers_is_a_result_or_an_error_of_ours",
    ),
    "bot.opening.open_text": ("bot/test_opening::test_nothing_that_a_requester_writes_steers_the_terminal",),
}
"""What parses (a function, or the class whose methods do) -> the fuzzing tests, `module::test` below tests/.

The webhook and polling are met by `tests/hell/test_webhook.py` and `test_polling.py`, which run the service; the
sandbox by `tests/sandbox/test_fuzz.py`.
"""
