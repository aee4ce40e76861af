//! Tag rules over time: hits, what a change would do, going back with and without tags, applying a rule to who is there already.

use axum::http::{Method, StatusCode};
use connectors::sandbox::{Act, Play};
use serde_json::{Value, json};

use crate::retag;
use crate::testing::Staged;

const RULES: &str = r#"
format: 1
rules: shop
list:
  - rule: price
    on: whatsapp.message_received
    when: text.mentions(event.text, ["price", "how much"])
    then: { add_tags: [asks] }
  - rule: quiet
    on: whatsapp.message_received
    then: { add_tags: [seen] }
    watch: true
"#;
/// Starts at every tag, so that the log would tell of a flow that an operation started.
const LISTENS: &str = "
format: 1
flow: listens
on: contact.tag_added
steps:
  - set: { seen: true }
";

async fn says(staged: &Staged, from: &str, text: &str) {
    let act = Act::Message { text: text.into() };
    let play = Play { from: from.into(), name: format!("N {from}"), act, ..Play::default() };
    assert_eq!(staged.sandbox.play(play).await.unwrap().webhook_status, Some(200));
    staged.rest().await;
}

/// Puts a text in force and gives its version.
async fn in_force(staged: &Staged, text: &str) -> String {
    staged.place.publish(&[text]).await;
    let rules = staged.place.get("/rules").await;
    rules["rules"][0]["version"].as_str().unwrap().to_owned()
}

async fn tags(staged: &Staged, phone: &str) -> Vec<String> {
    let contact = staged.place.get(&format!("/contacts/%2B{phone}")).await;
    let tags = contact["tags"].as_array().unwrap().iter();
    tags.map(|tag| tag["tag"].as_str().unwrap().to_owned()).collect()
}

