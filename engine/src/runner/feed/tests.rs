//! Who hears of what.

use futures_util::FutureExt;

use super::*;
use crate::ids::ContactId;

fn contact(id: i64) -> Change {
    Change::Contact { id: ContactId(id) }
}

fn line(up: bool) -> Change {
    Change::Connection { id: "wa".into(), up }
}

fn feed() -> Arc<Feed> {
    Arc::new(Feed::new(At(1_000)))
}

/// What a watcher is told now.
fn told(watcher: &mut Watcher) -> Vec<(u64, Told)> {
    match watcher.next().now_or_never() {
        Some(News::Changes(told)) => told,
        other => panic!("{other:?}"),
    }
}

/// A change at its place, counted from where the feed began.
fn at(place: u64, change: Change) -> (u64, Told) {
    (1_000_000 + place, Told::One(change))
}

#[test]
fn who_watches_hears_what_comes_after_and_once() {
    let feed = feed();
    feed.tell(vec![contact(1)]);
    let mut watcher = feed.watch(None, 20).unwrap();
    assert_eq!(watcher.next().now_or_never(), None);
    feed.tell(vec![contact(2), line(true), contact(3)]);
    assert_eq!(told(&mut watcher), [at(2, contact(2)), at(3, line(true)), at(4, contact(3))]);
    assert_eq!((watcher.next().now_or_never(), watcher.place()), (None, 1_000_004));
}

#[test]
fn who_comes_back_hears_what_was_missed() {
    let feed = feed();
    feed.tell(vec![contact(1), contact(2)]);
    let mut watcher = feed.watch(Some(1_000_001), 20).unwrap();
    assert_eq!(told(&mut watcher), [at(2, contact(2))]);
    let mut first = feed.watch(Some(1_000_000), 20).unwrap();
    assert_eq!(told(&mut first), [at(1, contact(1)), at(2, contact(2))]);
}

#[test]
fn of_many_changes_of_one_thing_the_newest_is_told() {
    let feed = feed();
    let mut watcher = feed.watch(None, 20).unwrap();
    feed.tell(vec![contact(1), line(false), contact(2), contact(1), line(true)]);
    assert_eq!(told(&mut watcher), [at(3, contact(2)), at(4, contact(1)), at(5, line(true))]);
}

#[test]
fn of_many_things_of_a_kind_it_is_told_that_there_are_many() {
    let feed = feed();
    let mut watcher = feed.watch(None, 20).unwrap();
    feed.tell((1..=20).map(contact).collect());
    assert_eq!(told(&mut watcher), (1..=20).map(|n| at(n, contact(n.cast_signed()))).collect::<Vec<_>>());
    feed.tell((1..=21).map(contact).chain([line(true)]).collect());
    let mut patient = feed.watch(Some(1_000_020), usize::MAX).unwrap();
    assert_eq!(told(&mut watcher), [(1_000_041, Told::Many("contact")), at(42, line(true))]);
    assert_eq!(told(&mut patient).len(), 22, "who wants all of them is told all that are kept");
}

#[test]
fn a_crowd_of_one_kind_leaves_the_others_as_they_are() {
    let feed = feed();
    let mut watcher = feed.watch(None, 20).unwrap();
    feed.tell(vec![line(false)]);
    for n in 0..10 * KEPT {
        feed.tell(vec![contact(i64::try_from(n % 3).unwrap())]);
    }
    let behind = 10 * KEPT as u64 + 1;
    assert_eq!(told(&mut watcher), [at(1, line(false)), (1_000_000 + behind, Told::Many("contact"))]);
}

#[test]
fn who_comes_from_another_process_is_told_so_and_goes_on() {
    let feed = feed();
    feed.tell(vec![contact(1)]);
    for place in [999_999, 5, 999_999_999] {
        let mut watcher = feed.watch(Some(place), 20).unwrap();
        assert_eq!(watcher.next().now_or_never(), Some(News::Missed), "{place}");
        feed.tell(vec![contact(7)]);
        assert_eq!(told(&mut watcher).len(), 1, "{place}");
    }
}

#[test]
fn watchers_are_bounded_and_let_go_when_the_engine_closes() {
    let feed = feed();
    let mut watchers: Vec<Watcher> = (0..MOST_WATCHERS).map_while(|_| feed.watch(None, 20)).collect();
    assert_eq!(watchers.len(), MOST_WATCHERS);
    assert!(feed.watch(None, 20).is_none());
    watchers.pop();
    let mut last = feed.watch(None, 20).unwrap();
    feed.close();
    assert_eq!(last.next().now_or_never(), Some(News::Closed));
}
