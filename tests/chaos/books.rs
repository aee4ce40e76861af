//! The checker: compares what was taken with the providers' books, once everything has come to its end.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use connectors::sandbox::{Books, Object};
use serde_json::{Value, json};

use super::load::{PROBE, Taken, Wish};
use super::world::World;
use crate::process::list;

/// What the checker found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Effects that were to happen.
    pub(super) effects: usize,
    /// Those that did not.
    pub(super) lost: usize,
    /// Those that happened once more, each time.
    pub(super) doubled: usize,
    /// Notes of a regular that stand before an earlier one.
    pub(super) disordered: usize,
    /// Those that came later than they may.
    pub(super) late: usize,
    /// Sends of which nobody can know whether they happened: they wait for a person, and are neither lost nor repeated.
    pub(super) unknown: usize,
    /// How long after the message, or after the last fault, the slowest effect came, in milliseconds.
    pub(super) slowest_ms: u64,
    /// What was wrong, in words: the first few.
    pub(super) wrong: Vec<String>,
}

/// Most wrongs that are told.
const TOLD: usize = 12;

/// Messages whose calls needed a person.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    /// Orders of whose confirmation nobody can know whether it was sent.
    pub(super) doubts: BTreeSet<String>,
    /// Those about whose ticket a person decided, as all tries were used up: others have passed it meanwhile.
    pub(super) decided: BTreeSet<String>,
}

/// Waits until nothing goes on, and every call that is left is one that the books cannot clear up. A person decides about tickets
/// whose tries were used up, by looking into the books.
pub(super) async fn settled(world: &World) -> People {
    let decided = RefCell::new(BTreeSet::new());
    let doubts = world.until("all comes to its end", async || at_rest(world, &decided).await).await;
    People { doubts: doubts.into_iter().collect(), decided: decided.into_inner() }
}

async fn at_rest(world: &World, decided: &RefCell<BTreeSet<String>>) -> Result<Vec<String>, String> {
    let figures = world.ask("/system").await?["figures"].clone();
    if figures["inputs"] != 0 || figures["planned"] != 0 {
        return Err(figures.to_string());
    }
    let books = world.place.sandbox.books();
    let mut doubts = Vec::new();
    // Runs with calls that are planned, under way, in doubt or parked.
    for status in ["working", "needs_attention"] {
        let runs = world.ask(&format!("/runs?limit=500&status={status}")).await?;
        for run in list(&runs, "runs") {
            let run = world.ask(&format!("/runs/{}", run["id"].as_str().unwrap_or_default())).await?;
            doubts.push(doubt(world, &run, &books, decided).await?);
        }
    }
    Ok(doubts)
}

/// The order of a run whose confirmation nobody can know of; an error while the run may still go on.
async fn doubt(
    world: &World,
    run: &Value,
    books: &Books,
    decided: &RefCell<BTreeSet<String>>,
) -> Result<String, String> {
    let body = &run["trigger"]["body"];
    let id = body["order"]["id"].as_str().or(body["text"].as_str()).unwrap_or_default();
    let [call] = list(run, "effects") else { return Err(format!("it goes on: {}", run["status"])) };
    let key = call["key"].as_str().unwrap_or_default();
    let provable = books.messages.iter().any(|message| message.callback.as_deref() == Some(key));
    match (call["action"].as_str(), call["state"].as_str()) {
        (Some("whatsapp.send_template"), Some("in_doubt" | "parked")) if !provable => Ok(id.to_owned()),
        (Some("crm.create_ticket"), Some("parked")) => {
            decided.borrow_mut().insert(id.to_owned());
            let made = books.tickets().iter().find(|ticket| subject_of(ticket) == id);
            let (way, body) = match made {
                Some(ticket) => ("settle", json!({ "output": { "id": ticket.id, "created": true } })),
                None => ("retry", json!({})),
            };
            world.tell(&format!("/attention/{}/{way}", call["id"].as_str().unwrap_or_default()), &body).await;
            Err(format!("a person decides: {way} {call}"))
        }
        _ => Err(format!("provable: {provable}, {call}")),
    }
}

/// What the ticket is about: the message's id is the second word.
fn subject_of(ticket: &Object) -> &str {
    ticket.properties["subject"].split(' ').nth(1).unwrap_or_default()
}

/// Compares one round's messages with the books. `calm_ms` is when the last fault was over, `late_ms` how long effects may take
/// after that and after their message.
pub(super) fn count(books: &Books, taken: &[Taken], people: &People, calm_ms: u64, late_ms: u64) -> Count {
    let mut tickets: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for ticket in books.tickets() {
        tickets.entry(subject_of(ticket)).or_default().push((ticket.id.parse().unwrap_or(0), ticket.created_ms));
    }
    let mut confirmed: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for message in books.templates_sent("order_confirmation") {
        confirmed.entry(&*message.params["order"]).or_default().push(message.at_ms);
    }
    let mut count = Count::default();
    let mut last: BTreeMap<usize, u64> = BTreeMap::new();
    for one in taken {
        let from_ms = one.at_ms.max(calm_ms);
        let decided = people.decided.contains(&one.id);
        // Nobody counts the time that a person takes.
        let late_ms = if decided { u64::MAX } else { late_ms };
        let made = tickets.remove(&*one.id).unwrap_or_default();
        let times: Vec<u64> = made.iter().map(|(_, at_ms)| *at_ms).collect();
        count.effect(&format!("the ticket of {}", one.id), &times, 1, (from_ms, late_ms));
        match one.wish {
            Wish::Order if people.doubts.contains(&one.id) => count.unknown(&one.id, confirmed.remove(&*one.id)),
            Wish::Order => {
                let times = confirmed.remove(&*one.id).unwrap_or_default();
                count.effect(&format!("the confirmation of {}", one.id), &times, 1, (from_ms, late_ms));
            }
            Wish::Note { .. } if decided => {}
            Wish::Note { regular } => {
                let number = made.first().map_or(u64::MAX, |(number, _)| *number);
                if last.insert(regular, number).is_some_and(|before| before > number) {
                    count.disordered += 1;
                    count.wrong(format!("{}: before the one before it", one.id));
                }
            }
        }
    }
    for id in tickets.into_keys().chain(confirmed.into_keys()).filter(|id| *id != PROBE) {
        count.doubled += 1;
        count.wrong(format!("{id}: an effect of a message that nobody sent"));
    }
    count
}

