//! Hears what changes, and tells the browsers of those whom it concerns. Only while there is such a browser.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use connectors::alarm_headline;
use connectors::push::{Push, Pushed};
use engine::account::{Accounts, PushRow};
use engine::alarm;
use engine::desk::{Presence, Stage};
use engine::ids::{AlarmId, ConversationId, EscalationId, MessageId, UserId};
use engine::runner::{Change, News, Told};
use engine::store::Reads;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::words::{Words, words};
use super::{encrypt, remove};
use crate::app::App;
use crate::error::ApiError;

/// Least time between two looks at what changed: thousands of changes a second concern nobody here.
const PACE: Duration = Duration::from_millis(100);
/// Most calls at once: services answer in a fraction of a second.
const AT_ONCE: usize = 64;
/// For how many seconds a demand is worth telling after its time: somebody may still take it.
const LATE_S: i64 = 120;
/// For how many seconds an alarm is.
const ALARM_S: u32 = 15 * 60;
/// For how many seconds a colleague's note is: whoever comes back tomorrow still wants to know.
const MENTION_S: u32 = 24 * 60 * 60;

/// Runs until it is dropped.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        while !any(&app).await {
            app.devices.more.notified().await;
        }
        let Some(mut watcher) = app.engine.watch(None, usize::MAX) else {
            tracing::warn!("too many pages are open: browsers are not told of offers until one closes");
            app.devices.more.notified().await;
            continue;
        };
        let mut teller = Teller::new(Arc::clone(&app)).await;
        app.devices.watched.send_replace(true);
        loop {
            tokio::select! {
                news = watcher.next() => match news {
                    News::Changes(changes) => {
                        teller.hear(changes.into_iter().map(|(_, told)| told)).await;
                        sleep(PACE).await;
                    }
                    News::Missed => {}
                    News::Closed => return,
                },
                Some(_) = teller.calls.join_next() => {}
            }
            if !teller.wanted {
                break;
            }
        }
        app.devices.watched.send_replace(false);
    }
}

async fn any(app: &App) -> bool {
    app.engine.store().pushes().await.is_ok_and(|all| !all.is_empty())
}

/// What one browser is told.
#[derive(Clone, Debug)]
struct Notice {
    title: &'static str,
    body: String,
    /// The page that it opens.
    path: String,
    /// What replaces an earlier notice of the same.
    tag: String,
    ttl_s: u32,
}

struct Teller {
    app: Arc<App>,
    calls: JoinSet<bool>,
    /// Of each open demand, who was told at which stage.
    told: HashMap<EscalationId, BTreeSet<(UserId, u8)>>,
    /// How often each alarm was told of when we looked last.
    alarms: HashMap<AlarmId, u32>,
    /// Whether there is still a browser to tell.
    wanted: bool,
}

impl Teller {
    /// What is there already is no news.
    async fn new(app: Arc<App>) -> Self {
        let alarms = app.engine.alarms().await.unwrap_or_default();
        let alarms = alarms.into_iter().map(|alarm| (alarm.id, alarm.told)).collect();
        Self { app, calls: JoinSet::new(), told: HashMap::new(), alarms, wanted: true }
    }

    async fn hear(&mut self, changes: impl Iterator<Item = Told>) {
        for told in changes {
            let heard = match told {
                Told::One(Change::Escalation { id, state, team, deadline, to, now, .. }) => {
                    let left = (deadline.0 - now.0) / 1_000 + LATE_S;
                    self.escalation(id, state, &team, to, u32::try_from(left.max(1)).unwrap_or(1)).await
                }
                Told::One(Change::Alarm { id, open: true }) => self.alarm(id).await,
                Told::One(Change::Mention { id, conversation, by, to }) => {
                    self.mention(id, conversation, by, &to).await
                }
                Told::Many(kind @ ("escalation" | "alarm" | "mention")) => {
                    tracing::warn!(kind, "more changed at once than is kept: some browsers were not told");
                    Ok(())
                }
                Told::One(_) | Told::Many(_) => Ok(()),
            };
            if let Err(problem) = heard {
                tracing::warn!(?problem, "browsers could not be told");
            }
        }
    }

    /// Somebody is wanted: those to whom it is offered, and the whole team once it is asked, also those whose page is closed.
    async fn escalation(
        &mut self,
        id: EscalationId,
        stage: Stage,
        team: &str,
        mut to: Vec<UserId>,
        ttl_s: u32,
    ) -> Result<(), ApiError> {
        if !matches!(stage, Stage::Offered | Stage::Team | Stage::Missed) {
            self.told.remove(&id);
            return Ok(());
        }
        if stage != Stage::Offered {
            to.extend(self.on_shift(team).await?);
        }
        let told = self.told.entry(id).or_default();
        let new: BTreeSet<UserId> = to.into_iter().filter(|user| told.insert((*user, stage as u8))).collect();
        if new.is_empty() {
            return Ok(());
        }
        let row = self.app.engine.store().escalation(id).await?;
        let talk = row.and_then(|row| row.conversation_id);
        let path = talk.map_or_else(|| "/inbox".to_owned(), |talk| format!("/inbox/{talk}"));
        let notice = |words: &Words, _: &str| Notice {
            title: match stage {
                Stage::Offered => words.offered,
                Stage::Team => words.team,
                _ => words.missed,
            },
            body: words.tap.to_owned(),
            path: path.clone(),
            tag: id.to_string(),
            ttl_s,
        };
        self.tell(|row| new.contains(&row.user), notice).await
    }

