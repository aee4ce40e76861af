//! What a sandbox is told before it starts: where it listens, which accounts exist, which templates are approved.

use super::MailServer;
use std::{collections::BTreeMap, net::SocketAddr};

/// Settings of one sandbox. [`Config::default`] is the demo: every account, no webhook address yet.
#[derive(Clone)]
pub struct Config {
    /// Where to listen. Default `127.0.0.1:0`: a free port, read it back with [`super::Sandbox::url`].
    pub listen: SocketAddr,
    /// The WhatsApp Cloud API account.
    pub cloud_api: CloudApiAccount,
    /// The Twilio account.
    pub twilio: TwilioAccount,
    /// The HubSpot account.
    pub hubspot: HubSpotAccount,
    /// The Slack app.
    pub slack: SlackApp,
    /// The Chatwoot account.
    pub chatwoot: ChatwootAccount,
    /// The mail server.
    pub mail: MailServer,
    /// The Telegram bot.
    pub telegram: TelegramBot,
    /// The message templates of both WhatsApp accounts.
    pub templates: Vec<Template>,
    /// Whether accepted messages are followed by statuses (`sent`, `delivered`, `read`). Default true.
    pub statuses: bool,
    /// Whether customers read what they receive, so that `read` follows `delivered`. Default true.
    pub auto_read: bool,
    /// Whether free text is refused outside the 24 hours after the customer's last played message. Default true;
    /// switch it off when the customer's messages do not come from this sandbox.
    pub enforce_window: bool,
    /// How refusals that depend on the recipient (window closed) are told. False (default): in the answer to the
    /// call. True: the call is accepted and a `failed` status follows, as Twilio does and Meta may do.
    pub late_refusals: bool,
    /// Pauses before each repeat of a webhook that was not answered well, in milliseconds; after the last one it
    /// is given up. Cloud API and HubSpot only. Default: at once, then 1, 2, 5, 10, 30 and 60 s (Meta, "Webhooks":
    /// at once, then with falling frequency; the real ones go on for days).
    pub retry_ms: Vec<u64>,
    /// How long a status or a CRM change waits for others that can leave in the same POST, in milliseconds.
    /// Default 20. With 0 a status may overtake the answer to its own send, as it may in life.
    pub batch_ms: u64,
    /// How many requests, messages, webhooks and CRM objects of one type the books keep, oldest forgotten first.
    /// Totals always count everything. Default `usize::MAX`.
    pub keep: usize,
}

/// A WhatsApp business number at Meta.
#[derive(Clone)]
pub struct CloudApiAccount {
    /// Graph id of the number, part of the path of every send.
    pub phone_number_id: String,
    /// Id of the WhatsApp Business Account.
    pub waba_id: String,
    /// The number itself, digits only.
    pub display_phone_number: String,
    /// What must stand behind `Authorization: Bearer`.
    pub access_token: String,
    /// Signs webhooks (`X-Hub-Signature-256`).
    pub app_secret: String,
    /// Sent in the verification of the webhook address.
    pub verify_token: String,
    /// Where webhooks go; none are sent without it.
    pub webhook_url: Option<String>,
}

/// A Twilio account with one WhatsApp sender.
#[derive(Clone)]
pub struct TwilioAccount {
    /// `AC` and 32 hex digits; also the user name of Basic authentication.
    pub account_sid: String,
    /// Password of Basic authentication and key of `X-Twilio-Signature`.
    pub auth_token: String,
    /// The WhatsApp sender, E.164 with `+`, without the prefix `whatsapp:`.
    pub from: String,
    /// Where inbound messages go; statuses go to the `StatusCallback` of each send.
    pub webhook_url: Option<String>,
}

/// A HubSpot portal with one private app.
#[derive(Clone)]
pub struct HubSpotAccount {
    /// What must stand behind `Authorization: Bearer`.
    pub access_token: String,
    /// Signs webhooks (`X-HubSpot-Signature-v3`).
    pub client_secret: String,
    /// Id of the portal, sent in webhooks.
    pub portal_id: u64,
    /// Id of the app, sent in webhooks.
    pub app_id: u64,
    /// Where property changes go; none are sent without it.
    pub webhook_url: Option<String>,
    /// Whether writes that come in through the API are told to the webhook too (`changeSource` `INTEGRATION`), as
    /// a real subscription does. Default false.
    pub echo_own_writes: bool,
    /// Custom text properties that exist from the start, as `(object, name, unique)`. Default none.
    pub properties: Vec<(String, String, bool)>,
}

