//! Which part of the old text became which of the new one, and which of them moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::parts::Part;

/// From which share of equal fields on two steps without ids are the same one, changed.
const ALIKE: f64 = 0.5;
/// Most pairs of parts that are compared field by field: each step of one document with each of another.
const MOST_COMPARED: usize = 600 * 600;

/// Which part became which.
pub(super) fn matched(old: &[Part], new: &[Part]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let (mut free_old, mut free_new): (BTreeSet<usize>, BTreeSet<usize>) =
        ((0..old.len()).collect(), (0..new.len()).collect());
    let pair = |pairs: &mut Vec<_>, free_old: &mut BTreeSet<usize>, free_new: &mut BTreeSet<usize>, one, other| {
        free_old.remove(&one);
        free_new.remove(&other);
        pairs.push((one, other));
    };
    let by_id: HashMap<(&str, &str), usize> =
        new.iter().enumerate().filter_map(|(at, part)| Some(((part.about, part.id.as_deref()?), at))).collect();
    for (before, part) in old.iter().enumerate() {
        let after = part.id.as_deref().and_then(|id| by_id.get(&(part.about, id)));
        if let Some(after) = after.filter(|after| free_new.contains(after)) {
            pair(&mut pairs, &mut free_old, &mut free_new, before, *after);
        }
    }
    let mut equal: HashMap<String, Vec<usize>> = HashMap::new();
    for after in free_new.iter().rev() {
        equal.entry(content(&new[*after])).or_default().push(*after);
    }
    for before in free_old.clone() {
        if let Some(after) = equal.get_mut(&content(&old[before])).and_then(Vec::pop) {
            pair(&mut pairs, &mut free_old, &mut free_new, before, after);
        }
    }
    // More than this is no document that runs: what is left of it came or went.
    let compared = free_old.len() * free_new.len() <= MOST_COMPARED;
    let mut same: Vec<(f64, usize, usize)> = Vec::new();
    for before in free_old.iter().filter(|_| compared) {
        for after in &free_new {
            let (one, other) = (&old[*before], &new[*after]);
            let alike = if one.about == other.about && one.verb == other.verb { likeness(one, other) } else { 0.0 };
            if alike >= ALIKE {
                same.push((alike, *before, *after));
            }
        }
    }
    // The most alike first; where several are, those that stand in the same order.
    same.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    for (_, before, after) in same {
        if free_old.contains(&before) && free_new.contains(&after) {
            pair(&mut pairs, &mut free_old, &mut free_new, before, after);
        }
    }
    pairs.sort_by_key(|(_, after)| *after);
    pairs
}

/// What a part says, whatever it is called and wherever it stands.
fn content(part: &Part) -> String {
    let fields: serde_json::Map<String, serde_json::Value> = part.fields.clone().into_iter().collect();
    format!("{} {} {:?} {}", part.about, part.verb, part.what, serde_json::Value::Object(fields))
}

/// From 0 to 1: the share of fields that are the same, a little more where both stand in the same list.
fn likeness(one: &Part, other: &Part) -> f64 {
    let all: BTreeSet<&String> = one.fields.keys().chain(other.fields.keys()).collect();
    let equal = all.iter().filter(|field| one.fields.get(**field) == other.fields.get(**field)).count();
    let named =
        all.iter().filter(|field| one.fields.contains_key(**field) && other.fields.contains_key(**field)).count();
    let near = if one.list == other.list && one.parent.is_some() == other.parent.is_some() { 0.05 } else { 0.0 };
    let count = u32::try_from(all.len().max(1)).map_or(1.0, f64::from);
    let share = |number: usize| u32::try_from(number).map_or(0.0, f64::from) / count;
    // What does the same with the same fields in the same list is the same step, whatever stands in them.
    let does_what = matches!(one.verb.as_str(), "do" | "wait_for" | "run_flow");
    let same = named == all.len() && (!does_what || one.what == other.what);
    share(equal).max(if same && near > 0.0 { ALIKE } else { 0.0 }) + near
}

/// A list of parts: the part that holds it, and its place there.
type List<'a> = (Option<usize>, &'a str);

/// The new places of parts that stand elsewhere than before: in another list, or not in the order of their fellows.
pub(super) fn moved(
    old: &[Part],
    new: &[Part],
    pairs: &[(usize, usize)],
    back: &HashMap<usize, usize>,
) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    let mut lists: BTreeMap<List<'_>, Vec<(usize, usize)>> = BTreeMap::new();
    for (before, after) in pairs {
        let (one, other) = (&old[*before], &new[*after]);
        let ordered = matches!(one.about, "step" | "rule");
        let same_parent = one.parent.and_then(|parent| back.get(&parent).copied()) == other.parent;
        if ordered && same_parent && one.list == other.list {
            lists.entry((other.parent, &other.list)).or_default().push((one.place, *after));
        } else if ordered {
            out.insert(*after);
        }
    }
    for list in lists.values() {
        let stays = longest_rise(&list.iter().map(|(place, _)| *place).collect::<Vec<_>>());
        out.extend(list.iter().enumerate().filter(|(at, _)| !stays.contains(at)).map(|(_, (_, after))| *after));
    }
    out
}

/// The places of a longest rising row of numbers: what must not move for the others to be in order.
fn longest_rise(numbers: &[usize]) -> BTreeSet<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let before =
            (0..at).filter(|before| numbers[*before] < *number).max_by_key(|before| (best[*before].0, *before));
        best.push((before.map_or(1, |before| best[before].0 + 1), before));
    }
    let mut at = (0..numbers.len()).max_by_key(|at| best[*at].0);
    let mut out = BTreeSet::new();
    while let Some(here) = at {
        out.insert(here);
        at = best[here].1;
    }
    out
}
