//! What documents in force name is not taken away from under them.

use engine::account::Role;
use serde_json::{Value, json};

use crate::accounts::stage::Stage;

const ASKS: &str = "
format: 1
flow: asks
name: Asks for help
on: [manual]
steps:
  - id: help
    do: human.escalate
    with: { team: care, reason: Help }
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_goes_when_no_flow_in_force_asks_for_it() {
    let stage = Stage::new().await;
    let admin = stage.signed_in(&stage.somebody(Role::Admin, true).await).await;
    let team = async |method: &str, revision: &str, body: Value| {
        stage.send(&admin, &format!("{method} /teams/care"), body, &[("if-match", revision)]).await
    };
    team("PUT", "\"0\"", json!({ "name": "Care" })).await.good();
    let documents = json!([{ "path": "asks.yaml", "text": ASKS }]);
    stage.trusted("POST /workspace/import", json!({ "documents": documents, "publish": true })).await.good();

    let refused = team("DELETE", "\"1\"", Value::Null).await;
    assert_eq!(refused.body["error"]["details"], json!({ "flows": ["asks"] }));
    assert_eq!(refused.bad(), (409, "used"));
    let uses = stage.ask(&admin, "GET /uses?kind=team&name=care", Value::Null).await.good();
    let step = json!({ "path": "steps/0", "id": "help", "label": "human.escalate", "verb": "do" });
    let used = json!({
        "flow": "asks", "kind": "flow", "name": "Asks for help", "state": "live", "path": "steps/0/with/team", "line": 9,
        "step": step,
    });
    assert_eq!(uses, json!({ "uses": [used] }));

    stage.ask(&admin, "PUT /flows/asks/state", json!({ "on": false })).await.good();
    team("DELETE", "\"1\"", Value::Null).await.good();
}
