//! Who is at the other end of a connection.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::HeaderMap;

/// The other end of a connection; an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody who may open `DIR/control.sock`, or this process itself: trusted.
    Control,
    /// Somebody on the network.
    Network(SocketAddr),
}

impl Peer {
    /// Whether it is on this machine. That alone says nothing: behind a proxy on this machine, everybody comes from there.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        match self {
            Self::Control => true,
            Self::Network(address) => match address.ip() {
                IpAddr::V4(ip) => ip.is_loopback(),
                IpAddr::V6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
            },
        }
    }

    /// The address a request comes from, for the log and for slowing guesses. A proxy on this machine adds the one it saw at the end
    /// of `X-Forwarded-For`; from anywhere else the header says nothing.
    #[must_use]
    pub fn address(self, headers: &HeaderMap) -> IpAddr {
        let Self::Network(address) = self else { return Ipv4Addr::LOCALHOST.into() };
        let last = headers.get_all("x-forwarded-for").iter().next_back();
        let told = last.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        told.filter(|_| self.is_loopback()).unwrap_or(address.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Peer {
        Peer::Network(text.parse().unwrap())
    }

    #[test]
    fn loopback_is_recognised_in_both_families() {
        assert!(network("127.0.0.9:1").is_loopback());
        assert!(network("[::1]:1").is_loopback());
        assert!(network("[::ffff:127.0.0.1]:1").is_loopback());
        assert!(!network("10.0.0.1:1").is_loopback());
        assert!(!network("[::ffff:10.0.0.1]:1").is_loopback());
    }

    #[test]
    fn only_a_proxy_on_this_machine_says_where_a_request_comes_from() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.1, 203.0.113.9".parse().unwrap());
        assert_eq!(network("127.0.0.1:1").address(&headers).to_string(), "203.0.113.9");
        assert_eq!(network("192.0.2.7:1").address(&headers).to_string(), "192.0.2.7");
        assert_eq!(network("127.0.0.1:1").address(&HeaderMap::new()).to_string(), "127.0.0.1");
    }
}
