//! Who is told of an approval by mail, over real SMTP.

use connectors::sandbox::{Config, Sandbox, TakenMail};
use engine::account::{Op, Role, UserRow};
use engine::alarm::{Policy, Route};
use engine::capability::notify::Level;
use engine::ids::{MailboxId, UserId};
use engine::order::Order;
use engine::store::EditOp;
use serde_json::json;

use super::*;
use crate::accounts::settings::Settings;
use crate::accounts::who::name_of;
use crate::config::connections::{Connections, Declared, Limits};
use crate::testing::Place;

const FLOW: &str = "format: 1\nflow: greet\nname: Greets\non: [manual]\nsteps:\n  - set: { a: 1 }\n";

/// An installation that asks for approvals, and a server that takes its mail.
struct Post {
    place: Place,
    sandbox: Sandbox,
}

impl Post {
    async fn open() -> Self {
        let sandbox = Sandbox::start(Config::default()).await.unwrap();
        let declared = vec![Declared {
            id: "team-mail".into(),
            connector: MAIL.to_owned(),
            allow_private_network: true,
            limits: Limits::default(),
            settings: json!({
                "host": "127.0.0.1", "port": sandbox.mail_address().port(), "protection": "none",
                "from": "Switchboard <alerts@flows.test>", "to": ["ops@flows.test"],
            }),
        }];
        let place = Place::with(Connections { declared, ..Connections::default() }, None).await;
        place.app.sign_in.put_settings(Settings { approval: true, ..Settings::default() });
        Self { place, sandbox }
    }

    /// Alarms are told by mail.
    async fn set_up_mail(&self) {
        let routes = vec![Route { level: Level::Alarm, connection: "team-mail".into(), to: None }];
        let policy = Box::new(Policy { routes, ..Policy::default() });
        let engine = &self.place.app.engine;
        engine.order(MailboxId::ALARMS, "test", Order::AlarmPolicy { rev: 0, policy }).await.unwrap();
    }

    async fn somebody(&self, name: &str, role: Role, language: &str) -> String {
        let app = &self.place.app;
        let now = app.clock.now();
        let (id, email) = (UserId(app.ids.next(now)), format!("{}@flows.test", name.to_lowercase()));
        let user = UserRow { language: language.to_owned(), ..UserRow::new(id, email, name.to_owned(), role, now) };
        let by = name_of(&user);
        app.engine.account("test", Vec::new(), vec![Op::PutUser(Box::new(user))]).await.unwrap().unwrap();
        by
    }

    /// The draft of `greet`, written by `by`.
    async fn draft(&self, by: &str) -> Edited {
        let app = &self.place.app;
        let draft = DraftRow {
            flow: "greet".into(),
            kind: Kind::Flow,
            text: Some(FLOW.into()),
            revision: 1,
            based_on: None,
            by: by.to_owned(),
            at: app.clock.now(),
            authors: vec![by.to_owned()],
        };
        app.engine.edit(vec![EditOp::Draft(draft)], None, by).await.unwrap();
        Edited::read(app, "greet").await.unwrap()
    }

    /// What the server took, by receiver, once nobody has anything to do.
    async fn mails(&self) -> Vec<TakenMail> {
        self.place.app.engine.idle().await;
        let mut mails = self.sandbox.books().mails;
        mails.sort_by(|one, other| one.to.cmp(&other.to));
        mails
    }

    async fn close(self) {
        self.place.close().await;
        self.sandbox.stop().await;
    }
}

/// The connector whose connections send mail.
const MAIL: &str = "notify.email";

fn asked(by: &str, now: At) -> ReviewRow {
    ReviewRow {
        flow: "greet".into(),
        revision: 1,
        asked_by: by.to_owned(),
        asked_at: now,
        comment: "One word only".into(),
        state: ReviewState::Asked,
        answered_by: None,
        answered_at: None,
        answer: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_may_approve_are_told_and_whoever_asked_hears_the_answer() {
    let post = Post::open().await;
    post.set_up_mail().await;
    let ugo = post.somebody("Ugo", Role::Ops, "it").await;
    let mia = post.somebody("Mia", Role::Admin, "en").await;
    post.somebody("Vera", Role::Viewer, "en").await;
    let app = &post.place.app;
    let edited = post.draft(&ugo).await;
    let row = asked(&ugo, app.clock.now());
    tell(app, &row, &edited).await;
    let mails = post.mails().await;
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(mail.to, ["mia@flows.test"]);
    let flat = mail.raw.replace("=\r\n", "");
    for part in ["Ugo asks you to approve: Greets", "One word only", "http://localhost/flows/greet?review=3D1"] {
        assert!(flat.contains(part), "{part} in\n{flat}");
    }
    let answered = ReviewRow {
        state: ReviewState::Declined,
        answered_by: Some(mia.clone()),
        answered_at: Some(app.clock.now()),
        answer: "Two are better".into(),
        ..row
    };
    tell(app, &answered, &edited).await;
    let mails = post.mails().await;
    assert_eq!(mails.iter().map(|mail| mail.to[0].as_str()).collect::<Vec<_>>(), ["mia@flows.test", "ugo@flows.test"]);
    let flat = mails[1].raw.replace("=\r\n", "");
    assert!(flat.contains("Mia ha rifiutato: Greets") && flat.contains("Two are better"), "{flat}");
    post.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mail_for_alarms_nobody_gets_any() {
    let post = Post::open().await;
    let ugo = post.somebody("Ugo", Role::Ops, "it").await;
    post.somebody("Mia", Role::Admin, "en").await;
    let edited = post.draft(&ugo).await;
    let now = post.place.app.clock.now();
    tell(&post.place.app, &asked(&ugo, now), &edited).await;
    assert_eq!(post.mails().await.len(), 0);
    post.set_up_mail().await;
    tell(&post.place.app, &asked(&ugo, now), &edited).await;
    assert_eq!(post.mails().await.len(), 1);
    post.close().await;
}