/// A Slack app in one workspace.
#[derive(Clone)]
pub struct SlackApp {
    /// What must stand behind `Authorization: Bearer`.
    pub bot_token: String,
    /// Signs interactions (`X-Slack-Signature`).
    pub signing_secret: String,
    /// Channels whose member the app is; people (`U…`) can always be written to.
    pub channels: Vec<String>,
    /// Where interactions go; none are sent without it.
    pub webhook_url: Option<String>,
}

/// An account of Chatwoot.
#[derive(Clone)]
pub struct ChatwootAccount {
    /// Part of the path of every call.
    pub account_id: u64,
    /// What must stand in `api_access_token`.
    pub access_token: String,
    /// Its one inbox.
    pub inbox_id: u64,
    /// Signs webhooks (`X-Chatwoot-Signature`).
    pub webhook_secret: String,
    /// Where webhooks go; none are sent without it.
    pub webhook_url: Option<String>,
}

/// A Telegram bot.
#[derive(Clone)]
pub struct TelegramBot {
    /// Part of the path of every call.
    pub token: String,
    /// Sent with every update, until `setWebhook` names another.
    pub secret_token: String,
    /// Chats whose member the bot is.
    pub chats: Vec<String>,
    /// A group that became a supergroup: its old id and the new one.
    pub migrated: Option<(String, String)>,
    /// Where updates go; none are sent without it.
    pub webhook_url: Option<String>,
}

/// A message template in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Lower case, `a-z0-9_`.
    pub name: String,
    /// Meta's locale code, such as `en` or `zh_CN`.
    pub language: String,
    /// `APPROVED` can be sent; `PENDING`, `REJECTED`, `PAUSED`, `DISABLED` are refused.
    pub status: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    pub category: String,
    /// Text with named (`{{order}}`) or numbered (`{{1}}`) placeholders.
    pub body: String,
    /// Texts of its quick-reply buttons, at most 10.
    pub buttons: Vec<String>,
}

impl Template {
    /// An approved utility template without buttons.
    #[must_use]
    pub fn new(name: &str, language: &str, body: &str) -> Self {
        Self {
            name: name.into(),
            language: language.into(),
            status: "APPROVED".into(),
            category: "UTILITY".into(),
            body: body.into(),
            buttons: Vec::new(),
        }
    }

    /// Placeholder names in order of their first appearance.
    #[must_use]
    pub fn placeholders(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for part in self.body.split("{{").skip(1) {
            if let Some((name, _)) = part.split_once("}}")
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names
    }

    /// Whether placeholders are names rather than numbers (Meta's `parameter_format`).
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.placeholders().iter().any(|name| name.parse::<u32>().is_err())
    }

