//! People who work here: a change is carried out whole or not at all, and what it expects is decided by the database.

use engine::account::{
    Accounts, Change, ConnectionRow, LinkKind, LinkRow, Op, ProfileRow, PushRow, Refusal, Role, SessionRow,
    SettingsRow, StaffRows, TeamRow, TokenRow, UserRow, UserState,
};
use engine::clock::At;
use engine::ids::{JournalId, TokenId, UserId};
use engine::run::journal::{self, Head};
use engine::run::{Entry, What};
use engine::secret::Secret;
use engine::store::{JournalKind, Reads, Store};

use super::Driver;
use super::make::{NOW, next};

fn user(email: &str, role: Role) -> UserRow {
    UserRow {
        id: UserId(next()),
        email: email.into(),
        name: email.split('@').next().unwrap().into(),
        role,
        publisher: true,
        language: "it".into(),
        theme: "dark".into(),
        password: Some(Secret::new("$argon2id$x")),
        totp: vec![1, 2, 3],
        totp_on: true,
        totp_step: 7,
        state: UserState::Active,
        rev: 1,
        created_at: NOW,
        signed_in_at: None,
    }
}

fn put(user: &UserRow) -> Op {
    Op::PutUser(Box::new(user.clone()))
}

async fn change<S: Accounts>(store: &S, ops: Vec<Op>) -> Result<(), Refusal> {
    store.change(Change { ops, journal: Vec::new(), at: NOW }).await.unwrap()
}

fn link(token: u8, kind: LinkKind, user: Option<UserId>, until: i64) -> LinkRow {
    LinkRow { hash: [token; 32], kind, user, expires_at: At(until) }
}

fn session(token: u8, user: UserId) -> SessionRow {
    SessionRow {
        hash: [token; 32],
        user,
        created_at: NOW,
        seen_at: NOW,
        expires_at: NOW.plus(std::time::Duration::from_secs(60)),
        address: "192.0.2.1".into(),
        agent: "a browser".into(),
    }
}

/// Its steps and its rows of the log alike; the change beside it in the same group is none the worse.
pub async fn a_refused_change_leaves_nothing<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (mia, ugo) = (user("mia@example.com", Role::Admin), user("ugo@example.com", Role::Ops));
    let subject = next();
    let told = |seq| {
        let id = JournalId(next());
        let head = Head { id, subject, seq, kind: JournalKind::Change, by: "cli", person: None, at: NOW };
        vec![journal::encode(head, &[Entry::bare(What::Changed { what: "user.changed".into(), id: "usr_1".into() })])]
    };
    let good = Change { ops: vec![put(&mia)], journal: told(1), at: NOW };
    let bad = Change { ops: vec![put(&ugo), Op::UseLink([9; 32])], journal: told(2), at: NOW };
    let (good, bad) = tokio::join!(store.change(good), store.change(bad));
    assert_eq!((good.unwrap(), bad.unwrap()), (Ok(()), Err(Refusal::Gone)));
    assert_eq!(store.users().await.unwrap(), [mia]);
    let rows = store.journal(subject).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1]);
    let report = engine::audit::verify(&store, None, &[]).await.unwrap();
    assert!(report.clean(), "{report:?}");
    driver.close(store).await;
}

/// By the revision it names, by an address that is unique, and with a second factor that never goes back.
pub async fn a_person_changes_from_the_revision_that_was_read<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (mut mia, ugo) = (user("mia@example.com", Role::Admin), user("ugo@example.com", Role::Ops));
    change(&store, vec![put(&mia), put(&ugo)]).await.unwrap();
    change(&store, vec![Op::UseStep(mia.id, 9)]).await.unwrap();
    (mia.name, mia.rev) = ("Mia Rossi".into(), 2);
    change(&store, vec![put(&mia)]).await.unwrap();
    assert_eq!(change(&store, vec![put(&mia)]).await, Err(Refusal::Changed));
    mia.totp_step = 9;
    assert_eq!(store.user(mia.id).await.unwrap(), Some(mia.clone()));
    assert_eq!(store.user_by_email("mia@example.com").await.unwrap(), Some(mia.clone()));
    let taken = UserRow { email: "ugo@example.com".into(), rev: 3, ..mia.clone() };
    assert_eq!(change(&store, vec![put(&taken)]).await, Err(Refusal::Taken));
    assert_eq!(change(&store, vec![put(&user("ugo@example.com", Role::Ops))]).await, Err(Refusal::Taken));
    // A removed person's address is free again, and only its id finds the row.
    change(&store, vec![put(&UserRow { state: UserState::Removed, rev: 2, ..ugo.clone() })]).await.unwrap();
    assert_eq!(store.user_by_email("ugo@example.com").await.unwrap(), None);
    assert!(store.user(ugo.id).await.unwrap().is_some());
    change(&store, vec![put(&user("ugo@example.com", Role::Viewer))]).await.unwrap();
    driver.close(store).await;
}

