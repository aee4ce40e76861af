//! The API of a server that runs, as a script of the same user calls it.

use serde_json::Value;

use super::patience::until_told;

/// The API as a script of the same user calls it.
pub(crate) struct Api {
    pub(super) url: String,
    pub(super) token: String,
    pub(super) http: reqwest::Client,
}

impl Api {
    /// The good answer of `GET /api/v1{path}`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> impl Future<Output = Value> + use<> {
        good(path.to_owned(), self.http.get(self.address(path)).bearer_auth(&self.token))
    }

    /// The good answer of `POST /api/v1{path}`.
    pub(crate) fn post(&self, path: &str, body: &Value) -> impl Future<Output = Value> + use<> {
        good(path.to_owned(), self.http.post(self.address(path)).bearer_auth(&self.token).json(body))
    }

    /// The good answer of `PUT /api/v1{path}`, based on this revision.
    pub(crate) fn put(&self, path: &str, body: &Value, revision: &str) -> impl Future<Output = Value> + use<> {
        let request = self.http.put(self.address(path)).bearer_auth(&self.token).json(body);
        good(path.to_owned(), request.header("if-match", format!("\"{revision}\"")))
    }

    /// The status and text of `GET /api/v1{path}`, however it ends.
    pub(crate) async fn raw(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(self.address(path)).bearer_auth(&self.token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// All runs that fit `filter` (`&flow=…`), newest first.
    pub(crate) async fn runs(&self, filter: &str) -> Vec<Value> {
        let mut runs = Vec::new();
        let mut before = String::new();
        loop {
            let page = self.get(&format!("/runs?limit=500{filter}{before}")).await;
            runs.extend(list(&page, "runs").iter().cloned());
            match page["next"].as_str() {
                Some(next) => before = format!("&before={next}"),
                None => return runs,
            }
        }
    }

    /// Waits until `count` runs that fit `filter` have this status, and none is left working.
    pub(crate) async fn until_runs(&self, filter: &str, count: usize, status: &str) -> Vec<Value> {
        until_told(&format!("{count} runs {status}"), async || {
            let runs = self.runs(filter).await;
            let others: Vec<&Value> = runs.iter().filter(|run| run["status"] != status).collect();
            if runs.len() >= count && others.is_empty() {
                return Ok(runs);
            }
            let some = others.iter().take(5).map(|run| run.to_string()).collect::<Vec<_>>();
            Err(format!("{} runs, {} of them not {status}:\n{}", runs.len(), others.len(), some.join("\n")))
        })
        .await
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }
}

async fn good(path: String, request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).expect("it answers JSON")
}

/// The list `name` of an answer.
pub(crate) fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map(Vec::as_slice).unwrap_or_else(|| panic!("no list `{name}` in {answer}"))
}
