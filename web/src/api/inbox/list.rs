//! Conversations by box, with how many there are, and one of them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::clock::At;
use engine::contact::SESSION_IDLE;
use engine::expr::text::normalise;
use engine::ids::{ConversationId, MailboxId, RunId, UserId};
use engine::inbox::Place;
use engine::run::Plan;
use engine::store::{EffectState, ListedTalk, RunStatus, Sight, Store, TalkKey, TalkQuery, TalkWay, Talks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::colleagues::{Colleague, Names};
use super::view::Talk;
use super::{mentions, sight};
use crate::accounts::Who;
use crate::api::Answer;
use crate::api::extract::{Id, Limit, Params};
use crate::api::view::Time;
use crate::app::App;
use crate::error::ApiError;

/// Which conversations.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "InboxBox")]
pub(crate) enum Which {
    /// One's own.
    Mine,
    /// Open, nobody's, and a human is wanted.
    Unassigned,
    /// Those of one's teams, or of `team`.
    Team,
    /// Every open one.
    #[default]
    All,
    /// Closed ones.
    Closed,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxFilter")]
pub(crate) struct Filter {
    #[serde(default, rename = "box")]
    which: Which,
    /// Handed to this team.
    team: Option<String>,
    /// Held by this one.
    agent: Option<UserId>,
    /// Whose contact's name or number holds this.
    text: Option<String>,
    /// Whose contact has this tag.
    tag: Option<String>,
    /// `next` of the page before.
    after: Option<TalkPlace>,
    #[serde(default)]
    limit: Limit,
}

/// A place in the list, as text: when something was said there last, and which.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String")]
pub(crate) struct TalkPlace(TalkKey);

impl fmt::Display for TalkPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0.0.0, self.0.1)
    }
}

impl From<TalkPlace> for String {
    fn from(place: TalkPlace) -> Self {
        place.to_string()
    }
}

impl FromStr for TalkPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('-').and_then(|(at, id)| Some((At(at.parse().ok()?), id.parse().ok()?)));
        parts.map(Self).ok_or_else(|| "after: `next` of the page before".to_owned())
    }
}

impl TryFrom<String> for TalkPlace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Conversations, the one in which something was said last first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Conversations {
    conversations: Vec<Talk>,
    counts: Counts,
    next: Option<TalkPlace>,
}

/// How many there are; counting ends at 1 000.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxCounts")]
struct Counts {
    mine: u32,
    unassigned: u32,
    all: u32,
    /// Notes that name whoever asks and are new to them.
    mentions: u32,
}

const ALWAYS: (At, At) = (At(i64::MIN), At(i64::MAX));

/// Every open one. What only flows have is open for a day after its last message.
fn open(now: At) -> Vec<TalkWay> {
    let (from, until) = ALWAYS;
    vec![
        TalkWay::Place(Place::Held, from, until),
        TalkWay::Place(Place::Waits, from, until),
        TalkWay::Place(Place::Quiet, now.minus(SESSION_IDLE), until),
    ]
}

fn ways(filter: &Filter, who: &Who, teams: &[String], now: At) -> Vec<TalkWay> {
    let (from, until) = ALWAYS;
    match (filter.which, filter.agent, &filter.team) {
        (Which::Closed, _, _) => vec![
            TalkWay::Place(Place::Closed, from, until),
            TalkWay::Place(Place::Quiet, from, now.minus(SESSION_IDLE)),
        ],
        (_, Some(agent), _) => vec![TalkWay::Assignee(agent)],
        (_, None, Some(team)) => vec![TalkWay::Team(team.clone())],
        (Which::Mine, _, _) => who.user().map(TalkWay::Assignee).into_iter().collect(),
        (Which::Unassigned, _, _) => vec![TalkWay::Place(Place::Waits, from, until)],
        (Which::Team, _, _) => teams.iter().cloned().map(TalkWay::Team).collect(),
        (Which::All, _, _) => open(now),
    }
}

/// `GET /conversations`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Params(filter): Params<Filter>,
) -> Answer<Conversations> {
    let now = app.clock.now();
    let sight = sight::of(&app, &who);
    let teams = who.user().map(|user| sight::teams_of(&app, user)).unwrap_or_default();
    let query = TalkQuery {
        ways: ways(&filter, &who, &teams, now),
        sight: sight.clone(),
        text: filter.text.as_deref().map(normalise).filter(|text| !text.is_empty()),
        tag: filter.tag,
        before: filter.after.map(|place| place.0),
        limit: filter.limit.get(),
    };
    let (rows, next) = app.engine.store().talk_page(query).await?;
    let names = names_of(&app, &rows).await?;
    Ok(Json(Conversations {
        conversations: rows.iter().map(|row| Talk::of(row, &names, now)).collect(),
        counts: counts(&app, &who, sight, now).await?,
        next: next.map(TalkPlace),
    }))
}

