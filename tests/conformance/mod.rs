//! What every database behind the engine promises. A driver passes when each of these functions does.
//!
//! The suite knows nothing of a driver but [`Driver`]; `store_conformance!` makes one test of each promise.
#![allow(clippy::unwrap_used, reason = "these are tests, though a library holds them")]

pub mod accounts;
pub mod board;
pub mod chain;
pub mod contacts;
pub mod effects;
pub mod erasure;
pub mod figures;
pub mod forgetting;
pub mod gates;
pub mod groups;
pub mod life;
pub mod make;
pub mod measure;
pub mod members;
pub mod past;
pub mod people;
pub mod receiving;
pub mod retention;
pub mod talks;
pub mod turns;

use std::future::Future;

use engine::account::Accounts;
use engine::store::{Contacts, Editing, Pages, PeopleFigures, Reads, Retention, Store, Talks};

/// A fresh, empty database that can be opened again.
pub trait Driver: Sized {
    /// The store it opens.
    type Store: Store + Reads + Pages + Talks + PeopleFigures + Accounts + Editing + Contacts + Retention;

    /// Whether there is no such database here: it said so, and its tests are skipped.
    #[must_use]
    fn missing() -> bool {
        false
    }

    /// An empty database.
    fn fresh() -> impl Future<Output = Self>;

    /// Opens it as a process that writes `strand`.
    fn open(&self, strand: i64) -> impl Future<Output = Self::Store>;

    /// Closes a store that was opened.
    fn close(&self, store: Self::Store) -> impl Future<Output = ()>;

    /// All bytes of it that are on disk, after what was deleted has been removed for good; and what is packed in them.
    fn bytes(&self, store: &Self::Store) -> impl Future<Output = Vec<u8>>;

    /// Alters one stored journal row behind the store's back.
    fn tamper(&self, journal: engine::ids::JournalId) -> impl Future<Output = ()>;

    /// Deletes one stored journal row behind the store's back.
    fn lose(&self, journal: engine::ids::JournalId) -> impl Future<Output = ()>;
}