async fn carried_out(staged: &Staged) {
    while retag::step(&staged.place.app).await.unwrap() {}
    staged.rest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_tried_undone_with_its_tags_and_applied_to_who_is_there() {
    let staged = Staged::open(&[]).await;
    let place = &staged.place;
    let first = in_force(&staged, RULES).await;
    says(&staged, "393330000001", "the price?").await;
    says(&staged, "393330000002", "any discount").await;
    says(&staged, "393330000003", "how much").await;

    // Hits of the last seven days, by rule; a watched one is counted apart.
    let rules = place.get("/rules").await["rules"][0]["list"].clone();
    assert_eq!(rules[0]["hits"]["held"], json!([0, 0, 0, 0, 0, 0, 2]));
    assert_eq!(rules[1]["hits"]["watched"][6], 3);
    assert_eq!(rules[0]["when"], json!([r#"text.mentions(event.text, ["price", "how much"])"#]));

    // Contacts gained and lost, by name, with the part that decided.
    let changed = RULES.replace("how much", "discount");
    let document = json!({ "path": "shop.yaml", "text": changed });
    let tried = place.post("/rules/backtest", &json!({ "document": document, "days": 7 })).await;
    let price = &tried["rules"][0];
    assert_eq!(price["contacts"], json!({ "now": 2, "draft": 2, "gained": 1, "lost": 1 }));
    let reason = json!({ "kind": "false", "parts": [r#"text.mentions(event.text, ["price", "how much"])"#] });
    assert_eq!((&price["examples"][0]["reason"], &price["examples"][0]["changes"]), (&reason, &json!(true)));
    assert_eq!(tried["people"][0]["name"], "N 393330000002");
    let nothing = place.post("/rules/backtest", &json!({ "document": document, "days": 0 })).await;
    assert_eq!(nothing["events"], 0);

    // In force; somebody gets the tag for it; back again, with the tag.
    let version = in_force(&staged, &changed).await;
    place.publish(&[LISTENS]).await;
    says(&staged, "393330000004", "a discount?").await;
    assert_eq!(tags(&staged, "393330000004").await, ["asks"]);
    let runs = place.get("/runs").await["runs"].as_array().unwrap().len();
    let given = place.get(&format!("/rules/shop/given?version={version}")).await;
    let rules = json!([{ "rule": "price", "tag": "asks", "contacts": 1 }]);
    assert_eq!(given, json!({ "contacts": 1, "rules": rules, "before": first }));
    let undo = json!({ "version": version, "tags": true, "comment": "too many" });
    let undone = place.post("/rules/shop/undo", &undo).await;
    assert_eq!((&undone["version"], undone["changes"].as_array().unwrap().len()), (&json!(first), 1));
    let (status, _) = place.ask(Method::POST, "/rules/shop/undo", Some(&undo)).await;
    assert_eq!(status, StatusCode::CONFLICT, "another version is in force now");
    carried_out(&staged).await;
    assert_eq!(tags(&staged, "393330000004").await, [""; 0]);
    assert_eq!(tags(&staged, "393330000003").await, ["asks"], "what was given before stays");
    let changes = place.get("/rules/shop/changes").await["changes"].clone();
    let shown = ["what", "total", "done", "changed"].map(|name| changes[0][name].clone());
    assert_eq!(shown, [json!("take_back"), json!(1), json!(1), json!(1)]);

    // A rule in force applied to those for whom it would have held; no flow starts, though one listens.
    in_force(&staged, &changed).await;
    let asked = json!({ "rule": "price", "days": 7 });
    let preview = place.post("/rules/shop/apply/preview", &asked).await;
    // 391 has the tag; 392 and 394 asked for a discount.
    assert_eq!((&preview["contacts"], &preview["have"], &preview["change"]), (&json!(2), &json!(1), &Value::Null));
    assert_eq!(tags(&staged, "393330000002").await, [""; 0], "a preview changes nothing");
    place.post("/rules/shop/apply", &asked).await;
    carried_out(&staged).await;
    assert_eq!(
        (tags(&staged, "393330000002").await, tags(&staged, "393330000004").await),
        (vec!["asks".to_owned()], vec!["asks".to_owned()])
    );
    assert_eq!(place.get("/runs").await["runs"].as_array().unwrap().len(), runs, "nothing started");
    let (status, refused) = place.ask(Method::POST, "/rules/shop/apply", Some(&json!({ "rule": "quiet" }))).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    assert_eq!(place.post("/audit/verify", &json!({})).await["clean"], true);
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_measured_on_messages_that_people_marked() {
    let staged = Staged::open(&[]).await;
    let place = &staged.place;
    in_force(&staged, RULES).await;
    says(&staged, "393330000001", "the price?").await;
    says(&staged, "393330000002", "price is no object").await;
    says(&staged, "393330000003", "any discount").await;
    let offered = place.get("/labels/offered?rules=shop").await;
    assert_eq!(offered["tags"], json!(["asks"]), "what only watches gives nothing");
    let messages = offered["messages"].as_array().unwrap();
    let find = |text: &str| messages.iter().find(|message| message["text"] == text).unwrap();
    assert_eq!(
        (find("the price?")["gives"].clone(), find("any discount")["gives"].clone()),
        (json!(["asks"]), json!([]))
    );
    for (text, wanted) in [("the price?", true), ("price is no object", false), ("any discount", true)] {
        let path = format!("/labels/{}", find(text)["event"].as_str().unwrap());
        let (status, answer) = place.ask(Method::PUT, &path, Some(&json!({ "tags": { "asks": wanted } }))).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    assert_eq!(place.get("/labels/offered?rules=shop").await["messages"], json!([]), "all are marked");

    let draft = RULES.replace("how much", "discount");
    let document = json!({ "document": { "path": "shop.yaml", "text": draft } });
    let measured = place.post("/labels/accuracy", &document).await;
    let all = &measured["languages"][0];
    assert_eq!((&measured["messages"], &all["language"]), (&json!(3), &json!("*")));
    let counts = |of: &Value| ["right", "wrong", "missed", "left"].map(|name| of[name].as_u64().unwrap());
    assert_eq!((counts(&all["now"]), counts(&all["draft"])), ([1, 1, 1, 0], [2, 1, 0, 0]));
    assert_eq!((&all["now"]["precision"], &all["draft"]["recall"]), (&json!(0.5), &json!(1.0)));
    assert_eq!(measured["rules"][0]["rule"], "price");

    // Whoever is erased takes their message with them; a message without marks leaves the set.
    let (status, _) = place.ask(Method::DELETE, "/people/%2B393330000001", None).await;
    assert_eq!(status, StatusCode::OK);
    let labels = place.get("/labels").await["labels"].clone();
    assert_eq!(labels.as_array().unwrap().len(), 2);
    let path = format!("/labels/{}", labels[0]["event"].as_str().unwrap());
    place.ask(Method::PUT, &path, Some(&json!({ "tags": {} }))).await;
    assert_eq!(place.get("/labels").await["labels"].as_array().unwrap().len(), 1);
    staged.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_follow_the_tag_when_it_gets_another_name() {
    let staged = Staged::open(&[]).await;
    let place = &staged.place;
    in_force(&staged, RULES).await;
    says(&staged, "393330000001", "the price?").await;
    says(&staged, "393330000002", "price is no object").await;
    let offered = place.get("/labels/offered?rules=shop").await["messages"].clone();
    let event = |text: &str| {
        let found = offered.as_array().unwrap().iter().find(|message| message["text"] == text).unwrap();
        format!("/labels/{}", found["event"].as_str().unwrap())
    };
    let mark = async |text: &str, tags: Value| {
        let (status, answer) = place.ask(Method::PUT, &event(text), Some(&json!({ "tags": tags }))).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    };
    mark("the price?", json!({ "asks": true, "wants": false })).await;

    let rename = json!({ "to": "wants", "documents": ["shop"] });
    place.post("/tags/asks/rename", &rename).await;
    let labels = place.get("/labels").await["labels"].clone();
    assert_eq!(labels[0]["tags"], json!({ "wants": true }), "in the commit of the new name: nothing else was awaited");
    assert_eq!(place.get("/labels/offered?rules=shop").await["tags"], json!(["wants"]));
    mark("price is no object", json!({ "asks": false })).await;
    let labels = place.get("/labels").await["labels"].clone();
    assert_eq!(labels[0]["tags"], json!({ "wants": false }), "a page that was open still says the old name");

    // The rules in force say the old name, the draft the new one: both are measured, as one tag.
    let measured = async |text: &str| {
        place.post("/labels/accuracy", &json!({ "document": { "path": "shop.yaml", "text": text } })).await
    };
    let draft = place.get("/rules/shop/draft").await["text"].as_str().unwrap().to_owned();
    let followed = measured(&draft).await;
    assert_eq!(
        (&followed["messages"], &followed["left_out"], &followed["renamed"]),
        (&json!(2), &json!([]), &json!({}))
    );
    let all = &followed["languages"][0];
    assert_eq!((&all["draft"]["right"], &all["draft"]["wrong"], &all["now"]), (&json!(1), &json!(1), &all["draft"]));
    assert_eq!(measured(RULES).await["renamed"], json!({ "asks": "wants" }));

    // A name that only the text changed is not known to be the same tag, and that is said.
    let by_hand = draft.replace("wants", "curious");
    let apart = measured(&by_hand).await;
    let out = |why: &str| json!([{ "tag": "wants", "messages": 2, "why": why }]);
    assert_eq!((&apart["messages"], &apart["left_out"]), (&json!(0), &out("dropped")));
    let watches = draft.replace("add_tags: [wants] }", "add_tags: [wants] }\n    watch: true");
    assert_eq!(measured(&watches).await["left_out"], out("watched"));
    in_force(&staged, &by_hand).await;
    assert_eq!(measured(&by_hand).await["left_out"], out("unknown"));
    staged.close().await;
}
