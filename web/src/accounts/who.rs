//! Who asks: found out once for each request, and told to handlers, the guard and the log.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use engine::account::{Accounts, Hash, Permission, Permissions, UserRow};
use engine::ids::UserId;
use subtle::ConstantTimeEq;

use super::routes::Access;
use super::secret::{Purpose, csrf, digest};
use super::sign_in::COOKIE;
use crate::app::App;
use crate::error::ApiError;
use crate::peer::Peer;

/// Whoever asks, with what they may do. An extension of every request to the API; cheap to clone.
#[derive(Clone)]
pub struct Who(Arc<Known>);

struct Known {
    kind: Kind,
    by: String,
    may: Permissions,
    address: IpAddr,
    /// Whether the log was told whose data this request reads.
    told: AtomicBool,
}

/// What kind of caller it is.
pub(crate) enum Kind {
    /// Nobody we know.
    Nobody,
    /// Whoever runs this machine: the control socket, or the token of `DIR/api-token` on loopback.
    Trusted,
    /// Somebody with a cookie.
    Person(Box<Person>),
    /// A machine with a token.
    Machine,
}

/// Somebody who is signed in.
pub(crate) struct Person {
    /// Who.
    pub(crate) user: UserRow,
    /// The session.
    pub(crate) session: Hash,
    /// What must come with every write.
    pub(crate) csrf: String,
    /// Whether a second factor has to be set up before anything else.
    pub(crate) must_enrol: bool,
}

impl Who {
    fn new(kind: Kind, by: String, may: Permissions, address: IpAddr) -> Self {
        Self(Arc::new(Known { kind, by, may, address, told: AtomicBool::new(false) }))
    }

    /// Somebody who is signed in.
    pub(super) fn person(user: UserRow, session: Hash, csrf: String, must_enrol: bool, address: IpAddr) -> Self {
        let may = if must_enrol { Permissions::NONE } else { Permissions::of(user.role, user.publisher) };
        let by = name_of(&user);
        Self::new(Kind::Person(Box::new(Person { user, session, csrf, must_enrol })), by, may, address)
    }

    /// What the journal says of who did it: `cli` or `api` of whoever runs the machine, else who with id and name.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.0.by
    }

    /// From where.
    pub(crate) fn address(&self) -> IpAddr {
        self.0.address
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// Whether it is whoever runs this machine.
    pub(crate) fn is_trusted(&self) -> bool {
        matches!(self.0.kind, Kind::Trusted)
    }

    /// The person.
    ///
    /// # Errors
    /// 409 when it is a machine.
    pub(crate) fn expect_person(&self) -> Result<&Person, ApiError> {
        match &self.0.kind {
            Kind::Person(person) => Ok(person),
            _ => Err(ApiError::conflict("this is about the person who is signed in, and no person is")),
        }
    }

    /// The person's id.
    pub(crate) fn user(&self) -> Option<UserId> {
        if let Kind::Person(person) = &self.0.kind { Some(person.user.id) } else { None }
    }

    /// What they may do.
    pub(crate) fn permissions(&self) -> Permissions {
        self.0.may
    }

    /// Whether they may do this.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.0.may.has(permission)
    }

    /// Refuses whoever may not do this: for what depends on more than the address.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn expect(&self, permission: Permission) -> Result<(), ApiError> {
        if self.may(permission) {
            return Ok(());
        }
        if let Kind::Person(person) = &self.0.kind
            && person.must_enrol
        {
            return Err(ApiError::second_factor_needed());
        }
        Err(ApiError::may_not(permission))
    }

    /// Lets this request through to an address with such access, or says why not.
    pub(super) fn admit(&self, access: Access, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
        let writes = !(method == Method::GET || method == Method::HEAD);
        if writes && from_another_site(headers) {
            return Err(ApiError::forbidden("another site's page may not write here"));
        }
        if access == Access::Anyone {
            return Ok(());
        }
        match &self.0.kind {
            Kind::Nobody => return Err(ApiError::unauthorized()),
            Kind::Person(person) if writes => {
                let given = headers.get("x-csrf-token").map_or(&[][..], |value| value.as_bytes());
                if !bool::from(given.ct_eq(person.csrf.as_bytes())) {
                    return Err(ApiError::csrf());
                }
            }
            _ => {}
        }
        if let Access::May(permission) = access { self.expect(permission) } else { Ok(()) }
    }

    /// Notes that the log was told whose data are read.
    pub(super) fn note_told(&self) {
        self.0.told.store(true, Ordering::Relaxed);
    }

    /// Whether it was.
    pub(super) fn was_told(&self) -> bool {
        self.0.told.load(Ordering::Relaxed)
    }
}

/// `user:usr_… Mia Rossi`.
pub(crate) fn name_of(user: &UserRow) -> String {
    format!("user:{} {}", user.id, user.name)
}

/// Whether two entries of who did something mean the same one: a person and a token keep their id when their name changes.
pub(crate) fn is_same_one(one: &str, other: &str) -> bool {
    let id = |by: &str| by.split(' ').next().map(str::to_owned);
    id(one) == id(other)
}

/// A browser says where a request comes from; everything else says nothing. Source: Fetch Metadata, `Sec-Fetch-Site`.
fn from_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

/// Middleware: finds out who asks.
pub(crate) async fn identify(State(app): State<Arc<App>>, request: Request, next: Next) -> Result<Response, ApiError> {
    let (mut head, body) = request.into_parts();
    let who = recognise(&app, &head).await?;
    head.extensions.insert(who);
    let mut response = next.run(Request::from_parts(head, body)).await;
    // What somebody may see is for them alone, and for now.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn recognise(app: &App, head: &Parts) -> Result<Who, ApiError> {
    let headers = &head.headers;
    let Some(peer) = head.extensions.get::<Peer>().copied() else {
        return Ok(Who::new(Kind::Nobody, String::new(), Permissions::NONE, Ipv4Addr::UNSPECIFIED.into()));
    };
    let address = peer.address(headers);
    let nobody = || Who::new(Kind::Nobody, "nobody".to_owned(), Permissions::NONE, address);
    if peer == Peer::Control {
        return Ok(Who::new(Kind::Trusted, "cli".to_owned(), Permissions::all(), address));
    }
    if headers.contains_key(header::AUTHORIZATION) {
        let Some(given) = bearer(headers) else { return Ok(nobody()) };
        if peer.is_loopback() && app.token.is(given) {
            return Ok(Who::new(Kind::Trusted, "api".to_owned(), Permissions::all(), address));
        }
        let machine = app.sign_in.machine(app, given).await?;
        return Ok(machine.map_or_else(nobody, |(by, may)| Who::new(Kind::Machine, by, may, address)));
    }
    let Some(cookie) = cookie(headers) else { return Ok(nobody()) };
    let hash = digest(Purpose::Session, cookie);
    let Some((session, user)) = app.engine.store().session(hash).await? else { return Ok(nobody()) };
    if !app.sign_in.counts(app, &session, &user).await? {
        return Ok(nobody());
    }
    let must_enrol = app.sign_in.must_enrol(&user);
    Ok(Who::person(user, hash, csrf(cookie), must_enrol, address))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// What our cookie holds.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

/// What the cookie of this name holds.
pub(crate) fn cookie_named<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}
