//! A copy of the database taken under load, and the way back from it: the log is whole, nobody is told anything twice, and who was
//! erased since stays erased.

use std::collections::BTreeMap;
use std::path::Path;

use tests::postgres::{self, TestDatabase};
use tests::stage::staged;
use tokio::sync::watch;

use crate::process::{Installation, delivery, list, order, text, until};

/// Orders that are taken before the copy is made.
const BEFORE: usize = 15;
/// Orders that come while it is made, and after it.
const AFTER: usize = 25;
/// What is still to be done, but for messages, which are held.
const OPEN_WORK: &str = "select (select count(*) from input) \
    + (select count(*) from effect where state < 2 and action not like 'whatsapp.%')";
const PERSON: &str = "4915112345678";
const NAME: &str = "Zebulon Quartermaine";

#[test]
fn a_copy_made_under_load_is_restored_whole_and_tells_customers_nothing_twice() {
    staged(async {
        let place = Installation::new(&["order-to-ticket", "price"]).await;
        let server = place.serve_with(&["--first-hour", "off"]).await;
        place.cli(&["connection", "setup", "hubspot-main"]).await.good();
        let said = delivery(&[(PERSON, NAME)], vec![text("wamid.person", PERSON, "Hello")]);
        assert_eq!(place.deliver(&said).await.unwrap(), 200);
        server.api.get(&format!("/contacts/%2B{PERSON}")).await;

        let taken = watch::Sender::new(0);
        let (said, ()) = tokio::join!(copy_when(&place, taken.subscribe()), take_orders(&place, &taken));
        assert!(said.contains("its log is whole"), "{said}");
        place.cli(&["person", "erase", &format!("+{PERSON}")]).await.good();
        server.api.until_runs("&flow=order-to-ticket", BEFORE + AFTER, "waiting").await;
        assert_eq!(files(&place.path("copies")), ["nightly.db"], "nothing lies beside it");
        let copy = text_of(&place.path("copies/nightly.db"));
        let waiting = not_begun(&place.path("copies/nightly.db")).await;
        let told = messages(&place);
        assert_eq!(told.len(), BEFORE + AFTER, "everybody had one confirmation");

        let refused = place.cli(&["restore", &copy, "--replace"]).await;
        assert!(refused.code == Some(1) && refused.err.contains("another switchboard"), "{}", refused.err);
        assert_eq!(server.stop().await.0, Some(0));
        let refused = place.cli(&["restore", &copy]).await;
        assert!(refused.code == Some(1) && refused.err.contains("--replace"), "{}", refused.err);
        let said = place.cli(&["restore", &copy, "--replace"]).await.good();
        assert!(said.contains("its log is whole") && said.contains("1 erasure(s)"), "{said}");
        assert!(place.path("data/before-restore-1/switchboard.db").exists());

        let server = place.serve_with(&["--first-hour", "off"]).await;
        assert_eq!(server.api.raw(&format!("/contacts/%2B{PERSON}")).await.0, 404, "who was erased stays erased");
        let runs = server.api.runs("&flow=order-to-ticket").await;
        assert!((BEFORE..BEFORE + AFTER).contains(&runs.len()), "as of the moment of the copy: {}", runs.len());
        until("everything but messages is done", async || (open_work(&place).await == 0).then_some(())).await;
        assert_eq!(messages(&place), told, "nothing was sent again");
        // What was taken in and not begun when the copy was made begins anew, and is another run.
        let doubled = tickets(&place).values().filter(|count| **count > 1).count();
        assert!(doubled <= waiting, "{waiting} orders had not begun: {:?}", tickets(&place));
        let stops = server.api.get("/sending").await;
        assert_eq!(stops["stops"][0]["scope"], "all", "{stops}");
        let report = place.cli(&["audit", "verify", "--json"]).await.json();
        assert_eq!(report["clean"], true, "{report}");
        assert_eq!(server.stop().await.0, Some(0));
    });
}

#[test]
fn what_is_no_whole_copy_or_has_no_keys_changes_nothing() {
    staged(async {
        let place = Installation::new(&["complaint"]).await;
        let server = place.serve().await;
        let said = delivery(&[(PERSON, NAME)], vec![text("wamid.1", PERSON, "A complaint")]);
        assert_eq!(place.deliver(&said).await.unwrap(), 200);
        server.api.until_runs("", 1, "done").await;
        assert_eq!(server.stop().await.0, Some(0));
        std::fs::create_dir(place.path("copies")).unwrap();
        let copy = text_of(&place.path("copies/copy.db"));
        place.cli(&["backup", &copy]).await.good();
        let again = place.cli(&["backup", &copy]).await;
        assert!(again.code == Some(1) && again.err.contains("replaces nothing"), "{}", again.err);

        let before = std::fs::read(place.path("data/switchboard.db")).unwrap();
        let mut bytes = std::fs::read(&copy).unwrap();
        for byte in &mut bytes[4096 * 4..4096 * 12] {
            *byte ^= 0xff;
        }
        let damaged = text_of(&place.path("copies/damaged.db"));
        std::fs::write(&damaged, bytes).unwrap();
        let refused = place.cli(&["restore", &damaged, "--replace"]).await;
        assert_eq!(refused.code, Some(1), "{}", refused.out);
        assert_eq!(std::fs::read(place.path("data/switchboard.db")).unwrap(), before);
        assert!(!place.path("data/before-restore-1").exists());

        let other = text_of(&place.path("elsewhere"));
        let keyless = place.cli(&["restore", &copy, "--data", &other]).await;
        assert!(keyless.code == Some(1) && keyless.err.contains("audit.key"), "{}", keyless.err);
        for key in ["audit.key", "seal.key"] {
            std::fs::copy(place.path("data").join(key), Path::new(&other).join(key)).unwrap();
        }
        let said = place.cli(&["restore", &copy, "--data", &other]).await.good();
        assert!(said.contains("its log is whole"), "{said}");
        // As a restore leaves it that was killed.
        let mark = Path::new(&other).join("restore-under-way");
        std::fs::write(&mark, "").unwrap();
        let half = place.cli(&["run", "list", "--data", &other]).await;
        assert!(half.code == Some(1) && half.err.contains("repeat"), "{}", half.err);
        place.cli(&["restore", &copy, "--data", &other, "--replace"]).await.good();
        assert!(!mark.exists());
        let runs = place.cli(&["run", "list", "--json", "--data", &other]).await.json();
        assert_eq!(list(&runs, "runs").len(), 1, "{runs}");
    });
}

