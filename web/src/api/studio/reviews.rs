//! What waits for a second person, as the bell and the list of flows show it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use engine::flow::Kind;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::Answer;
use super::review::Review;
use super::to_edit;
use crate::accounts::Who;
use crate::app::App;
use crate::reviews::{self, Asked, Part};

/// Approvals that concern whoever asks, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReviewList")]
pub(crate) struct Reviews {
    reviews: Vec<Listed>,
    /// How many of them wait for whoever asks: to be answered, or to be heard.
    waiting: usize,
}

/// An approval that somebody asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReviewListed")]
struct Listed {
    /// The document.
    id: String,
    /// What it is.
    kind: Kind,
    /// Its name; its id when it has none.
    name: String,
    /// What it is to whoever reads this.
    yours: Yours,
    /// Whether it waits for them. An answer does until the draft is published or changed.
    waits: bool,
    review: Review,
}

/// What an approval is to whoever reads of it.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReviewPart")]
enum Yours {
    /// Theirs to answer.
    Answer,
    /// They asked or wrote it: somebody else answers.
    Wait,
    /// They asked, and here is the answer.
    Hear,
}

/// `GET /reviews`: what nobody answered yet, and the answers of the last week to whoever asked. Empty where no approval is needed.
pub(crate) async fn list(State(app): State<Arc<App>>, Extension(who): Extension<Who>) -> Answer<Reviews> {
    let mut all = Asked::all(&app).await?;
    all.sort_by_key(|asked| std::cmp::Reverse(reviews::last(&asked.review)));
    let reviews: Vec<Listed> = all
        .into_iter()
        .filter(|asked| who.may(to_edit(asked.kind)))
        .filter_map(|asked| asked.part(who.by()).map(|part| listed(asked, part)))
        .collect();
    let waiting = reviews.iter().filter(|listed| listed.waits).count();
    Ok(Json(Reviews { reviews, waiting }))
}

fn listed(asked: Asked, part: Part) -> Listed {
    let Asked { review, kind, name, revision, current, .. } = asked;
    let yours = match part {
        Part::Answer => Yours::Answer,
        Part::Wait => Yours::Wait,
        Part::Hear => Yours::Hear,
    };
    let waits = current && part != Part::Wait;
    Listed { id: review.flow.clone(), kind, name, yours, waits, review: Review::of(review, revision) }
}
