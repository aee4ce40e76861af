//! Escalations through the real server: two agents race for one, and a kill in the middle of an offer loses nothing.

use serde_json::{Value, json};
use tests::stage::staged;

use super::accounts::Browser;
use crate::process::{Installation, Server, delivery, list, text, until};

/// A server with a team of agents who are signed in, by name.
struct Place {
    installation: Installation,
    admin: Browser,
    agents: Vec<(String, Browser)>,
}

impl Place {
    /// The team `care` with these rungs, and its first agents here.
    async fn new(server: &Server, installation: Installation, team: Value) -> Self {
        let link = installation.cli(&["user", "setup-link"]).await.good();
        let admin = Browser::open(&installation, &link, json!({ "name": "Mia", "email": "mia@example.com" })).await;
        let mut agents = Vec::new();
        let mut members = Vec::new();
        for name in ["Anna", "Ben"] {
            let email = format!("{name}@example.com").to_lowercase();
            let add = ["user", "add", &email, "--name", name, "--role", "agent"];
            let browser = Browser::open(&installation, &installation.cli(&add).await.good(), json!({})).await;
            agents.push((name.to_owned(), browser));
        }
        let (_, people) = admin.get("/users").await;
        for user in list(&people, "users").iter().filter(|user| user["role"] == "agent") {
            members.push(json!({ "user": user["id"] }));
        }
        let mut body = json!({ "name": "Care", "members": members });
        body.as_object_mut().unwrap().extend(team.as_object().unwrap().clone());
        let (status, made) = admin.change("/teams/care", "0", &body).await;
        assert_eq!((status, &made["revision"]), (200, &json!("1")), "{made}");
        let place = Self { installation, admin, agents };
        assert!(list(&server.api.get("/escalations").await, "escalations").is_empty());
        place.beat().await;
        place
    }

    async fn beat(&self) {
        for (_, agent) in &self.agents {
            let (status, beat) = agent.post("/desk/me/beat", &json!({})).await;
            assert_eq!((status, &beat["state"]), (200, &json!("available")), "{beat}");
        }
    }

    /// A customer complains; the escalation, once it is offered to somebody.
    async fn complain(&self, n: usize) -> Value {
        self.beat().await;
        let (id, phone) = (format!("wamid.C{n}"), format!("861380013800{n}"));
        let body = delivery(&[(&phone, "Li Wei")], vec![text(&id, &phone, "A complaint!")]);
        assert_eq!(self.installation.deliver(&body).await.unwrap(), 200);
        until("it is offered to one agent", async || {
            let open = self.admin.get("/escalations?open=true").await.1;
            list(&open, "escalations").iter().find(|one| one["state"] == "offered").cloned()
        })
        .await
    }
}

fn id(escalation: &Value) -> &str {
    escalation["id"].as_str().unwrap()
}