/// Makes a test of every promise, for one driver.
#[macro_export]
macro_rules! store_conformance {
    ($driver:ty) => {
        $crate::store_conformance!($driver;
            receiving: a_repeated_delivery_is_one_event,
            receiving: the_same_delivery_at_the_same_instant_is_one_event,
            receiving: receipts_come_in_the_order_of_arrivals,
            receiving: people_with_the_same_phone_are_one_contact,
            receiving: what_is_known_of_a_customer_is_not_changed_at_the_door,
            receiving: an_event_without_a_party_goes_to_the_mailbox_it_names,
            receiving: inputs_are_read_oldest_first_in_pages,
            receiving: a_status_never_goes_down,
            receiving: a_status_brings_the_key_that_its_message_has_not,
            receiving: a_failure_does_not_overwrite_a_delivery,
            receiving: a_status_that_comes_before_the_message_joins_it,
            receiving: a_bad_item_is_kept,
            effects: a_withdrawn_effect_does_not_start,
            effects: an_effect_in_flight_cannot_be_withdrawn,
            effects: an_effect_in_doubt_can_be_withdrawn,
            effects: an_effect_starts_once,
            effects: a_closed_window_does_not_start,
            effects: an_effect_past_its_deadline_does_not_start,
            effects: every_move_names_the_state_it_starts_from,
            effects: operations_on_one_effect_keep_their_order,
            effects: a_parked_effect_waits_for_a_person,
            effects: effects_are_read_by_state_oldest_first,
            effects: proof_of_an_effect_in_doubt_becomes_one_input,
            effects: a_status_that_somebody_listens_to_is_one_event_of_its_sender,
            effects: proof_unparks_what_may_have_happened,
            effects: proof_of_an_effect_under_way_is_found_later,
            turns: a_mailbox_reads_back_what_was_committed,
            turns: a_mailbox_looks_back_on_its_last_events,
            turns: an_ended_run_leaves_the_mailbox,
            turns: a_row_that_changes_is_read_back_changed,
            turns: a_wait_is_closed_once,
            turns: what_a_run_waits_for_is_listed,
            turns: an_armed_wait_with_the_same_key_is_replaced,
            turns: waits_fall_due_in_order,
            turns: tags_are_counted_by_source,
            turns: one_version_of_a_flow_is_live,
            turns: every_flow_is_listed_once,
            turns: versions_of_open_runs_are_read_at_start,
            turns: an_event_made_twice_is_stored_once,
            turns: the_greatest_id_is_known,
            talks: a_conversation_reads_back_as_people_left_it,
            talks: boxes_list_their_conversations_by_what_was_said_last,
            talks: a_list_shows_what_its_reader_may_see,
            talks: conversations_are_found_by_their_contact,
            talks: what_people_said_is_read_with_its_statuses,
            talks: a_key_is_used_once_in_a_conversation,
            talks: a_message_of_a_flow_does_not_start_while_a_person_talks,
            talks: notes_are_found_by_whom_they_name_those_not_looked_at_first,
            talks: what_people_said_of_an_erased_person_is_gone,
            talks: answers_about_conversations_are_read_by_time,
            figures: closed_sessions_are_read_by_time,
            figures: what_was_said_and_what_ran_is_read_by_time_in_order,
            figures: a_subjects_journal_is_read_from_a_time_on,
            gates: a_letter_is_there_until_it_is_handled,
            gates: a_work_that_fails_says_nothing,
            gates: a_letter_to_somebody_who_is_erased_is_gone,
            gates: events_of_a_burst_are_read_back_while_they_wait,
            gates: a_wait_that_is_armed_again_is_replaced,
            groups: a_failed_work_fails_alone,
            groups: works_split_into_groups_differently_leave_the_same_rows,
            groups: what_was_answered_survives_a_new_start,
            chain: blocks_chain_and_every_row_is_in_one_block,
            chain: rows_are_counted_up_to_the_blocks_seen,
            chain: an_altered_row_does_not_match_its_leaf,
            chain: an_anchor_covers_every_strand,
            chain: a_new_start_anchors_only_what_is_not_yet,
            chain: salts_prove_data_until_they_are_erased,
            retention: what_is_old_enough_goes_and_the_chain_holds,
            retention: nothing_goes_that_something_needs,
            retention: a_row_that_is_gone_without_a_record_is_found,
            retention: an_altered_row_is_not_removed,
            retention: what_people_did_is_not_removed,
            retention: a_repeated_delivery_is_known_as_long_as_its_event,
            retention: a_check_while_rows_go_finds_nothing_wrong,
            retention: what_is_in_use_is_known,
            retention: what_is_in_use_falls_with_what_goes,
            erasure: an_erased_person_is_gone_and_the_chain_holds,
            erasure: an_erased_person_is_gone_from_the_pages_of_others,
            forgetting: what_was_nobodys_and_told_of_an_erased_person_is_gone,
            forgetting: somebody_who_never_was_a_contact_is_forgotten_by_number,
            forgetting: what_the_crm_told_of_a_contact_goes_with_its_number,
            forgetting: a_mailbox_of_nobody_knows_what_was_erased_in_it,
            erasure: a_failure_told_after_an_erasure_leaves_no_words,
            erasure: a_check_while_people_are_erased_finds_nothing_wrong,
            erasure: a_mailbox_in_memory_does_not_bring_an_erased_person_back,
            erasure: a_delivery_repeated_after_erasure_brings_nobody_back,
            people: runs_are_listed_newest_first_in_pages,
            people: a_contact_is_found_by_id_phone_and_address,
            people: a_persons_data_are_all_there,
            people: escalations_are_open_until_taken,
            board: who_waits_is_read_at_once,
            board: the_desk_is_its_open_rows,
            board: a_day_of_escalations_is_counted,
            contacts: a_number_leads_to_whom_its_contact_joined,
            contacts: what_is_kept_of_contacts_reads_back_until_they_are_erased,
            members: contacts_are_paged_by_id_and_narrowed_by_a_tag,
            members: a_contacts_own_event_is_stored_once,
            members: what_found_a_person_for_others_is_forgotten_with_them,
            past: what_nothing_understood_is_grouped_by_its_normalised_text,
            past: hits_of_rules_are_counted_by_the_day,
            past: operations_over_tags_go_on_where_they_were,
            past: only_the_newest_of_what_nothing_understood_are_kept,
            past: history_is_read_oldest_first_with_what_was_known,
            past: a_version_reads_back_as_the_kind_it_is,
            life: a_publication_is_kept_until_it_is_over,
            life: a_first_hour_never_goes_back_until_it_is_another,
            life: held_starts_are_listed_by_flow_and_trigger_in_pages,
            life: waiting_runs_are_counted_by_version_and_place,
            accounts: a_refused_change_leaves_nothing,
            accounts: a_person_changes_from_the_revision_that_was_read,
            accounts: a_providers_subject_is_one_person,
            accounts: the_last_active_admin_stays,
            accounts: what_works_once_works_once,
            accounts: sessions_end,
            accounts: tokens_settings_and_connections_are_read_back,
            accounts: teams_and_agents_are_read_back_with_names,
            accounts: browsers_are_told_until_their_owner_leaves,
        );
    };
    ($driver:ty; $($module:ident: $promise:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                if !<$driver as $crate::conformance::Driver>::missing() {
                    $crate::conformance::$module::$promise::<$driver>().await;
                }
            }
        )*
    };
}
