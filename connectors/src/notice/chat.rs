//! Telling in a chat of people who work here: the earlier message is changed where there is one, else a new one is sent. Every chat
//! does so in the same way and differs in its calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::capability::human::NotifyEscalation;
use engine::capability::notify::{Send, TellAlarm, Told};
use engine::connector::{Problem, Verdict};

use super::{Language, Notice};

/// Where in a service people are told, in which language, and from which address of ours.
pub(crate) struct Rooms {
    /// Whoever is told when nothing else is said.
    pub(crate) place: String,
    /// Other places by team.
    pub(crate) teams: BTreeMap<String, String>,
    /// Language of the messages.
    pub(crate) language: Language,
    /// Our own address.
    pub(crate) own: Arc<str>,
}

impl Rooms {
    /// Where `team` is told, unless a place is `asked` for.
    fn of<'a>(&'a self, team: &str, asked: Option<&'a str>) -> &'a str {
        asked.unwrap_or_else(|| self.teams.get(team).unwrap_or(&self.place))
    }
}

/// A service with places to write to, whose messages can be changed.
pub(crate) trait Chat: Sync {
    /// Who is told here.
    fn rooms(&self) -> &Rooms;

    /// Refuses what is no place of this service.
    fn check_place(&self, place: &str) -> Result<(), Problem>;

    /// Changes the message `earlier`; `None` when it is gone or cannot be changed any more.
    fn change(&self, notice: &Notice, earlier: &str)
    -> impl Future<Output = Option<Verdict<Told>>> + std::marker::Send;

    /// Sends a message.
    fn send(&self, notice: &Notice, place: &str) -> impl Future<Output = Verdict<Told>> + std::marker::Send;
}

/// Tells how an escalation stands.
pub(crate) async fn tell_escalation(chat: &impl Chat, input: &NotifyEscalation) -> Verdict<Told> {
    let rooms = chat.rooms();
    let notice = Notice::of_escalation(input, rooms.language).seen_from(&rooms.own);
    tell(chat, &notice, rooms.of(&input.team, input.channel.as_deref())).await
}

/// Tells how an alarm stands.
pub(crate) async fn tell_alarm(chat: &impl Chat, input: &TellAlarm) -> Verdict<Told> {
    let rooms = chat.rooms();
    let notice = Notice::of_alarm(input, rooms.language).seen_from(&rooms.own);
    tell(chat, &notice, rooms.of("", input.channel.as_deref())).await
}

/// Tells what a flow says.
pub(crate) async fn tell_said(chat: &impl Chat, input: &Send) -> Verdict<Told> {
    tell(chat, &Notice::of_send(input), chat.rooms().of("", input.to.as_deref())).await
}

async fn tell(chat: &impl Chat, notice: &Notice, place: &str) -> Verdict<Told> {
    if let Err(problem) = chat.check_place(place) {
        return Verdict::Refused(problem);
    }
    if let Some(earlier) = &notice.earlier
        && let Some(verdict) = chat.change(notice, earlier).await
    {
        return verdict;
    }
    chat.send(notice, place).await
}
