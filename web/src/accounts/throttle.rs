//! Guessing made slow: per account and per address, in memory.
//!
//! A try is counted when it begins, so that many at once are many. Whoever signed in from an address before has a count of their
//! own there: strangers who guess at somebody's password do not keep them out. A restart forgets the counts.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::account::Hash;
use engine::clock::At;

/// Tries that cost nothing: of an account, and of an address, where many people may sit behind one.
const FREE_ACCOUNT: u32 = 5;
const FREE_ADDRESS: u32 = 30;
/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// After so long without a try, a count is forgotten.
const FORGET: Duration = Duration::from_secs(60 * 60);
/// How long an address that somebody signed in from is known.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Most counts kept. Beyond it the oldest go: an attacker with so many addresses is slowed by the account's count.
const MOST: usize = 20_000;

/// Whose tries are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(Hash),
    Address(IpAddr),
    /// An account from an address it was used from before.
    Known(Hash, IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Count {
    tries: u32,
    last: At,
    /// Whether the log was told that tries are refused now.
    told: bool,
}

#[derive(Default)]
struct Counts {
    tries: HashMap<Key, Count>,
    /// When somebody signed in from there last.
    known: HashMap<(Hash, IpAddr), At>,
}

/// Counts tries.
#[derive(Default)]
pub(super) struct Throttle(Mutex<Counts>);

/// A try that was let through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Try([Key; 2]);

/// A try that came too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    /// When to come again.
    pub(super) after: Duration,
    /// Whether this is the first refusal since tries were last let through: what the log tells.
    pub(super) first: bool,
}

impl Throttle {
    /// Counts a try, or refuses it.
    pub(super) fn begin(&self, account: Hash, address: IpAddr, now: At) -> Result<Try, TooMany> {
        let address = network(address);
        let mut counts = self.lock();
        let known = counts.known.get(&(account, address)).is_some_and(|last| now.since(*last) < KNOWN_FOR);
        let of_account = if known { Key::Known(account, address) } else { Key::Account(account) };
        let keys = [of_account, Key::Address(address)];
        let after = keys.iter().filter_map(|key| counts.tries.get(key).and_then(|count| wait(*key, *count, now))).max();
        if let Some(after) = after {
            let mut first = false;
            for key in keys {
                if let Some(count) = counts.tries.get_mut(&key).filter(|count| wait(key, **count, now).is_some()) {
                    first |= !std::mem::replace(&mut count.told, true);
                }
            }
            return Err(TooMany { after, first });
        }
        for key in keys {
            let count = counts.tries.entry(key).or_insert(Count { tries: 0, last: now, told: false });
            if now.since(count.last) >= FORGET {
                count.tries = 0;
            }
            *count = Count { tries: count.tries.saturating_add(1), last: now, told: false };
        }
        if counts.tries.len() > MOST {
            shed(&mut counts.tries);
        }
        Ok(Try(keys))
    }

    /// It was right, but is not the end of it (a second factor is asked for): the try is given back.
    pub(super) fn give_back(&self, of: Try) {
        let mut counts = self.lock();
        for key in of.0 {
            if let Some(count) = counts.tries.get_mut(&key) {
                count.tries = count.tries.saturating_sub(1);
            }
        }
    }

