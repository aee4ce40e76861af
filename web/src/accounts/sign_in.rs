//! Signing in: what every request of a session and every attempt goes through.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderValue;
use engine::account::{
    Accounts, Hash, Op, Permission, Permissions, Refusal, Role, SessionRow, Told, UserRow, UserState,
};
use engine::ids::UserId;
use engine::secret::Secret;
use engine::store;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::codes::normal;
use super::password::Passwords;
use super::read::Readings;
use super::seal::Seal;
use super::secret::{Purpose, csrf, digest, random_token};
use super::settings::Settings;
use super::throttle::{Throttle, Try};
use super::totp;
use super::who::{Who, name_of};
use crate::app::App;
use crate::error::ApiError;

/// The cookie's name.
pub(crate) const COOKIE: &str = "session";
/// A session that is not used for so long ends: a working day.
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// A session ends after so long however it is used.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A use is written down at most so often.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// Characters kept of what a browser calls itself.
const AGENT: usize = 200;

/// What signing in works with.
pub(crate) struct SignIn {
    pub(crate) passwords: Passwords,
    pub(crate) seal: Seal,
    pub(super) readings: Readings,
    throttle: Throttle,
    settings: RwLock<Arc<Settings>>,
}

/// Who tries to sign in, with what.
pub(crate) struct Attempt<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: &'a Secret,
    /// The second factor, or a recovery code.
    pub(crate) code: Option<&'a str>,
    pub(crate) from: IpAddr,
}

/// A session that has begun.
pub(crate) struct Begun {
    /// What the cookie holds.
    pub(crate) token: String,
    /// The same as the guard sees it.
    pub(crate) who: Who,
}

