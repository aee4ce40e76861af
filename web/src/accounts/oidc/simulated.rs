//! A provider for tests: real HTTP on loopback, its own signing keys, codes that count once. It can be told to lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::{Json, Router, routing};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What the provider calls us, and what we prove it with.
pub(super) const CLIENT: (&str, &str) = ("switchboard", "a secret: with / signs");

/// A provider that runs.
#[derive(Clone)]
pub(super) struct Simulated {
    pub(super) issuer: String,
    inner: Arc<Inner>,
}

struct Inner {
    key: EcdsaKeyPair,
    random: SystemRandom,
    /// By code: the challenge, the address to return to, and the claims it is worth.
    codes: Mutex<HashMap<String, (String, String, Value)>>,
}

impl Simulated {
    /// A new one, with a new key.
    pub(super) async fn start() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { key, random, codes: Mutex::default() });
        let provider = Self { issuer, inner };
        let router = Router::new()
            .route("/.well-known/openid-configuration", routing::get(about))
            .route("/keys", routing::get(keys))
            .route("/token", routing::post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    /// A code for somebody who signed in after being sent to `sent`, worth these claims.
    pub(super) fn code(&self, sent: &reqwest::Url, claims: Value) -> String {
        let asked: HashMap<_, _> = sent.query_pairs().into_owned().collect();
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["client_id"], CLIENT.0);
        let mut codes = self.inner.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), (asked["code_challenge"].clone(), asked["redirect_uri"].clone(), claims));
        code
    }

    fn signed(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": "k1" })), part(claims));
        let signature = self.inner.key.sign(&self.inner.random, message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn about(State(it): State<Simulated>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", it.issuer);
    Json(json!({
        "issuer": it.issuer, "authorization_endpoint": at("authorize?tenant=a"), "token_endpoint": at("token"), "jwks_uri": at("keys"),
    }))
}

async fn keys(State(it): State<Simulated>) -> Json<Value> {
    let point = it.inner.key.public_key().as_ref();
    let (x, y) = point[1..].split_at(32);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Json(json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "kid": "other", "use": "sig", "x": text(y), "y": text(x) },
        { "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": text(x), "y": text(y) },
    ] }))
}

/// Gives an ID token for a code, once, to whoever knows the client's secret and the verifier.
async fn token(
    State(it): State<Simulated>,
    headers: HeaderMap,
    body: String,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let form = reqwest::Url::parse(&format!("http://form/?{body}")).unwrap();
    let form: HashMap<_, _> = form.query_pairs().into_owned().collect();
    let refused = |why: &str| Err((StatusCode::BAD_REQUEST, Json(json!({ "error": why }))));
    let basic = STANDARD.encode(format!("{}:{}", CLIENT.0, "a%20secret%3A%20with%20%2F%20signs"));
    if headers.get(header::AUTHORIZATION).is_none_or(|given| given.as_bytes() != format!("Basic {basic}").as_bytes()) {
        return refused("invalid_client");
    }
    let known = it.inner.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(&form["code"]);
    let Some((challenge, redirect, claims)) = known else { return refused("invalid_grant") };
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if proof != challenge || form["redirect_uri"] != redirect {
        return refused("invalid_grant");
    }
    Ok(Json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": it.signed(&claims) })))
}
