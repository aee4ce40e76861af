//! Trying a text out: its tests, and simulations with events that somebody makes up. In virtual time; nothing is sent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use engine::book::Published;
use engine::clock::At;
use engine::flow::{self, CompiledDocument, Kind, TemplateTexts};
use engine::flowtest::{self, Coverage, Outcome, Scene, Simulation};
use engine::sentence;
use engine::store::{Reads, VersionState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::super::extract::Body;
use crate::app::App;
use crate::error::ApiError;
use crate::flows::{Checker, library};

/// How long a text is tried out at most. What it showed until then is answered.
const MOST_TIME: Duration = Duration::from_secs(20);
/// Most events of a simulation.
const MOST_EVENTS: usize = 200;

/// What is simulated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Simulate {
    /// The document.
    text: String,
    /// The customer: `name phone language priority tags order_status fields consent unread_count`, each as it is read. Default: one
    /// nobody knows anything of.
    #[serde(default)]
    contact: Map<String, Value>,
    /// The conversation: `window_open last_inbound_at last_outbound_at channel`.
    #[serde(default)]
    conversation: Map<String, Value>,
    /// When it begins, RFC 3339. Default: now.
    #[serde(default)]
    start: Option<String>,
    /// The customer's time zone, IANA. Default: UTC.
    #[serde(default)]
    zone: Option<String>,
    /// What happens.
    events: Vec<Happens>,
    /// What actions answer, by action, as `fake` in a test. Default: the samples of the catalogue.
    #[serde(default)]
    fakes: Map<String, Value>,
    /// How long, from its beginning: `7d`. Default: until nothing comes any more.
    #[serde(default)]
    until: Option<String>,
}

/// One event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Happens {
    /// When, from the beginning: `0s`, `48h`.
    at: String,
    /// Its type with its fields: `{ "whatsapp.message_received": { "text": "hi" } }`.
    event: Map<String, Value>,
}

/// `POST /flows/simulate`
pub(crate) async fn simulate(
    State(app): State<Arc<App>>,
    Body(asked): Body<Simulate>,
) -> Result<Json<Simulation>, ApiError> {
    if asked.events.len() > MOST_EVENTS {
        return Err(ApiError::bad_request(sentence!(
            "a simulation has at most {most_events} events",
            most_events = MOST_EVENTS
        )));
    }
    let until = asked.until.as_deref().map(engine::duration::parse).transpose();
    let until = until.map_err(|why| ApiError::bad_request(sentence!("`until`: {why}", why = why.to_string())))?;
    let zone = asked.zone.as_deref().unwrap_or("UTC").parse::<engine::flow::Zone>();
    let zone = zone.map_err(|_| ApiError::bad_request("`zone` is no IANA time zone, such as Europe/Rome"))?;
    let (others, texts) = surroundings(&app).await?;
    let case = case(&asked, app.clock.now());
    let catalog = Arc::clone(&app.checker.catalog);
    on_a_thread(&app, move |go_on| {
        let document = compiled(&asked.text, &catalog)?;
        let outline = flow::outline(&asked.text).ok_or_else(|| ApiError::internal("a compiled text has no outline"))?;
        let case = flow::read_case(&case, &flow::Environment::new(&catalog));
        let case = case.map_err(|problems| {
            ApiError::problems("what is given or happens has problems", json!(flow::placed(problems, "", None)))
        })?;
        let mut own = flow::template_texts(&asked.text);
        own.extend(texts.into_iter().filter(|(key, _)| !own.contains_key(key)).collect::<Vec<_>>());
        let scene = Scene {
            document,
            outline: &outline,
            case: &case,
            until,
            zone,
            others: &others,
            texts: &own,
            catalog: &catalog,
        };
        Ok(flowtest::simulate(scene, go_on))
    })
    .await
}

