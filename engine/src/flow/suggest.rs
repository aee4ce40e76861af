//! "Did you mean": the known name that is nearest to an unknown one.

use crate::sentence;
use crate::sentence::Sentence;

/// Most names that are looked at: more are in no document that is taken, and a problem must not take long to tell.
pub(super) const MOST_NAMES: usize = 1_000;

/// The nearest of `known`, when it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let letters = name.chars().count();
    let far = (letters / 3).clamp(1, 4).min(letters.saturating_sub(1));
    let begins = |candidate: &&str| letters >= 4 && candidate.to_lowercase().starts_with(&lower);
    let known: Vec<&str> = known.into_iter().take(MOST_NAMES).collect();
    known
        .iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
        .or_else(|| known.iter().copied().find(begins))
}

/// A hint: the nearest name, else all of them.
pub(crate) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Sentence {
    if let Some(nearest) = nearest(name, known.clone()) {
        return sentence!("did you mean `{name}`?", name = nearest);
    }
    let all: Vec<&str> = known.into_iter().collect();
    match all.len() {
        0 => Sentence::default(),
        1..=24 => sentence!("there are: {names}", names = all.join(", ")),
        _ => sentence!("there are {n} names, such as {names}", n = all.len(), names = all[..8].join(", ")),
    }
}

/// Edits (insert, delete, replace, swap of neighbours) that make one text the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_letters_are_one_edit() {
        assert_eq!(distance("tehn", "then"), 1);
        assert_eq!(nearest("tehn", ["then", "else"]), Some("then"));
    }

    #[test]
    fn a_name_unlike_all_others_suggests_none() {
        assert_eq!(nearest("wombat", ["then", "else"]), None);
        assert_eq!(hint("wombat", ["then", "else"]).to_string(), "there are: then, else");
    }
}