    /// The body with its placeholders filled in.
    #[must_use]
    pub fn render(&self, params: &BTreeMap<String, String>) -> String {
        params.iter().fold(self.body.clone(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    }

    /// The id under which Twilio knows it: `HX` and 32 hex digits, derived from name and language.
    #[must_use]
    pub fn content_sid(&self) -> String {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(format!("{}/{}", self.name, self.language));
        format!("HX{}", hex::encode(&digest[..16]))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            cloud_api: CloudApiAccount {
                phone_number_id: "700100200300".into(),
                waba_id: "9001".into(),
                display_phone_number: "551130001000".into(),
                access_token: "sandbox-wa-token".into(),
                app_secret: "sandbox-app-secret".into(),
                verify_token: "sandbox-verify-token".into(),
                webhook_url: None,
            },
            twilio: TwilioAccount {
                account_sid: "AC0123456789abcdef0123456789abcdef".into(),
                auth_token: "sandbox-twilio-token".into(),
                from: "+14155238886".into(),
                webhook_url: None,
            },
            hubspot: HubSpotAccount {
                access_token: "pat-na1-sandbox".into(),
                client_secret: "sandbox-client-secret".into(),
                portal_id: 700_123,
                app_id: 55,
                webhook_url: None,
                echo_own_writes: false,
                properties: Vec::new(),
            },
            slack: SlackApp {
                bot_token: "xoxb-sandbox".into(),
                signing_secret: "sandbox-signing-secret".into(),
                channels: vec!["C0CARE".into(), "C0SALES".into()],
                webhook_url: None,
            },
            chatwoot: ChatwootAccount {
                account_id: 1,
                access_token: "sandbox-chatwoot-token".into(),
                inbox_id: 4,
                webhook_secret: "sandbox-chatwoot-secret".into(),
                webhook_url: None,
            },
            mail: MailServer::default(),
            telegram: TelegramBot {
                token: "42:sandbox".into(),
                secret_token: "sandbox-telegram-secret".into(),
                chats: vec!["-1001234567".into(), "4242".into()],
                migrated: None,
                webhook_url: None,
            },
            templates: demo_templates(),
            statuses: true,
            auto_read: true,
            enforce_window: true,
            late_refusals: false,
            retry_ms: vec![0, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000],
            batch_ms: 20,
            keep: usize::MAX,
        }
    }
}

/// What the demo shop has had approved: three templates in five languages, and two that cannot be sent.
fn demo_templates() -> Vec<Template> {
    let mut templates: Vec<Template> = DEMO.iter().map(|(name, lang, body)| Template::new(name, lang, body)).collect();
    for template in templates.iter_mut().filter(|t| t.name == "order_reminder" && t.language == "en") {
        template.buttons = vec!["I still want it".into(), "Cancel it".into()];
    }
    let sale = Template::new("summer_sale", "en", "Hello {{name}}, everything is 20% off until Sunday.");
    templates.push(Template { status: "REJECTED".into(), category: "MARKETING".into(), ..sale });
    let survey = Template::new("survey", "en", "Hello {{1}}, how did you like order {{2}}? Answer 1 to 5.");
    templates.push(Template { status: "PAUSED".into(), category: "MARKETING".into(), ..survey });
    templates
}

const DEMO: &[(&str, &str, &str)] = &[
    (
        "order_confirmation",
        "en",
        "Thank you! We have your order {{order}}. Your ticket is {{ticket}}, keep it at hand.",
    ),
    ("order_confirmation", "zh_CN", "谢谢！我们已收到您的订单 {{order}}。工单号为 {{ticket}}，请妥善保存。"),
    (
        "order_confirmation",
        "it",
        "Grazie! Abbiamo ricevuto il tuo ordine {{order}}. Il tuo ticket è {{ticket}}, conservalo.",
    ),
    (
        "order_confirmation",
        "ru",
        "Спасибо! Мы получили ваш заказ {{order}}. Номер обращения {{ticket}}, сохраните его.",
    ),
    ("order_confirmation", "ar", "شكرا لك! استلمنا طلبك {{order}} ورقم التذكرة {{ticket}} فاحتفظ به."),
    ("order_reminder", "en", "We have not heard from you about your order. Reply to this message and we will help."),
    ("order_reminder", "zh_CN", "关于您的订单，我们还没有收到您的回复。请回复此消息，我们会为您提供帮助。"),
    (
        "order_reminder",
        "it",
        "Non abbiamo più avuto tue notizie sul tuo ordine. Rispondi a questo messaggio e ti aiuteremo.",
    ),
    ("order_reminder", "ru", "Мы не получили ответа по вашему заказу. Ответьте на это сообщение, и мы поможем."),
    ("order_reminder", "ar", "لم نسمع منك بخصوص طلبك. أجب على هذه الرسالة وسنساعدك."),
    ("price_list", "en", "Here is our price list: {{link}} (prices include tax)."),
    ("price_list", "zh_CN", "这是我们的价目表：{{link}}（价格含税）。"),
    ("price_list", "it", "Ecco il nostro listino prezzi: {{link}} (IVA inclusa)."),
    ("price_list", "ru", "Вот наш прайс-лист: {{link}} (цены с налогом)."),
    ("price_list", "ar", "هذه قائمة أسعارنا: {{link}} (الأسعار شاملة الضريبة)."),
    ("welcome_customer", "en", "Welcome {{name}}, you are now our customer. Write to us here at any time."),
    ("welcome_customer", "zh_CN", "欢迎您，{{name}}！您现在是我们的客户，欢迎随时在这里联系我们。"),
];
