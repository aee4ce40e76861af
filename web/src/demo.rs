//! The accounts that `serve --sandbox` opens when no connections file is named: everything works on a fresh checkout.

use connectors::sandbox::Config;
use serde_json::{Value, json};

use crate::config::connections::{Connections, Declared, Limits};

/// Accounts at the sandbox that answers at `url` and was started with `config`.
pub(crate) fn connections(url: &str, config: &Config) -> Connections {
    let (meta, twilio, hubspot) = (&config.cloud_api, &config.twilio, &config.hubspot);
    let (slack, telegram) = (&config.slack, &config.telegram);
    let declared = vec![
        account(
            "wa-main",
            "whatsapp.cloud_api",
            json!({
                "base_url": format!("{url}/graph"), "phone_number_id": meta.phone_number_id, "waba_id": meta.waba_id,
                "access_token": meta.access_token, "app_secret": meta.app_secret, "verify_token": meta.verify_token,
            }),
        ),
        account(
            "tw-backup",
            "whatsapp.twilio",
            json!({
                "base_url": format!("{url}/twilio"), "account_sid": twilio.account_sid, "auth_token": twilio.auth_token,
                "from": twilio.from,
            }),
        ),
        account(
            "hubspot-main",
            "hubspot",
            json!({
                "base_url": format!("{url}/hubspot"), "access_token": hubspot.access_token,
                "client_secret": hubspot.client_secret, "calls_per_second": 0,
            }),
        ),
        account(
            "team-slack",
            "notify.slack",
            json!({
                "base_url": format!("{url}/slack"), "bot_token": slack.bot_token, "signing_secret": slack.signing_secret,
                "channel": slack.channels.first(),
            }),
        ),
        account(
            "team-telegram",
            "notify.telegram",
            json!({
                "base_url": format!("{url}/telegram"), "bot_token": telegram.token,
                "secret_token": telegram.secret_token, "chat": telegram.chats.first(),
            }),
        ),
        account("team-bell", "notify.webhook", json!({ "url": format!("{url}/bell") })),
    ];
    let defaults = [("whatsapp", "wa-main"), ("crm", "hubspot-main"), ("notify", "team-bell")];
    let defaults = defaults.into_iter().map(|(capability, id)| (capability.to_owned(), id.to_owned())).collect();
    Connections { declared, defaults, notify: Some("team-bell".to_owned()) }
}

fn account(id: &str, connector: &str, settings: Value) -> Declared {
    Declared {
        id: id.into(),
        connector: connector.to_owned(),
        allow_private_network: true,
        limits: Limits::default(),
        settings,
    }
}