impl Count {
    fn effect(&mut self, what: &str, times: &[u64], expected: usize, (from_ms, late_ms): (u64, u64)) {
        self.effects += expected;
        self.lost += expected.saturating_sub(times.len());
        self.doubled += times.len().saturating_sub(expected);
        if times.len() != expected {
            self.wrong(format!("{what}: {} times", times.len()));
        }
        let took_ms = times.iter().min().map_or(0, |at_ms| at_ms.saturating_sub(from_ms));
        self.slowest_ms = self.slowest_ms.max(took_ms);
        if took_ms > late_ms {
            self.late += 1;
            self.wrong(format!("{what}: {took_ms} ms late"));
        }
    }

    /// A send that waits for a person must not be in the books: if it is, its proof was lost.
    fn unknown(&mut self, id: &str, times: Option<Vec<u64>>) {
        self.effects += 1;
        self.unknown += 1;
        if let Some(times) = times {
            self.doubled += times.len();
            self.wrong(format!("the confirmation of {id}: in doubt, and in the books {} times", times.len()));
        }
    }

    fn wrong(&mut self, words: String) {
        if self.wrong.len() < TOLD {
            self.wrong.push(words);
        }
    }

    /// Adds what another round of the same fault showed.
    pub(super) fn add(&mut self, more: Self) {
        self.effects += more.effects;
        self.lost += more.lost;
        self.doubled += more.doubled;
        self.disordered += more.disordered;
        self.late += more.late;
        self.unknown += more.unknown;
        self.slowest_ms = self.slowest_ms.max(more.slowest_ms);
        more.wrong.into_iter().for_each(|words| self.wrong(words));
    }

    /// Whether nothing is wrong.
    pub(super) fn clean(&self) -> bool {
        self.wrong.is_empty()
    }
}

mod tests {
    use connectors::sandbox::Message;

    use super::*;

    fn ticket(number: u64, subject: &str, created_ms: u64) -> Object {
        let properties = [("subject".to_owned(), subject.to_owned())].into();
        Object { id: number.to_string(), properties, created_ms, updated_ms: created_ms }
    }

    fn confirmation(order: &str, at_ms: u64) -> Message {
        let params = [("order".to_owned(), order.to_owned())].into();
        Message { template: Some("order_confirmation".to_owned()), params, at_ms, ..Message::default() }
    }

    fn books(tickets: Vec<Object>, messages: Vec<Message>) -> Books {
        Books { objects: [("tickets".to_owned(), tickets)].into(), messages, ..Books::default() }
    }

    fn taken(id: &str, wish: Wish) -> Taken {
        Taken { id: id.to_owned(), wish, at_ms: 1_000 }
    }

    fn in_doubt(ids: &[&str]) -> People {
        People { doubts: ids.iter().map(|id| (*id).to_owned()).collect(), ..People::default() }
    }

    #[test]
    fn what_is_lost_doubled_disordered_and_late_is_counted() {
        let note = Wish::Note { regular: 0 };
        let all = [taken("A", Wish::Order), taken("B", Wish::Order), taken("C", note), taken("D", note)];
        let good = books(
            vec![
                ticket(1, "Order A · x", 1_100),
                ticket(2, "Order B · x", 1_100),
                ticket(3, "Note C", 1_100),
                ticket(4, "Note D", 1_900),
            ],
            vec![confirmation("A", 1_200)],
        );
        let found = count(&good, &all, &in_doubt(&["B"]), 0, 1_000);
        assert_eq!((found.effects, found.unknown, found.slowest_ms, found.clean()), (6, 1, 900, true), "{found:?}");

        let bad = books(
            vec![
                ticket(1, "Order A · x", 9_000),
                ticket(2, "Order A · x", 9_500),
                ticket(4, "Note C", 1_100),
                ticket(3, "Note D", 1_100),
            ],
            vec![confirmation("A", 1_200), confirmation("Z", 1_200)],
        );
        let found = count(&bad, &all, &People::default(), 0, 1_000);
        // The ticket and the confirmation of B; A's second ticket and Z; D before C; A's ticket.
        assert_eq!((found.lost, found.doubled, found.disordered, found.late), (2, 2, 1, 1), "{found:?}");
        let sent_all_the_same = count(&good, &all, &in_doubt(&["A", "B"]), 0, 1_000);
        assert_eq!((sent_all_the_same.doubled, sent_all_the_same.unknown), (1, 2), "{sent_all_the_same:?}");
    }
}