/// Whoever comes first, also at the same moment.
pub async fn the_last_active_admin_stays<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (one, two) = (user("one@example.com", Role::Admin), user("two@example.com", Role::Admin));
    let invited = UserRow { state: UserState::Invited, ..user("three@example.com", Role::Admin) };
    change(&store, vec![put(&one), put(&two), put(&invited)]).await.unwrap();
    let lose = |user: &UserRow| {
        let off = UserRow { state: UserState::Off, rev: 2, ..user.clone() };
        change(&store, vec![put(&off), Op::ExpectAdmin])
    };
    let (first, second) = tokio::join!(lose(&one), lose(&two));
    assert!(matches!((first, second), (Ok(()), Err(Refusal::LastAdmin)) | (Err(Refusal::LastAdmin), Ok(()))));
    assert_eq!(engine::account::admins_among(&store.users().await.unwrap()), 1);
    driver.close(store).await;
}

/// A link, a step of a second factor, a recovery code.
pub async fn what_works_once_works_once<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let mia = user("mia@example.com", Role::Admin);
    let setup = |token| Op::AddLink(link(token, LinkKind::Setup, None, 100));
    change(&store, vec![put(&mia), setup(1)]).await.unwrap();
    change(&store, vec![setup(2), Op::AddLink(link(3, LinkKind::Invitation, Some(mia.id), 100))]).await.unwrap();
    assert_eq!(store.link([1; 32]).await.unwrap(), None, "the second set-up link replaced the first");
    assert_eq!(store.link([2; 32]).await.unwrap(), Some(link(2, LinkKind::Setup, None, 100)));
    let codes = Op::PutCodes(mia.id, vec![[7; 32], [8; 32]]);
    change(&store, vec![codes]).await.unwrap();
    for once in [Op::UseLink([2; 32]), Op::UseStep(mia.id, 8), Op::UseCode(mia.id, [7; 32])] {
        let twice = [vec![once.clone()], vec![once]];
        let (one, two) = tokio::join!(change(&store, twice[0].clone()), change(&store, twice[1].clone()));
        assert!(matches!((one, two), (Ok(()), Err(Refusal::Gone)) | (Err(Refusal::Gone), Ok(()))), "{twice:?}");
    }
    assert_eq!(change(&store, vec![Op::UseStep(mia.id, 8)]).await, Err(Refusal::Gone), "nor an earlier step");
    assert_eq!(store.codes_left(mia.id).await.unwrap(), 1);
    change(&store, vec![Op::EndLinks(mia.id)]).await.unwrap();
    assert_eq!(store.link([3; 32]).await.unwrap(), None);
    driver.close(store).await;
}

/// One by one, all of a person, and by time; they survive a new start.
pub async fn sessions_end<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (mia, ugo) = (user("mia@example.com", Role::Admin), user("ugo@example.com", Role::Ops));
    let sessions = [1, 2, 3].map(|token| Op::AddSession(session(token, mia.id)));
    change(&store, [vec![put(&mia), put(&ugo), Op::AddSession(session(4, ugo.id))], sessions.to_vec()].concat())
        .await
        .unwrap();
    driver.close(store).await;
    let store = driver.open(2).await;
    let seen = At(NOW.0 + 5);
    change(&store, vec![Op::SeenSession([1; 32], seen), Op::EndSession([2; 32])]).await.unwrap();
    let found = store.session([1; 32]).await.unwrap();
    assert_eq!(found, Some((SessionRow { seen_at: seen, ..session(1, mia.id) }, mia.clone())));
    change(&store, vec![Op::EndSessions(mia.id, Some([3; 32]))]).await.unwrap();
    let mut there = Vec::new();
    for token in 1..=4 {
        if store.session([token; 32]).await.unwrap().is_some() {
            there.push(token);
        }
    }
    assert_eq!(there, [3, 4]);
    change(&store, vec![Op::EndSessions(mia.id, None), Op::Sweep(At(NOW.0 + 60_001))]).await.unwrap();
    assert_eq!((store.session([3; 32]).await.unwrap(), store.session([4; 32]).await.unwrap()), (None, None));
    driver.close(store).await;
}

