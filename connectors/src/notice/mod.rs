//! What people who work here are told, the same in every channel: a headline, facts, an address, buttons.
//!
//! A channel's connector writes a [`Notice`] in its own markup and nothing else; texts of ours come in five languages,
//! texts of others (a reason, a customer's name) stay as they are.

mod alarms;
mod chat;
mod words;

use chrono::DateTime;
use engine::capability::human::{NOT_LINKED, NotifyEscalation};
use engine::capability::notify::{AlarmState, Level, Press, Send, TellAlarm};

pub(crate) use chat::{Chat, Rooms, tell_alarm, tell_escalation, tell_said};
pub(crate) use words::Language;

/// The headline of an alarm of `kind` in `language`, BCP 47; nothing where the engine's English is all there is. `key` says what it is
/// about: `connection/hubspot-main`; `team` is the one that let a customer wait.
#[must_use]
pub fn alarm_headline(language: &str, kind: &str, key: &str, team: Option<&str>) -> Option<String> {
    alarms::told(Language::of(language), kind, key, team).map(|(title, _)| title)
}

/// One thing to tell.
#[derive(Debug, PartialEq)]
pub(crate) struct Notice {
    /// One line; empty when there is only a text.
    pub(crate) title: String,
    /// What it is about, one line or more.
    pub(crate) text: String,
    /// Name and value, in the order to be read.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Until when, UTC seconds since 1970: channels that can show it in the reader's own time zone.
    pub(crate) until: Option<i64>,
    /// Where it is opened in the browser, and what the link says.
    pub(crate) open: Option<(&'static str, String)>,
    /// What can be pressed.
    pub(crate) buttons: Vec<Button>,
    /// How much it matters.
    pub(crate) level: Level,
    /// The message to change instead of sending one.
    pub(crate) earlier: Option<String>,
}

/// A button.
#[derive(Debug, PartialEq)]
pub(crate) struct Button {
    /// What pressing it means.
    pub(crate) press: Press,
    /// What stands on it.
    pub(crate) label: &'static str,
    /// The escalation or alarm it is about.
    pub(crate) subject: String,
}

impl Notice {
    /// How an escalation stands.
    pub(crate) fn of_escalation(input: &NotifyEscalation, language: Language) -> Self {
        let words = language.words();
        if input.state == NOT_LINKED {
            return Self::of_stranger(input, language);
        }
        let (title, level) = match input.state.as_str() {
            "offered" => (words.offered, Level::Alarm),
            "team" => (words.to_team, Level::Alarm),
            "missed" => (words.missed, Level::Alarm),
            "taken" => (words.taken, Level::Info),
            "out_of_hours" => (words.out_of_hours, Level::Warning),
            other => (other, Level::Warning),
        };
        let title = match &input.by {
            Some(by) if input.state == "taken" => format!("{title}: {by}"),
            _ => title.to_owned(),
        };
        let waits = matches!(input.state.as_str(), "offered" | "team");
        let until = if waits { seconds(&input.deadline) } else { None };
        let facts = [(words.team, &input.team), (words.customer, &input.customer)];
        let presses: &[Press] = match input.state.as_str() {
            "offered" | "team" => &[Press::Take, Press::Decline],
            // Late is better than never.
            "missed" | "out_of_hours" => &[Press::Take],
            _ => &[],
        };
        Self {
            title,
            text: input.reason.clone(),
            facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(n, v)| (n, v.clone())).collect(),
            until,
            open: input.url.clone().map(|url| (words.open, url)),
            buttons: presses.iter().map(|press| language.button(*press, &input.escalation)).collect(),
            level,
            earlier: input.earlier.clone(),
        }
    }

    /// Somebody pressed a button whom nobody here is known as: how that is mended.
    fn of_stranger(input: &NotifyEscalation, language: Language) -> Self {
        let words = language.words();
        let name = input.by.as_deref().filter(|name| !name.is_empty());
        Self {
            title: name.map_or(words.not_linked.to_owned(), |name| format!("{name}: {}", words.not_linked)),
            text: words.how_to_link.to_owned(),
            facts: vec![(words.your_id, input.reason.clone())],
            until: None,
            open: input.url.clone().map(|url| (words.open, url)),
            buttons: Vec::new(),
            level: Level::Warning,
            earlier: None,
        }
    }

