//! How many people an hour needs, by Erlang's C formula (`engine/DECISIONS/0029`).

/// Most people that are tried.
const MOST: u32 = 1_000;

/// What comes in, and what is promised.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    /// Conversations that come in an hour.
    pub(super) arrivals: f64,
    /// How long somebody has one, in seconds.
    pub(super) handling_s: f64,
    /// How many conversations one person has at once; at least 1.
    pub(super) places: u32,
    /// Within how many seconds it is to be taken.
    pub(super) within_s: f64,
    /// By which share of them.
    pub(super) share: f64,
}

impl Demand {
    /// The fewest people with whom the promise holds.
    pub(super) fn needed(&self) -> u32 {
        if self.arrivals <= 0.0 || self.handling_s <= 0.0 {
            return 0;
        }
        let load = self.arrivals * self.handling_s / 3_600.0;
        let places = self.places.max(1);
        let (mut busy, mut place) = (1.0, 0);
        for people in 1..MOST {
            while place < people * places {
                place += 1;
                // Erlang's B formula, place by place.
                busy = load * busy / (f64::from(place) + load * busy);
            }
            if self.kept(load, f64::from(place), busy) >= self.share {
                return people;
            }
        }
        MOST
    }

    /// The share that is taken in time, with so many `places` of which all are busy with probability `busy` when nobody waits.
    fn kept(&self, load: f64, places: f64, busy: f64) -> f64 {
        if places <= load {
            return 0.0;
        }
        let waits = busy / (1.0 - load / places * (1.0 - busy));
        1.0 - waits * (-(places - load) * self.within_s / self.handling_s).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The textbook's example: 100 calls in half an hour, three minutes each, one at a time: ten erlangs.
    fn textbook(share: f64) -> Demand {
        Demand { arrivals: 200.0, handling_s: 180.0, places: 1, within_s: 20.0, share }
    }

    #[test]
    fn the_textbooks_example_needs_fourteen_people_for_four_of_five_in_twenty_seconds() {
        assert_eq!(textbook(0.80).needed(), 14);
        // The same by the formula as it is printed: sums of powers over factorials.
        let waits = |places: i32| {
            let mut terms = vec![1.0f64];
            (1..=places).for_each(|n| terms.push(terms[terms.len() - 1] * 10.0 / f64::from(n)));
            let last = terms[terms.len() - 1] * f64::from(places) / (f64::from(places) - 10.0);
            last / (terms[..terms.len() - 1].iter().sum::<f64>() + last)
        };
        let kept = |places: i32| 1.0 - waits(places) * (-(f64::from(places) - 10.0) * 20.0 / 180.0).exp();
        assert!(kept(13) < 0.80 && kept(14) >= 0.80, "{} {}", kept(13), kept(14));
        let fewest = (11..30).find(|places| kept(*places) >= 0.95);
        assert_eq!(fewest.map(|places| u32::try_from(places).unwrap()), Some(textbook(0.95).needed()));
    }

    #[test]
    fn who_has_several_at_once_is_worth_several_places() {
        let alone = textbook(0.95).needed();
        let six = Demand { places: 6, ..textbook(0.95) }.needed();
        assert_eq!(six, alone.div_ceil(6));
    }

    #[test]
    fn nothing_needs_nobody_and_anything_somebody() {
        assert_eq!(Demand { arrivals: 0.0, ..textbook(0.95) }.needed(), 0);
        assert_eq!(Demand { arrivals: 0.01, places: 6, ..textbook(0.95) }.needed(), 1);
        assert_eq!(Demand { arrivals: 1e9, ..textbook(0.95) }.needed(), 1_000, "it ends");
    }
}
