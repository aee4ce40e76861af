//! What PostgreSQL takes in place of the words of our statements, which are written for SQLite.
//!
//! Everything else is kept within what both understand: `case when` for `iif` and `max(a, b)`, `is not distinct from` for `is`,
//! `on conflict` for `insert or …`, `cast(… as bigint)` around a sum.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// What is written differently; parameters, `?` and `?1`, are `$1`.
const WORDS: [(&str, &str); 4] = [
    // In SQLite it keeps the order of the tables; the planner of PostgreSQL finds its own.
    (" cross join ", " join "),
    ("json_each(?) as wanted", "unnest(?) as wanted (value)"),
    ("randomblob(16)", "uuid_send(gen_random_uuid())"),
    ("x''", "'\\x'::bytea"),
];

/// A statement for one row.
pub(super) fn one(text: &'static str) -> Arc<str> {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    cached(&TEXTS, text, |text| numbered(&words(text), |n| format!("${n}")))
}

/// A statement for many rows, each with as many values as the statement has parameters, which come as one list a column. Of an
/// update or deletion it answers the first value of every row that was touched.
pub(super) fn many(text: &'static str) -> Arc<str> {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    cached(&TEXTS, text, |text| for_many(&words(text)))
}

/// A question that is asked many times: its values come as one list a column, after a list of numbers, and before each answer
/// stands the number of what it answers.
pub(super) fn question(text: &'static str) -> Arc<str> {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    cached(&TEXTS, text, |text| {
        let text = words(text);
        let columns: Vec<usize> = (1..=count(&text)).collect();
        let lists: String = columns.iter().map(|n| format!(", ${}", n + 1)).collect();
        let names: String = columns.iter().map(|n| format!(", c{n}")).collect();
        let asked = numbered(&text, |n| format!("v.c{n}"));
        format!("select v.n, answer.* from unnest($1{lists}) as v (n{names}) cross join lateral ({asked}) as answer")
    })
}

/// The table that a statement writes.
pub(super) fn table(text: &str) -> &str {
    let rest = ["insert into ", "update ", "delete from "].iter().find_map(|verb| text.strip_prefix(verb));
    rest.and_then(|rest| rest.split(' ').next()).unwrap_or_default()
}

/// Texts that were translated, by where they are: every one is a constant.
type Texts = RwLock<HashMap<(usize, usize), Arc<str>>>;

fn cached(texts: &OnceLock<Texts>, text: &'static str, make: impl Fn(&str) -> String) -> Arc<str> {
    let texts = texts.get_or_init(Texts::default);
    let place = (text.as_ptr().addr(), text.len());
    if let Some(known) = texts.read().unwrap_or_else(PoisonError::into_inner).get(&place) {
        return Arc::clone(known);
    }
    let made: Arc<str> = make(text).into();
    texts.write().unwrap_or_else(PoisonError::into_inner).insert(place, Arc::clone(&made));
    made
}

fn words(text: &str) -> String {
    WORDS.iter().fold(text.to_owned(), |text, (ours, theirs)| text.replace(ours, theirs))
}

/// The text with its parameters, outside of quotes, written by `name`.
fn numbered(text: &str, name: impl Fn(usize) -> String) -> String {
    let (mut out, mut last, mut quoted) = (String::with_capacity(text.len()), 0, false);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\'' {
            quoted = !quoted;
        }
        if char != '?' || quoted {
            out.push(char);
            continue;
        }
        let mut digits = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let n = digits.parse().unwrap_or(last + 1);
        last = last.max(n);
        out.push_str(&name(n));
    }
    out
}

fn count(text: &str) -> usize {
    let most = std::cell::Cell::new(0);
    numbered(text, |n| {
        most.set(most.get().max(n));
        String::new()
    });
    most.get()
}

fn for_many(text: &str) -> String {
    let columns: Vec<usize> = (1..=count(text)).collect();
    let list = |before: &str| columns.iter().map(|n| format!("{before}{n}")).collect::<Vec<_>>().join(", ");
    let source = format!("unnest({}) as v ({})", list("$"), list("c"));
    let text = numbered(text, |n| format!("v.c{n}"));
    if let Some((head, tail)) = text.split_once(" values (") {
        // No value of ours holds a bracket.
        let (values, tail) = tail.split_once(')').unwrap_or((tail, ""));
        return format!("{head} select {values} from {source}{tail}");
    }
    let verb = if text.starts_with("delete") { "using" } else { "from" };
    let (head, condition) = text.split_once(" where ").unwrap_or((&text, "true"));
    format!("{head} {verb} {source} where {condition} returning v.c1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_for_one_row_differs_in_its_parameters_and_a_few_words() {
        assert_eq!(&*one("select '?' from a where b = ? and c = ?"), "select '?' from a where b = $1 and c = $2");
        assert_eq!(
            &*one("update a set b = ?2 where id = ?1 and c < ?2"),
            "update a set b = $2 where id = $1 and c < $2"
        );
        assert_eq!(
            &*one("select 1 from json_each(?) as wanted cross join a on a.id = wanted.value"),
            "select 1 from unnest($1) as wanted (value) join a on a.id = wanted.value"
        );
    }

    #[test]
    fn a_statement_for_many_rows_takes_lists() {
        assert_eq!(
            &*many("insert into a (id, b, c) values (?, '', ?) on conflict (id) do update set b = excluded.b"),
            "insert into a (id, b, c) select v.c1, '', v.c2 from unnest($1, $2) as v (c1, c2) \
             on conflict (id) do update set b = excluded.b"
        );
        assert_eq!(
            &*many("update a set b = ?2 where id = ?1 and not exists (select 1 from c where d > ?2)"),
            "update a set b = v.c2 from unnest($1, $2) as v (c1, c2) \
             where id = v.c1 and not exists (select 1 from c where d > v.c2) returning v.c1"
        );
        assert_eq!(
            &*many("delete from a where id = ?"),
            "delete from a using unnest($1) as v (c1) where id = v.c1 returning v.c1"
        );
    }

    #[test]
    fn a_question_that_is_asked_many_times_numbers_its_answers() {
        assert_eq!(
            &*question("select id from a where b = ? and c = ?"),
            "select v.n, answer.* from unnest($1, $2, $3) as v (n, c1, c2) \
             cross join lateral (select id from a where b = v.c1 and c = v.c2) as answer"
        );
    }

    #[test]
    fn the_table_of_a_statement_is_known() {
        for text in ["insert into a (id) values (?)", "update a set b = 1", "delete from a where id = ?"] {
            assert_eq!(table(text), "a");
        }
    }
}
