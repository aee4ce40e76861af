//! The API as its users see it: the real router over a real database.

mod addresses;
pub(crate) mod alarms;
pub(crate) mod answers;
mod checklist;
mod files;
mod imports;
mod live;
mod merges;
mod presses;
mod reading;
mod rules;
mod said;
mod segments;
mod tags;
mod uses;

use axum::http::{Method, StatusCode, header};

use crate::testing::Place;

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_kept_by_nobody_and_unknown_addresses_are_the_editors() {
    let place = Place::open().await;
    assert_eq!(place.get("/system").await["figures"]["parked"], 0);
    for (path, status, kept) in [
        ("/api/v1/system", StatusCode::OK, Some("no-store")),
        ("/api/v1/nothing", StatusCode::NOT_FOUND, Some("no-store")),
        ("/api/nothing", StatusCode::NOT_FOUND, None),
    ] {
        let answer = place.send(Method::GET, path, None).await;
        let given = answer.headers().get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap());
        assert_eq!((answer.status(), given), (status, kept), "{path}");
    }
    // The editor, or the word that it is not built.
    let page = place.send(Method::GET, "/flows/order-to-ticket", None).await;
    assert!(page.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert!(page.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    place.close().await;
}