/// The simulation as a test, in JSON.
fn case(asked: &Simulate, now: At) -> Map<String, Value> {
    let mut at: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for happens in &asked.events {
        at.entry(&happens.at).or_default().push(happens.event.clone().into());
    }
    let start = asked.start.clone().unwrap_or_else(|| now.to_string());
    let mut given = json!({ "at": start, "contact": asked.contact });
    if !asked.conversation.is_empty() {
        given["conversation"] = asked.conversation.clone().into();
    }
    let mut case = Map::new();
    case.insert("given".to_owned(), given);
    case.insert("at".to_owned(), json!(at));
    if !asked.fakes.is_empty() {
        case.insert("fake".to_owned(), asked.fakes.clone().into());
    }
    case
}

/// A text whose tests are run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    /// The document.
    text: String,
}

/// What the tests showed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tested {
    /// How many passed.
    passed: usize,
    /// How many did not.
    failed: usize,
    /// Test by test.
    tests: Vec<Outcome>,
    /// What they came to.
    coverage: Vec<Covered>,
}

/// What the tests of a flow came to.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Covered {
    #[serde(flatten)]
    coverage: Coverage,
    /// How much that is of everything, in whole percent.
    percent: usize,
}

/// `POST /flows/test`: the tests that the text carries.
pub(crate) async fn test(State(app): State<Arc<App>>, Body(asked): Body<Test>) -> Result<Json<Tested>, ApiError> {
    let (others, _) = surroundings(&app).await?;
    let catalog = Arc::clone(&app.checker.catalog);
    on_a_thread(&app, move |go_on| {
        let report = flowtest::test(compiled(&asked.text, &catalog)?, &others, &catalog, go_on);
        let failed = report.outcomes.iter().filter(|outcome| !outcome.passed).count();
        let covered = |coverage: Coverage| Covered { percent: coverage.percent(), coverage };
        Ok(Tested {
            passed: report.outcomes.len() - failed,
            failed,
            tests: report.outcomes,
            coverage: report.coverage.into_iter().map(covered).collect(),
        })
    })
    .await
}

/// Tries something out on a thread of its own, two at a time; `go_on` says no when its time is over.
async fn on_a_thread<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&dyn Fn() -> bool) -> Result<T, ApiError> + Send + 'static,
) -> Result<Json<T>, ApiError> {
    let one_of_two = Arc::clone(&app.trials).acquire_owned().await.map_err(ApiError::internal)?;
    let until = Instant::now() + MOST_TIME;
    let done = tokio::task::spawn_blocking(move || {
        // Held here, as the thread goes on when whoever asked is gone.
        let _one_of_two = one_of_two;
        work(&|| Instant::now() < until)
    });
    let done = done.await;
    done.map_err(ApiError::internal)?.map(Json)
}

/// The document, checked against this build alone: it is tried out also where accounts are missing.
fn compiled(text: &str, catalog: &Arc<engine::connector::Catalog>) -> Result<CompiledDocument, ApiError> {
    let checked = Checker::of_build(Arc::clone(catalog)).check(text);
    let outline = flow::outline(text);
    checked.map_err(|problems| {
        ApiError::problems("the text has problems", json!(flow::placed(problems, text, outline.as_ref())))
    })
}

/// The flows and calendars that are live here, and the texts of templates that are known: of what is stored, and of the library.
async fn surroundings(app: &App) -> Result<(Vec<Published>, TemplateTexts), ApiError> {
    let rows = app.engine.store().flows().await?;
    let mut others: Vec<Published> = app.engine.live().into_iter().map(Published::Flow).collect();
    let calendars = rows.iter().filter(|row| row.kind == Kind::Calendar && row.state == VersionState::Live);
    others.extend(calendars.filter_map(|row| app.checker.strict(row).ok()));
    let mut texts = TemplateTexts::new();
    for text in library::texts().iter().map(String::as_str).chain(rows.iter().map(|row| row.source.as_str())) {
        texts.extend(flow::template_texts(text));
    }
    Ok((others, texts))
}