async fn counts(app: &App, who: &Who, sight: Option<Sight>, now: At) -> Result<Counts, ApiError> {
    let store = app.engine.store();
    let (from, until) = ALWAYS;
    let own = who.user().map(TalkWay::Assignee).into_iter().collect();
    let waiting = vec![TalkWay::Place(Place::Waits, from, until)];
    Ok(Counts {
        mine: store.talk_count(own, None).await?,
        unassigned: store.talk_count(waiting, sight.clone()).await?,
        all: store.talk_count(open(now), sight).await?,
        mentions: mentions::new_in(app, who, None).await?,
    })
}

async fn names_of(app: &App, rows: &[ListedTalk]) -> Result<Names, ApiError> {
    let assignees: Vec<UserId> = rows.iter().filter_map(|row| row.conversation.inbox.assignee).collect();
    Names::of(app, assignees).await
}

/// A conversation with what goes on in it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxConversationShown")]
pub(crate) struct TalkShown {
    #[serde(flatten)]
    talk: Talk,
    /// Its runs that are not over.
    runs: Vec<RunShown>,
    /// What flows want to send and a person's talking holds, oldest first.
    held: Vec<HeldMessage>,
    /// Who else has it open.
    others: Vec<Colleague>,
    /// Who of them writes.
    typing: Vec<Colleague>,
    /// How many of its notes name whoever asks and are new to them.
    mentions: u32,
}

/// A run of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxRun")]
struct RunShown {
    id: RunId,
    flow: String,
    status: RunStatus,
}

/// A message that is held.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InboxHeldMessage")]
struct HeldMessage {
    run: RunId,
    flow: String,
    text: Option<String>,
    template: Option<String>,
    /// When it is too late for it.
    expires_at: Time,
}

/// `GET /conversations/{id}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Who>,
    Id(id): Id<ConversationId>,
) -> Answer<TalkShown> {
    let talk = sight::talk(&app, &who, id).await?;
    app.sign_in.reads(&app, &who, "conversation.read", id.to_string()).await?;
    shown(&app, &who, &talk).await.map(Json)
}

/// A conversation as it stands now, for who asks.
pub(super) async fn shown(app: &App, who: &Who, talk: &ListedTalk) -> Result<TalkShown, ApiError> {
    let (id, now) = (talk.conversation.id, app.clock.now());
    if let Some(user) = who.user() {
        app.attending.opens(id, user, now);
    }
    let (others, typing) = app.attending.others(id, who.user(), now);
    let people: Vec<UserId> = others.iter().copied().chain(talk.conversation.inbox.assignee).collect();
    let names = Names::of(app, people).await?;
    let name = |user: UserId| names.get(user);
    Ok(TalkShown {
        talk: Talk::of(talk, &names, now),
        runs: talk.runs.iter().map(|run| RunShown { id: run.id, flow: run.flow.clone(), status: run.status }).collect(),
        held: held(app, talk, now).await?,
        others: others.into_iter().map(name).collect(),
        typing: typing.into_iter().map(name).collect(),
        mentions: mentions::new_in(app, who, Some(id)).await?,
    })
}

/// The same, read anew: after something was done.
pub(super) async fn now_shown(app: &App, who: &Who, id: ConversationId) -> Answer<TalkShown> {
    let talk = app.engine.store().talk(id).await?;
    let talk = talk.ok_or_else(|| ApiError::not_found(format_args!("conversation {id}")))?;
    shown(app, who, &talk).await.map(Json)
}

async fn held(app: &App, talk: &ListedTalk, now: At) -> Result<Vec<HeldMessage>, ApiError> {
    if !talk.conversation.inbox.is_paused(now) {
        return Ok(Vec::new());
    }
    let rows = app.engine.store().mailbox(MailboxId::of_contact(talk.contact.id)).await?;
    let held = rows.effects.into_iter().filter(|row| row.yields && row.state == EffectState::Planned);
    let message = |row: engine::store::EffectRow| {
        let plan: Plan = serde_json::from_slice(&row.input).ok()?;
        let text = |name: &str| plan.input[name].as_str().map(str::to_owned);
        Some(HeldMessage {
            run: row.run_id,
            flow: plan.flow.to_string(),
            text: text("text"),
            template: text("template"),
            expires_at: Time(row.deadline),
        })
    };
    Ok(held.filter_map(message).collect())
}