    /// How an alarm stands. Elsewhere than in English the engine's own words, which know more, stand below ours.
    pub(crate) fn of_alarm(input: &TellAlarm, language: Language) -> Self {
        let words = language.words();
        let state = match input.state {
            AlarmState::Open if input.repeat > 0 => format!("{} ({})", words.still_open, input.repeat),
            AlarmState::Open => String::new(),
            AlarmState::Acknowledged => words.acknowledged.to_owned(),
            AlarmState::Ended => words.ended.to_owned(),
        };
        let waited = input.waits_s.map(|waited| format!("{}:{:02} {}", waited / 60, waited % 60, words.minutes));
        let about = [(words.team, input.team.clone()), (words.customer, input.customer.clone()), (words.waits, waited)];
        let mut facts: Vec<_> = about.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        if !state.is_empty() {
            facts.push((words.state, state));
        }
        if let Some(by) = &input.by {
            facts.push((words.by, by.clone()));
        }
        let open = input.state == AlarmState::Open && !input.alarm.is_empty();
        let (title, text) = match alarms::told(language, &input.kind, &input.key, input.team.as_deref()) {
            // What the engine knows more of a customer who waits is in the facts.
            Some((title, text)) if input.team.is_some() => (title, text.to_owned()),
            Some((title, text)) => (title, format!("{text}\n{}", input.text)),
            None => (input.title.clone(), input.text.clone()),
        };
        Self {
            title,
            text,
            facts,
            until: None,
            open: input.url.clone().map(|url| (words.open, url)),
            buttons: if open { vec![language.button(Press::Acknowledge, &input.alarm)] } else { Vec::new() },
            level: if input.state == AlarmState::Open { input.level } else { Level::Info },
            earlier: input.earlier.clone(),
        }
    }

    /// What a flow tells.
    pub(crate) fn of_send(input: &Send) -> Self {
        Self {
            title: input.title.clone().unwrap_or_default(),
            text: input.text.clone(),
            facts: Vec::new(),
            until: None,
            open: None,
            buttons: Vec::new(),
            level: input.level,
            earlier: None,
        }
    }

    /// The same with the whole address of a page of ours: the engine names a path, such as `/inbox/cnv_…`.
    pub(crate) fn seen_from(mut self, public_url: &str) -> Self {
        if let Some((_, url)) = &mut self.open {
            *url = whole(url, public_url);
        }
        self
    }