/// Tokens, settings, connections: read back as written, changed from the revision that was read.
pub async fn tokens_settings_and_connections_are_read_back<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let token = TokenRow {
        id: TokenId(next()),
        name: "Grafana".into(),
        hash: [5; 32],
        scopes: "figures.read flows.read".into(),
        by: "user:usr_1 Mia".into(),
        created_at: NOW,
        expires_at: Some(At(NOW.0 + 1)),
        used_at: None,
    };
    change(&store, vec![Op::AddToken(token.clone()), Op::UsedToken(token.id, NOW)]).await.unwrap();
    let used = TokenRow { used_at: Some(NOW), ..token.clone() };
    assert_eq!((store.token([5; 32]).await.unwrap(), store.tokens().await.unwrap()), (Some(used.clone()), vec![used]));
    change(&store, vec![Op::EndToken(token.id)]).await.unwrap();
    assert_eq!(change(&store, vec![Op::EndToken(token.id)]).await, Err(Refusal::Gone));

    let settings = |rev| SettingsRow { body: format!("{{\"n\":{rev}}}"), rev, by: "cli".into(), at: NOW };
    assert_eq!(change(&store, vec![Op::PutSettings(settings(2))]).await, Err(Refusal::Changed), "there are none yet");
    for rev in [1, 2] {
        change(&store, vec![Op::PutSettings(settings(rev))]).await.unwrap();
    }
    assert_eq!(change(&store, vec![Op::PutSettings(settings(2))]).await, Err(Refusal::Changed));
    assert_eq!(store.settings().await.unwrap(), Some(settings(2)));

    let connection = |rev| ConnectionRow {
        id: "crm".into(),
        connector: "hubspot".into(),
        settings: "{}".into(),
        sealed: vec![1, 2],
        secrets: "access_token".into(),
        rev,
        by: "cli".into(),
        at: NOW,
    };
    assert_eq!(change(&store, vec![Op::PutConnection(connection(2))]).await, Err(Refusal::Changed));
    for rev in [1, 2] {
        change(&store, vec![Op::PutConnection(connection(rev))]).await.unwrap();
    }
    assert_eq!(change(&store, vec![Op::PutConnection(connection(1))]).await, Err(Refusal::Changed));
    assert_eq!(store.connections().await.unwrap(), [connection(2)]);
    assert_eq!(change(&store, vec![Op::EndConnection("crm".into(), 1)]).await, Err(Refusal::Changed));
    change(&store, vec![Op::EndConnection("crm".into(), 2)]).await.unwrap();
    assert!(store.connections().await.unwrap().is_empty());
    driver.close(store).await;
}

/// Browsers that are told: each has one owner, and none is left when all sessions of somebody end. The first key stays.
pub async fn browsers_are_told_until_their_owner_leaves<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (anna, ben) = (user("anna@example.com", Role::Agent), user("ben@example.com", Role::Agent));
    change(&store, vec![put(&anna), put(&ben)]).await.unwrap();
    let row = |endpoint: &str, user, at| PushRow {
        endpoint: endpoint.into(),
        user,
        p256dh: vec![4; 65],
        auth: vec![1; 16],
        alarms: true,
        agent: "browser".into(),
        at: At(NOW.0 + at),
    };
    change(&store, vec![Op::PutPush(row("a", anna.id, 0)), Op::PutPush(row("b", anna.id, 1))]).await.unwrap();
    change(&store, vec![Op::PutPush(row("b", ben.id, 2))]).await.unwrap();
    assert_eq!(store.pushes().await.unwrap(), [row("a", anna.id, 0), row("b", ben.id, 2)]);
    change(&store, vec![Op::EndPush("b".into()), Op::EndSessions(anna.id, None)]).await.unwrap();
    assert!(store.pushes().await.unwrap().is_empty());

    assert_eq!(store.push_key().await.unwrap(), None);
    for key in [vec![1], vec![2]] {
        change(&store, vec![Op::PutPushKey(key)]).await.unwrap();
    }
    assert_eq!(store.push_key().await.unwrap(), Some(vec![1]));
    driver.close(store).await;
}

/// Whom the desk may ask, with everybody's name; who was put out is not among them.
pub async fn teams_and_agents_are_read_back_with_names<D: Driver>() {
    let driver = D::fresh().await;
    let store = driver.open(1).await;
    let (anna, gone) = (user("anna@example.com", Role::Agent), user("gone@example.com", Role::Agent));
    let gone = UserRow { state: UserState::Off, ..gone };
    change(&store, vec![put(&anna), put(&gone)]).await.unwrap();

    let team = |rev| TeamRow { id: "care".into(), body: format!("{{\"n\":{rev}}}"), rev, by: "cli".into(), at: NOW };
    assert_eq!(change(&store, vec![Op::PutTeam(team(2))]).await, Err(Refusal::Changed), "there is none yet");
    for rev in [1, 2] {
        change(&store, vec![Op::PutTeam(team(rev))]).await.unwrap();
    }
    assert_eq!(change(&store, vec![Op::PutTeam(team(2))]).await, Err(Refusal::Changed));
    let profile = |rev| ProfileRow { user: anna.id, body: "{}".into(), rev, by: "cli".into(), at: NOW };
    assert_eq!(change(&store, vec![Op::PutProfile(profile(2))]).await, Err(Refusal::Changed));
    for rev in [1, 2] {
        change(&store, vec![Op::PutProfile(profile(rev))]).await.unwrap();
    }
    let people = vec![(anna.id, anna.name.clone())];
    let whole = StaffRows { teams: vec![team(2)], profiles: vec![profile(2)], people };
    assert_eq!(store.staff().await.unwrap(), whole);

    assert_eq!(change(&store, vec![Op::EndTeam("care".into(), 1)]).await, Err(Refusal::Changed));
    change(&store, vec![Op::EndTeam("care".into(), 2)]).await.unwrap();
    assert!(store.staff().await.unwrap().teams.is_empty());
    driver.close(store).await;
}