#[test]
fn what_a_server_put_back_is_whole_and_tells_customers_nothing_twice() {
    staged(async {
        let Some(server) = postgres::server_or_skip() else { return };
        let (first, second) = (server.database().await, server.database().await);
        let (old, new) = (first.url(), second.url());
        let place = Installation::new(&["order-to-ticket"]).await;
        let server = place.serve_with(&["--first-hour", "off", "--database", &old]).await;
        place.cli(&["connection", "setup", "hubspot-main"]).await.good();
        let said = delivery(&[(PERSON, NAME)], vec![text("wamid.person", PERSON, "Hello")]);
        assert_eq!(place.deliver(&said).await.unwrap(), 200);
        let taken = watch::Sender::new(0);
        let (mut enough, copy) = (taken.subscribe(), place.path("copy.sql"));
        let dumped = async {
            enough.wait_for(|count| *count >= BEFORE).await.unwrap();
            first.dump(copy.clone()).await;
        };
        let ((), ()) = tokio::join!(dumped, take_orders(&place, &taken));
        place.cli(&["person", "erase", &format!("+{PERSON}")]).await.good();
        server.api.until_runs("&flow=order-to-ticket", BEFORE + AFTER, "waiting").await;
        let told = messages(&place);
        assert_eq!(told.len(), BEFORE + AFTER, "everybody had one confirmation");
        assert_eq!(server.stop().await.0, Some(0));

        let refused = place.cli(&["restore", "--database", &new]).await;
        assert!(refused.code == Some(1) && refused.err.contains("is empty"), "{}", refused.err);
        second.load(copy).await;
        let waiting = counted_in(&second, "select count(*) from input where kind = 0").await;
        let said = place.cli(&["restore", "--database", &new]).await.good();
        assert!(said.contains("its log is whole") && said.contains("1 erasure(s)"), "{said}");

        let server = place.serve_with(&["--first-hour", "off", "--database", &new]).await;
        assert_eq!(server.api.raw(&format!("/contacts/%2B{PERSON}")).await.0, 404, "who was erased stays erased");
        let runs = server.api.runs("&flow=order-to-ticket").await;
        assert!((BEFORE..BEFORE + AFTER).contains(&runs.len()), "as of the moment of the copy: {}", runs.len());
        until("everything but messages is done", async || (counted_in(&second, OPEN_WORK).await == 0).then_some(()))
            .await;
        assert_eq!(messages(&place), told, "nothing was sent again");
        let doubled = tickets(&place).values().filter(|count| **count > 1).count();
        assert!(i64::try_from(doubled).unwrap() <= waiting, "{waiting} orders had not begun: {:?}", tickets(&place));
        assert_eq!(place.cli(&["audit", "verify", "--json", "--database", &new]).await.json()["clean"], true);
        assert_eq!(server.stop().await.0, Some(0));
    });
}

/// Makes the copy while orders come in.
async fn copy_when(place: &Installation, mut taken: watch::Receiver<usize>) -> String {
    std::fs::create_dir(place.path("copies")).unwrap();
    taken.wait_for(|count| *count >= BEFORE).await.unwrap();
    place.cli(&["backup", &text_of(&place.path("copies/nightly.db"))]).await.good()
}

async fn take_orders(place: &Installation, taken: &watch::Sender<usize>) {
    for n in 0..BEFORE + AFTER {
        let phone = format!("39333{n:07}");
        let sent = delivery(&[(phone.as_str(), "Giulia Rossi")], vec![order(&format!("wamid.order{n}"), &phone, 20.0)]);
        assert_eq!(place.deliver(&sent).await.unwrap(), 200);
        taken.send_replace(n + 1);
    }
}

/// How many events of a copy had not been handled when it was made.
async fn not_begun(copy: &Path) -> usize {
    use sqlx::ConnectOptions;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(copy).read_only(true).immutable(true);
    let mut conn = options.connect().await.unwrap();
    let count: i64 =
        sqlx::query_scalar("select count(*) from input where kind = 0").fetch_one(&mut conn).await.unwrap();
    usize::try_from(count).unwrap()
}

async fn open_work(place: &Installation) -> i64 {
    place.count(OPEN_WORK).await
}

async fn counted_in(database: &TestDatabase, text: &'static str) -> i64 {
    sqlx::query_scalar(text).fetch_one(&mut database.connect().await).await.unwrap()
}

/// How many messages each number got.
fn messages(place: &Installation) -> BTreeMap<String, usize> {
    counted(place.sandbox.books().messages.iter().map(|message| message.to.clone()))
}

/// How many tickets there are of each subject.
fn tickets(place: &Installation) -> BTreeMap<String, usize> {
    counted(place.sandbox.books().tickets().iter().map(|ticket| ticket.properties["subject"].to_string()))
}

fn counted(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    names.fold(BTreeMap::new(), |mut counts, name| {
        *counts.entry(name).or_default() += 1;
        counts
    })
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|file| text_of(Path::new(&file.unwrap().file_name()))).collect();
    names.sort_unstable();
    names
}

fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