    /// Members of a team who did not say that they are away, whether a page of theirs is there or not.
    async fn on_shift(&self, team: &str) -> Result<Vec<UserId>, ApiError> {
        let staff = self.app.engine.staff();
        let members: Vec<UserId> =
            staff.team(team).into_iter().flat_map(|team| team.body.members.iter().map(|member| member.user)).collect();
        let board = self.app.engine.board().await?;
        let works = |user: &UserId| {
            board.agents.get(user).is_some_and(|(agent, _)| !matches!(agent.presence, Presence::Away | Presence::Break))
        };
        Ok(members.into_iter().filter(works).collect())
    }

    /// A colleague names somebody in a note; not themselves.
    async fn mention(
        &mut self,
        id: MessageId,
        talk: ConversationId,
        by: Option<UserId>,
        to: &[UserId],
    ) -> Result<(), ApiError> {
        let notice = |words: &Words, _: &str| Notice {
            title: words.mentioned,
            body: words.read.to_owned(),
            path: format!("/inbox/{talk}"),
            tag: id.to_string(),
            ttl_s: MENTION_S,
        };
        self.tell(|row| to.contains(&row.user) && by != Some(row.user), notice).await
    }

    /// An alarm is told as often as by other channels, and never in quiet hours.
    async fn alarm(&mut self, id: AlarmId) -> Result<(), ApiError> {
        let all = self.app.engine.alarms().await?;
        self.alarms.retain(|known, _| all.iter().any(|alarm| alarm.id == *known));
        let Some(alarm) = all.into_iter().find(|alarm| alarm.id == id && alarm.stage == alarm::Stage::Open) else {
            return Ok(());
        };
        let before = self.alarms.insert(id, alarm.told).unwrap_or(0);
        if alarm.told <= before {
            return Ok(());
        }
        let (kind, key) = (alarm.raise.kind.name(), &alarm.raise.key);
        let team = alarm.raise.customer.as_ref().map(|customer| customer.team.as_str());
        let notice = |words: &Words, language: &str| Notice {
            title: words.alarm,
            body: alarm_headline(language, &kind, key, team).unwrap_or_else(|| alarm.raise.title.clone()),
            path: format!("/alarms?alarm={id}"),
            tag: id.to_string(),
            ttl_s: ALARM_S,
        };
        self.tell(|row| row.alarms, notice).await
    }

    async fn tell(
        &mut self,
        whom: impl Fn(&PushRow) -> bool,
        notice: impl Fn(&Words, &str) -> Notice,
    ) -> Result<(), ApiError> {
        let all = self.app.engine.store().pushes().await?;
        self.wanted = !all.is_empty();
        let users = self.app.engine.store().users().await?;
        for row in all.into_iter().filter(|row| whom(row)) {
            if self.calls.len() >= AT_ONCE {
                tracing::warn!("so many browsers are being told that one was left out");
                continue;
            }
            let own = users.iter().find(|user| user.id == row.user).map(|user| user.language.clone());
            let language = own.filter(|language| !language.is_empty());
            let language = language.unwrap_or_else(|| self.app.sign_in.settings().language.clone());
            let notice = notice(words(&language), &language);
            let app = Arc::clone(&self.app);
            self.calls.spawn(async move { send(&app, row, &notice).await });
        }
        Ok(())
    }
}

/// Tells one browser that telling works; whether it was told.
pub(crate) async fn trial(app: &App, row: PushRow, language: &str) -> bool {
    let words = words(language);
    let notice = Notice {
        title: "Switchboard",
        body: words.trial.to_owned(),
        path: "/settings".to_owned(),
        tag: "trial".to_owned(),
        ttl_s: 60,
    };
    send(app, row, &notice).await
}

/// Tells one browser; one that is gone is forgotten.
async fn send(app: &App, row: PushRow, notice: &Notice) -> bool {
    let Notice { title, body, path, tag, ttl_s } = notice;
    let message: Value = json!({ "title": title, "body": body, "path": path, "tag": tag });
    let sealed = encrypt::encrypt(message.to_string().as_bytes(), &row.p256dh, &row.auth);
    let proof = app.devices.vapid.proof(&row.endpoint, &contact(app), app.clock.now());
    let (Ok(body), Ok(proof)) = (sealed, proof) else {
        tracing::warn!(user = %row.user, "a browser has a key or an address that cannot be used; it is forgotten");
        drop(remove(app, "", row.user, &row.endpoint).await);
        return false;
    };
    let pushed = app.devices.pusher.push(Push { endpoint: row.endpoint.clone(), proof, body, ttl_s: *ttl_s }).await;
    match &pushed {
        Pushed::Taken => {}
        Pushed::Gone => {
            if let Err(problem) = remove(app, "", row.user, &row.endpoint).await {
                tracing::warn!(?problem, "a browser that is gone could not be forgotten; tried again next time");
            }
        }
        Pushed::Failed(why) => tracing::warn!(user = %row.user, why, "a browser could not be told"),
    }
    pushed == Pushed::Taken
}

/// Where a push service finds us: some refuse what is no public address.
fn contact(app: &App) -> String {
    if app.public_url.starts_with("https://") { app.public_url.clone() } else { "mailto:admin@example.com".to_owned() }
}