    /// A sign before the headline, for channels without colours.
    pub(crate) fn sign(&self) -> &'static str {
        match self.level {
            Level::Info => "",
            Level::Warning => "⚠️ ",
            Level::Alarm => "🔔 ",
        }
    }

    /// The whole as plain text, without the address.
    pub(crate) fn plain(&self) -> String {
        let title = if self.title.is_empty() { String::new() } else { format!("{}{}", self.sign(), self.title) };
        let facts = self.facts.iter().map(|(name, value)| format!("{name}: {value}"));
        let until = self.until.and_then(clock).map(|time| format!("⏱ {time}"));
        let lines = [title, self.text.clone()].into_iter().chain(facts).chain(until);
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// A page's address: a path is one of ours.
pub(crate) fn whole(url: &str, public_url: &str) -> String {
    if url.starts_with('/') { format!("{public_url}{url}") } else { url.to_owned() }
}

/// RFC 3339 as UTC seconds since 1970.
fn seconds(time: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(time).ok().map(|time| time.timestamp())
}

/// UTC seconds as `09:00:20 UTC`.
pub(crate) fn clock(seconds: i64) -> Option<String> {
    DateTime::from_timestamp(seconds, 0).map(|time| time.format("%H:%M:%S UTC").to_string())
}

/// The beginning of `text` in at most `most` characters, 1 or more; a cut ends in `…`.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// The beginning of `text` in at most `most` bytes after `write` spelled each character; a cut ends in `…`.
pub(crate) fn clipped(text: &str, most: usize, write: impl Fn(char, &mut String)) -> String {
    const GAP: char = '…';
    let mut out = String::new();
    // Where a cut may be made so that the gap still fits.
    let mut cut = 0;
    for letter in text.chars() {
        write(letter, &mut out);
        if out.len() > most {
            out.truncate(cut);
            out.push(GAP);
            break;
        }
        if out.len() + GAP.len_utf8() <= most {
            cut = out.len();
        }
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use engine::clock::At;
    use engine::connector::{Call, OpenContext};

    use super::*;

    /// An escalation as the engine tells it; `esc_0000000000001` of the team `care`.
    pub(crate) fn escalation(state: &str) -> NotifyEscalation {
        NotifyEscalation {
            escalation: "esc_0000000000001".into(),
            state: state.into(),
            team: "care".into(),
            reason: "complaint <!channel> & more".into(),
            customer: "Li Wei · +8613800138000".into(),
            deadline: "2026-01-01T00:00:20.000Z".into(),
            run: "run_0000000000001".into(),
            url: Some("/inbox/cnv_1".into()),
            ..NotifyEscalation::default()
        }
    }

    pub(crate) fn alarm(state: AlarmState) -> TellAlarm {
        TellAlarm {
            alarm: "alm_0000000000001".into(),
            key: "connection/hubspot-main".into(),
            kind: "connection_down".into(),
            title: "hubspot-main is down".into(),
            text: "It answers 401. Sign in again.".into(),
            level: Level::Alarm,
            url: Some("/connections".into()),
            repeat: 0,
            state,
            channel: None,
            earlier: None,
            by: None,
            team: None,
            customer: None,
            waits_s: None,
        }
    }

    /// Somebody whom nobody took, and who waits for 75 seconds.
    pub(crate) fn missed() -> TellAlarm {
        TellAlarm {
            key: "escalation/esc_0000000000001".into(),
            kind: "escalation_missed".into(),
            title: "Nobody of Customer care took a customer in time".into(),
            text: "The customer still waits.".into(),
            url: Some("/inbox/cnv_0000000000001".into()),
            team: Some("Customer care".into()),
            customer: Some("Li Wei · +8613800138000".into()),
            waits_s: Some(75),
            ..alarm(AlarmState::Open)
        }
    }

    pub(crate) fn said(text: &str) -> Send {
        Send { to: None, title: Some("Stock".into()), text: text.into(), level: Level::Info }
    }

    pub(crate) fn call() -> Call {
        Call { key: "run_1/2".into(), attempt: 1, tries: 0, now: At(1_760_000_000_000), address: None, phone: None }
    }

    /// A connection that may call the sandbox.
    pub(crate) fn context() -> OpenContext {
        let _ = rustls::crypto::ring::default_provider().install_default();
        OpenContext { id: "n".into(), public_url: "https://flows.test".into(), allow_private_network: true }
    }

    #[test]
    fn an_offer_can_be_taken_or_declined_and_a_taken_one_says_by_whom() {
        let offered = Notice::of_escalation(&escalation("offered"), Language::En);
        let presses: Vec<_> = offered.buttons.iter().map(|button| button.press).collect();
        assert_eq!(presses, [Press::Take, Press::Decline]);
        assert_eq!(offered.until, Some(1_767_225_620));
        let taken = NotifyEscalation { by: Some("Ana".into()), ..escalation("taken") };
        let taken = Notice::of_escalation(&taken, Language::It);
        assert!(taken.title.ends_with(": Ana") && taken.buttons.is_empty() && taken.until.is_none(), "{taken:?}");
        assert_eq!(Notice::of_escalation(&escalation("missed"), Language::En).buttons.len(), 1);
    }

    #[test]
    fn whoever_is_not_linked_reads_their_id_and_what_to_do_with_it() {
        for language in [Language::En, Language::Zh, Language::Ru, Language::Ar, Language::It] {
            let by = Some("Leo".into());
            let input = NotifyEscalation { by, reason: "U0LEO".into(), ..escalation(NOT_LINKED) };
            let notice = Notice::of_escalation(&input, language);
            assert!(notice.buttons.is_empty() && notice.title.starts_with("Leo: "), "{notice:?}");
            assert!(notice.plain().contains("U0LEO") && !notice.text.is_empty(), "{notice:?}");
        }
    }

    #[test]
    fn an_alarm_is_acknowledged_once_and_a_trial_never() {
        assert_eq!(Notice::of_alarm(&alarm(AlarmState::Open), Language::En).buttons[0].press, Press::Acknowledge);
        for state in [AlarmState::Acknowledged, AlarmState::Ended] {
            assert!(Notice::of_alarm(&alarm(state), Language::En).buttons.is_empty());
        }
        let trial = TellAlarm { alarm: String::new(), ..alarm(AlarmState::Open) };
        assert!(Notice::of_alarm(&trial, Language::En).buttons.is_empty());
        let again = TellAlarm { repeat: 2, ..alarm(AlarmState::Open) };
        assert!(Notice::of_alarm(&again, Language::En).plain().contains("(2)"));
    }

    #[test]
    fn an_alarm_speaks_the_language_of_its_channel_and_keeps_what_the_engine_said() {
        let notice = Notice::of_alarm(&alarm(AlarmState::Open), Language::It);
        assert_eq!(notice.title, "La connessione hubspot-main è ferma");
        assert!(notice.text.ends_with("\nIt answers 401. Sign in again."), "{}", notice.text);
        assert_eq!(Notice::of_alarm(&alarm(AlarmState::Open), Language::En).title, "hubspot-main is down");
    }

    #[test]
    fn an_alarm_of_a_missed_customer_says_of_which_team_who_and_for_how_long() {
        for (language, lines) in [
            (Language::En, ["Nobody of Customer care", "Customer: Li Wei · +8613800138000", "Waits for: 1:15 min"]),
            (Language::Ru, ["Customer care", "Клиент: Li Wei · +8613800138000", "Ждёт: 1:15 мин"]),
            (Language::Ar, ["Customer care", "العميل: Li Wei · +8613800138000", "ينتظر منذ: 1:15 د"]),
        ] {
            let notice = Notice::of_alarm(&missed(), language).seen_from("https://flows.test");
            assert!(notice.title.contains(lines[0]), "{}", notice.title);
            assert!(lines[1..].iter().all(|line| notice.plain().contains(line)), "{}", notice.plain());
            assert_eq!(notice.open.unwrap().1, "https://flows.test/inbox/cnv_0000000000001");
        }
    }

    #[test]
    fn a_cut_falls_between_characters_and_fits() {
        let double = |letter: char, out: &mut String| out.extend([letter, letter]);
        assert_eq!(clipped("abcd", 8, double), "aabbccdd");
        assert_eq!(clipped("abcde", 9, double), "aabbcc…");
        let long = "é".repeat(50);
        let cut = clipped(&long, 20, |letter, out| out.push(letter));
        assert!(cut.len() <= 20 && cut.ends_with('…'), "{cut}");
    }
}