impl SignIn {
    /// With the key that seals secrets, and the settings as they are stored.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn new(seal: Seal, store: &impl Accounts) -> Result<Self, store::Error> {
        let stored = store.settings().await?;
        let settings = stored.map(|row| serde_json::from_str(&row.body)).transpose();
        let settings = settings.map_err(|error| store::Error::Broken(format!("the stored settings: {error}")))?;
        Ok(Self {
            passwords: Passwords::default(),
            seal,
            readings: Readings::default(),
            throttle: Throttle::default(),
            settings: RwLock::new(Arc::new(settings.unwrap_or_default())),
        })
    }

    /// The settings of the workspace.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes settings that were stored.
    pub(crate) fn put_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// Whether somebody has to set up a second factor before anything else.
    pub(crate) fn must_enrol(&self, user: &UserRow) -> bool {
        !user.totp_on && self.settings().require_totp.contains(&user.role)
    }

    /// Whether a session still counts; notes its use.
    pub(super) async fn counts(&self, app: &App, session: &SessionRow, user: &UserRow) -> Result<bool, ApiError> {
        let now = app.clock.now();
        let idle = now.since(session.seen_at);
        if user.state != UserState::Active || now >= session.expires_at || idle >= IDLE {
            return Ok(false);
        }
        if idle >= SEEN_EVERY {
            app.engine.account("", Vec::new(), vec![Op::SeenSession(session.hash, now)]).await??;
        }
        Ok(true)
    }

    /// The machine whose token this is: its name for the log, what it may do.
    pub(super) async fn machine(&self, app: &App, token: &str) -> Result<Option<(String, Permissions)>, ApiError> {
        let Some(row) = app.engine.store().token(digest(Purpose::Api, token)).await? else { return Ok(None) };
        let now = app.clock.now();
        if row.expires_at.is_some_and(|at| now >= at) {
            return Ok(None);
        }
        if row.used_at.is_none_or(|at| now.since(at) >= SEEN_EVERY) {
            app.engine.account("", Vec::new(), vec![Op::UsedToken(row.id, now)]).await??;
        }
        let may = row.scopes.split(' ').filter_map(|scope| scope.parse::<Permission>().ok()).collect();
        Ok(Some((format!("token:{} {}", row.id, row.name), may)))
    }

    /// Signs somebody in, or says as little as possible.
    ///
    /// # Errors
    /// 401 `wrong_credentials` or `code_needed`, 429 `too_many_tries`.
    pub(crate) async fn sign_in(&self, app: &App, attempt: &Attempt<'_>, agent: &str) -> Result<Begun, ApiError> {
        let email = normal_email(attempt.email);
        let key = digest(Purpose::Account, &email);
        let of = self.begin(app, key, attempt.from).await?;
        let user = app.engine.store().user_by_email(&email).await?;
        // Whoever typed a password into the wrong field must not find it in the log.
        let who = user.as_ref().map_or_else(|| "unknown".to_owned(), |user| user.id.to_string());
        let user = user.filter(|user| user.state == UserState::Active);
        let stored = user.as_ref().and_then(|user| user.password.as_ref());
        let right = self.passwords.verify(attempt.password, stored).await?;
        let Some(user) = user.filter(|_| right) else {
            self.failed(app, who, attempt.from, "password").await?;
            return Err(ApiError::wrong_credentials());
        };
        let ops = match (user.totp_on, attempt.code.filter(|code| !code.trim().is_empty())) {
            (false, _) => Vec::new(),
            (true, None) => {
                self.throttle.give_back(of);
                return Err(ApiError::code_needed(false));
            }
            (true, Some(code)) => match self.second_factor(app, &user, code)? {
                Some(op) => vec![op],
                None => return self.wrong_code(app, who, attempt.from).await,
            },
        };
        let by_code = matches!(ops.first(), Some(Op::UseCode(..)));
        let data = json!({ "from": attempt.from, "agent": clipped(agent), "recovery_code": by_code });
        let told = Told { what: "user.signed_in", id: user.id.to_string(), data };
        match self.open(app, &user, attempt.from, agent, vec![told], ops).await? {
            Ok(begun) => {
                self.throttle.succeeded(of, key, attempt.from, app.clock.now());
                Ok(begun)
            }
            // The same code came twice at once, or was used before.
            Err(Refusal::Gone) => self.wrong_code(app, who, attempt.from).await,
            Err(other) => Err(other.into()),
        }
    }

    /// Signs in somebody for whom a provider vouched, with the second factor that stands besides; `told` and `ops` are what else is
    /// written with it.
    ///
    /// # Errors
    /// 401 `code_needed` when it is wrong or was used, 429 `too_many_tries`.
    pub(super) async fn sign_in_vouched(
        &self,
        app: &App,
        user: &UserRow,
        code: &str,
        provider: &str,
        (from, agent): (IpAddr, &str),
        (mut told, mut ops): (Vec<Told>, Vec<Op>),
    ) -> Result<Begun, ApiError> {
        let key = digest(Purpose::Account, &user.email);
        let of = self.begin(app, key, from).await?;
        let op = match self.second_factor(app, user, code)? {
            Some(op) => op,
            None => return self.wrong_code(app, user.id.to_string(), from).await,
        };
        let data = json!({ "from": from, "provider": provider, "second_factor": true });
        told.push(Told { what: "user.signed_in", id: user.id.to_string(), data });
        ops.push(op);
        match self.open(app, user, from, agent, told, ops).await? {
            Ok(begun) => {
                self.throttle.succeeded(of, key, from, app.clock.now());
                Ok(begun)
            }
            Err(Refusal::Gone) => self.wrong_code(app, user.id.to_string(), from).await,
            Err(other) => Err(other.into()),
        }
    }

    async fn wrong_code(&self, app: &App, who: String, from: IpAddr) -> Result<Begun, ApiError> {
        self.failed(app, who, from, "code").await?;
        Err(ApiError::code_needed(true))
    }

    /// Begins a session of somebody, with more steps in the same commit.
    ///
    /// # Errors
    /// When there is no randomness or the store fails.
    pub(crate) async fn open(
        &self,
        app: &App,
        user: &UserRow,
        from: IpAddr,
        agent: &str,
        told: Vec<Told>,
        mut ops: Vec<Op>,
    ) -> Result<Result<Begun, Refusal>, ApiError> {
        let token = random_token()?;
        let (hash, now) = (digest(Purpose::Session, &token), app.clock.now());
        ops.push(Op::SignedIn(user.id, now));
        ops.push(Op::AddSession(SessionRow {
            hash,
            user: user.id,
            created_at: now,
            seen_at: now,
            expires_at: now.plus(LONGEST),
            address: from.to_string(),
            agent: clipped(agent),
        }));
        ops.push(Op::Sweep(now));
        if let Err(refusal) = app.engine.account(&name_of(user), told, ops).await? {
            return Ok(Err(refusal));
        }
        let who = Who::person(user.clone(), hash, csrf(&token), self.must_enrol(user), from);
        Ok(Ok(Begun { token, who }))
    }

    /// The step or the recovery code that a right second factor uses up.
    fn second_factor(&self, app: &App, user: &UserRow, code: &str) -> Result<Option<Op>, ApiError> {
        if let Some(code) = normal(code) {
            return Ok(Some(Op::UseCode(user.id, digest(Purpose::Recovery, &code))));
        }
        let secret = self.seal.open(&totp_place(user), &user.totp).map_err(ApiError::internal)?;
        let step = totp::step(&secret, code, app.clock.now())?;
        Ok(step.map(|step| Op::UseStep(user.id, step)))
    }

    /// Whether this is somebody's own password; tries are counted like those of a sign-in.
    ///
    /// # Errors
    /// 401 when it is not, 429 when there were too many.
    pub(crate) async fn confirm(&self, app: &App, who: &Who, password: &Secret) -> Result<(), ApiError> {
        let user = &who.expect_person()?.user;
        let key = digest(Purpose::Account, &user.email);
        let of = self.begin(app, key, who.address()).await?;
        if !self.passwords.verify(password, user.password.as_ref()).await? {
            self.failed(app, user.id.to_string(), who.address(), "password").await?;
            return Err(ApiError::wrong_credentials());
        }
        self.throttle.give_back(of);
        Ok(())
    }

    /// Counts a try; a refusal is told to the log once.
    async fn begin(&self, app: &App, key: Hash, from: IpAddr) -> Result<Try, ApiError> {
        match self.throttle.begin(key, from, app.clock.now()) {
            Ok(of) => Ok(of),
            Err(refused) => {
                if refused.first {
                    // The digest tells attempts at one account from those at many, and not whose it is.
                    let data = json!({ "from": from, "account": hex::encode(&key[..8]) });
                    let told = Told { what: "user.throttled", id: "sign-in".to_owned(), data };
                    app.engine.account("nobody", vec![told], Vec::new()).await??;
                }
                Err(ApiError::too_many_tries(refused.after))
            }
        }
    }

    async fn failed(&self, app: &App, id: String, from: IpAddr, why: &str) -> Result<(), ApiError> {
        let told = Told { what: "user.sign_in_failed", id, data: json!({ "from": from, "why": why }) };
        Ok(app.engine.account("nobody", vec![told], Vec::new()).await??)
    }
}