    /// It was right: the account's count ends, the address is known from now on.
    pub(super) fn succeeded(&self, of: Try, account: Hash, address: IpAddr, now: At) {
        self.give_back(of);
        let mut counts = self.lock();
        counts.tries.remove(&of.0[0]);
        counts.known.insert((account, network(address)), now);
        if counts.known.len() > MOST {
            let mut times: Vec<At> = counts.known.values().copied().collect();
            let middle = times.len() / 2;
            let middle = *times.select_nth_unstable(middle).1;
            counts.known.retain(|_, last| *last > middle);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Nothing in here can panic half way, so what a poisoned lock guards is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long `key` has to wait still: 1 s after the free tries, then twice as long each time.
fn wait(key: Key, count: Count, now: At) -> Option<Duration> {
    let free = if matches!(key, Key::Address(_)) { FREE_ADDRESS } else { FREE_ACCOUNT };
    let over = count.tries.checked_sub(free)?;
    let pause = Duration::from_secs(1 << over.min(10)).min(LONGEST);
    pause.checked_sub(now.since(count.last)).filter(|left| !left.is_zero())
}

/// Half of the counts, the older ones.
fn shed(tries: &mut HashMap<Key, Count>) {
    let mut times: Vec<At> = tries.values().map(|count| count.last).collect();
    let middle = times.len() / 2;
    let middle = *times.select_nth_unstable(middle).1;
    tries.retain(|_, count| count.last > middle);
}

/// The network an address belongs to: of IPv6 everybody has 2^64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => IpAddr::V4(ip),
            None => IpAddr::V6((u128::from(ip) & !u128::from(u64::MAX)).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn second(n: i64) -> At {
        At(n * 1000)
    }

    #[test]
    fn after_five_tries_each_waits_twice_as_long_as_the_one_before() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin([1; 32], ip(HERE), second(0)).unwrap();
        }
        let refused = throttle.begin([1; 32], ip(HERE), second(0)).unwrap_err();
        assert_eq!(refused, TooMany { after: Duration::from_secs(1), first: true });
        assert!(!throttle.begin([1; 32], ip(HERE), second(0)).unwrap_err().first, "the log is told once");
        throttle.begin([1; 32], ip(HERE), second(1)).unwrap();
        assert_eq!(throttle.begin([1; 32], ip(HERE), second(1)).unwrap_err().after, Duration::from_secs(2));
        throttle.begin([2; 32], ip(HERE), second(1)).unwrap();
    }

    #[test]
    fn an_address_that_tries_many_accounts_is_slowed_and_its_ipv6_network_is_one() {
        let throttle = Throttle::default();
        for n in 0..FREE_ADDRESS {
            let address = ip(&format!("2001:db8::{n:x}"));
            throttle.begin([u8::try_from(n).unwrap(); 32], address, second(0)).unwrap();
        }
        assert!(throttle.begin([200; 32], ip("2001:db8::ffff"), second(0)).is_err());
        assert!(throttle.begin([200; 32], ip("2001:db8:1::1"), second(0)).is_ok());
    }

    #[test]
    fn strangers_do_not_keep_somebody_out_where_they_signed_in_before() {
        let throttle = Throttle::default();
        let good = throttle.begin([1; 32], ip(HERE), second(0)).unwrap();
        throttle.succeeded(good, [1; 32], ip(HERE), second(0));
        for _ in 0..5 {
            throttle.begin([1; 32], ip("198.51.100.7"), second(1)).unwrap();
        }
        assert!(throttle.begin([1; 32], ip("198.51.100.8"), second(1)).is_err(), "the account is slow for strangers");
        assert!(throttle.begin([1; 32], ip(HERE), second(1)).is_ok());
    }

    #[test]
    fn a_right_password_ends_the_count_and_an_hour_forgets_it() {
        let throttle = Throttle::default();
        for _ in 0..4 {
            throttle.begin([1; 32], ip(HERE), second(0)).unwrap();
        }
        let good = throttle.begin([1; 32], ip(HERE), second(0)).unwrap();
        throttle.succeeded(good, [1; 32], ip(HERE), second(0));
        for _ in 0..12 {
            let _ = throttle.begin([1; 32], ip(HERE), second(0));
        }
        assert!(throttle.begin([1; 32], ip(HERE), second(0)).is_err());
        assert!(throttle.begin([1; 32], ip(HERE), second(3600)).is_ok());
        assert!(throttle.begin([1; 32], ip(HERE), second(3600)).is_ok(), "the count began anew");
    }
}
