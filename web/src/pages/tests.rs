//! The pages over a build made up here.

use axum::http::header::*;

use super::*;

fn example(path: &str) -> Option<File> {
    let bytes: &[u8] = match path {
        "index.html" => b"<meta property=\"csp-nonce\" nonce=\"__CSP_NONCE__\">",
        "favicon.svg" => b"<svg/>",
        "assets/app-1a2b.js" => b"console.log(1)",
        "assets/app-1a2b.js.br" => b"small",
        "assets/app-1a2b.js.gz" => b"smaller",
        "assets/app-1a2b.css" => b"a{}",
        _ => return None,
    };
    let mut sha256 = [0; 32];
    for (place, byte) in path.bytes().enumerate() {
        sha256[place % 16] ^= byte.rotate_left(u32::try_from(place / 16).unwrap());
    }
    Some(File { bytes: bytes.into(), sha256 })
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Got {
    fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn got(find: Find, method: Method, path: &str, sent: &[(HeaderName, &str)]) -> Got {
    let headers = sent.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    let response = answer(find, &method, path, &headers).unwrap_or_else(IntoResponse::into_response);
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Got { status: head.status, headers: head.headers, text: String::from_utf8(body.to_vec()).unwrap() }
}

async fn get(path: &str, sent: &[(HeaderName, &str)]) -> Got {
    got(example, Method::GET, path, sent).await
}

#[tokio::test]
async fn an_asset_is_kept_for_ever_in_the_smallest_form_the_client_reads() {
    let path = "/assets/app-1a2b.js";
    let plain = get(path, &[]).await;
    assert_eq!((plain.status, &*plain.text), (StatusCode::OK, "console.log(1)"));
    assert_eq!(plain.header(CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert_eq!(plain.header(CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(plain.header(CONTENT_ENCODING), "");
    let small = get(path, &[(ACCEPT_ENCODING, "gzip, br")]).await;
    assert_eq!((&*small.text, small.header(CONTENT_ENCODING)), ("small", "br"));
    assert_eq!(small.header(CONTENT_TYPE), plain.header(CONTENT_TYPE));
    assert_eq!(small.header(VARY), "accept-encoding");
    assert_ne!(small.header(ETAG), plain.header(ETAG), "each form is its own");
    assert_eq!(get(path, &[(ACCEPT_ENCODING, "gzip")]).await.text, "smaller");
    let whole = get("/assets/app-1a2b.css", &[(ACCEPT_ENCODING, "gzip, br")]).await;
    assert_eq!((&*whole.text, whole.header(CONTENT_ENCODING)), ("a{}", ""), "no small form was built");
}

#[tokio::test]
async fn who_has_a_file_already_is_not_sent_it_again() {
    let first = get("/favicon.svg", &[]).await;
    assert_eq!(first.header(CACHE_CONTROL), "no-cache");
    let tag = first.header(ETAG);
    for given in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
        let again = get("/favicon.svg", &[(IF_NONE_MATCH, &given)]).await;
        assert_eq!((again.status, &*again.text), (StatusCode::NOT_MODIFIED, ""), "{given}");
        assert_eq!(again.header(ETAG), tag);
    }
    assert_eq!(get("/favicon.svg", &[(IF_NONE_MATCH, "\"other\"")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_other_address_is_the_editor_with_a_nonce_of_its_own() {
    let mut nonces = std::collections::BTreeSet::new();
    for path in ["/", "/index.html", "/flows/order-to-ticket", "/runs/run_1?x=1", "/apiary"] {
        let page = get(path, &[(IF_NONE_MATCH, "*")]).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!((page.header(CACHE_CONTROL), page.header(ETAG)), ("no-cache", ""));
        let nonce = page.text.split('"').nth(3).unwrap().to_owned();
        let policy = page.header(CONTENT_SECURITY_POLICY);
        assert!(policy.contains(&format!("style-src 'self' 'nonce-{nonce}'")), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header(X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(page.header(REFERRER_POLICY), "same-origin");
        assert!(nonces.insert(nonce), "a nonce is used once");
    }
}

#[tokio::test]
async fn what_machines_ask_for_is_never_a_page() {
    for path in ["/assets/gone.js", "/api", "/api/v2/flows", "/hooks/", "/hooks"] {
        let gone = get(path, &[]).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND, "{path}");
        assert!(gone.text.contains("not_found"), "{}", gone.text);
    }
    assert_eq!(got(example, Method::POST, "/flows", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn without_a_build_the_page_says_what_to_do() {
    let page = got(|_| None, Method::GET, "/", &[]).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text.contains("make ui"), "{}", page.text);
    assert!(page.header(CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
}