/// Where somebody's second factor is sealed.
pub(crate) fn totp_place(user: &UserRow) -> String {
    format!("totp:{}", user.id)
}

/// An address as it is stored and compared.
pub(crate) fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

fn clipped(agent: &str) -> String {
    agent.chars().take(AGENT).collect()
}

/// The header that gives a browser its session; `None` takes it away.
pub(crate) fn set_cookie(app: &App, token: Option<&str>) -> Result<HeaderValue, ApiError> {
    let secure = if app.public_url.starts_with("https://") { "; Secure" } else { "" };
    let (value, age) = token.map_or(("", 0), |token| (token, LONGEST.as_secs()));
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::from_str(&text).map_err(ApiError::internal)
}

/// Who is signed in, what they may do, and what must come with every write.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SessionView {
    user: Me,
    /// Names of permissions; none while a second factor has to be set up.
    permissions: Vec<Permission>,
    /// For the header `X-CSRF-Token` of every write.
    csrf: String,
    /// Whether a second factor has to be set up before anything else.
    must_enrol: bool,
    /// Whether nobody can administer yet: never while somebody is signed in.
    setup_needed: bool,
    /// Whether the server plays the providers itself.
    sandbox: bool,
}

/// Whoever is signed in, as they see themselves.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Me {
    id: UserId,
    name: String,
    /// The address to sign in with.
    email: String,
    role: Role,
    /// Whether a role that can publish does.
    publisher: bool,
    /// BCP 47; empty = the workspace's.
    language: String,
    /// `light`, `dark`, or empty = as the machine.
    theme: String,
    /// Whether a second factor is on.
    totp: bool,
}

/// What the editor is told of who is signed in.
pub(crate) fn session_view(app: &App, who: &Who) -> Result<SessionView, ApiError> {
    let person = who.expect_person()?;
    let user = person.user.clone();
    Ok(SessionView {
        user: Me {
            id: user.id,
            name: user.name,
            email: user.email,
            role: user.role,
            publisher: user.publisher,
            language: user.language,
            theme: user.theme,
            totp: user.totp_on,
        },
        permissions: who.permissions().iter().collect(),
        csrf: person.csrf.clone(),
        must_enrol: person.must_enrol,
        setup_needed: false,
        sandbox: app.sandbox_url.is_some(),
    })
}