#[test]
fn two_agents_race_for_one_and_one_of_them_has_it() {
    staged(async {
        let installation = Installation::new(&["complaint"]).await;
        let server = installation.serve().await;
        let place = Place::new(&server, installation, json!({})).await;
        let (status, nobody) = place.admin.post("/desk/me/beat", &json!({})).await;
        assert_eq!((status, &nobody["error"]["code"]), (404, &json!("no_agent")));

        let offered = place.complain(1).await;
        let to = &offered["offer"]["to"][0];
        assert_eq!((&offered["team"], &offered["contact"]["name"]), (&json!("care"), &json!("Li Wei")));
        assert_eq!(offered["last_message"]["text"], "A complaint!");
        let path = format!("/escalations/{}/take", id(&offered));
        let body = json!({});
        let (anna, ben) = (&place.agents[0].1, &place.agents[1].1);
        let (one, other) = tokio::join!(anna.post(&path, &body), ben.post(&path, &body));
        let mut statuses = [one.0, other.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", one.1, other.1);
        let ((won, lost), winner) = if one.0 == 200 { ((one.1, other.1), "Anna") } else { ((other.1, one.1), "Ben") };
        assert_eq!((&won["state"], &won["mine"], &won["kept"]), (&json!("taken"), &json!(true), &json!(true)));
        assert_eq!(
            (&lost["error"]["code"], &lost["error"]["details"]["by"]["name"]),
            (&json!("taken"), &json!(winner))
        );

        let shown = place.installation.cli(&["team", "show", "care"]).await.good();
        assert!(shown.contains("one agent for 8 s, the next for 6 s") && shown.contains("1 of 6"), "{shown}");
        let settings = place.installation.cli(&["team", "show", "care", "--json"]).await.good();
        let file = place.installation.path("care.json");
        std::fs::write(&file, settings.replace("\"Care\"", "\"Customer care\"")).unwrap();
        place.installation.cli(&["team", "put", "care", file.to_str().unwrap()]).await.good();
        let listed = place.installation.cli(&["team", "list"]).await.good();
        assert!(listed.contains("Customer care"), "{listed}");

        // The board shows the truth, and the story who was asked.
        let (_, desk) = place.admin.get("/desk").await;
        let load = |name: &str| {
            let agents = list(&desk, "agents");
            agents.iter().find(|agent| agent["user"]["name"] == name).map(|agent| agent["load"].clone()).unwrap()
        };
        assert_eq!((load(winner), load(if winner == "Anna" { "Ben" } else { "Anna" })), (json!(1), json!(0)));
        assert_eq!((&desk["today"]["taken"], &desk["today"]["kept"]), (&json!(1), &json!(1)));
        let (_, told) = place.admin.get(&format!("/escalations/{}", id(&offered))).await;
        let story: Vec<_> = list(&told, "story").iter().map(|line| line["what"].clone()).collect();
        assert_eq!(story, ["asked", "offered", "taken"]);
        assert_eq!(&told["story"][1]["who"], to);
        assert_eq!(told["story"][2]["who"]["name"], winner);
    });
}

#[test]
fn an_offer_stands_after_kill_9_and_one_whose_time_passed_goes_on() {
    staged(async {
        let installation = Installation::new(&["complaint-slow"]).await;
        let server = installation.serve().await;
        let rungs = json!({ "first_ms": 600_000, "second_ms": 100_000, "accept_within_ms": 900_000 });
        let mut place = Place::new(&server, installation, rungs).await;
        let before = place.complain(1).await;
        server.kill().await;
        let server = place.installation.serve().await;
        let (_, after) = place.admin.get(&format!("/escalations/{}", id(&before))).await;
        assert_eq!((&after["offer"], &after["deadline"]), (&before["offer"], &before["deadline"]));
        let (_, desk) = place.admin.get("/desk").await;
        assert!(list(&desk, "agents").iter().all(|agent| agent["online"] == true), "nobody is gone at once: {desk}");

        place.beat().await;

        // A declined offer is the next one's at once; a closed laptop's, after ten seconds without a beat.
        let to = before["offer"]["to"][0]["name"].as_str().unwrap();
        let holder = place.agents.iter().position(|(name, _)| name == to).unwrap();
        let (_, agent) = place.agents.swap_remove(holder);
        let decline = format!("/escalations/{}/decline", id(&before));
        let (status, declined) = agent.post(&decline, &json!({ "why": "busy" })).await;
        assert_eq!((status, &declined["offer"]["to"][0]["name"]), (200, &json!(place.agents[0].0)), "{declined}");
        let told = until("the one who is left is missed", async || {
            let told = place.admin.get(&format!("/escalations/{}", id(&before))).await.1;
            (told["state"] == "team").then_some(told)
        })
        .await;
        let story: Vec<_> = list(&told, "story").iter().map(|line| line["what"].clone()).collect();
        // Behind that, what became of telling the fallback channel.
        assert_eq!(story[..6], ["asked", "offered", "declined", "offered", "left", "team"]);

        // Nobody is here any more; one comes back and takes it.
        let (status, taken) = agent.post(&format!("/escalations/{}/take", id(&before)), &json!({})).await;
        assert_eq!((status, &taken["accepted_by"]["name"]), (200, &json!(to)));
        drop(server);
    });
}
