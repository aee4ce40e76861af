/** What is asked for a connection of each kind. Everything else keeps the connector's default. */

export interface Asked {
  name: string;
  secret?: boolean;
  optional?: boolean;
  /** An example of its form. */
  like?: string;
  /** What its text is sent as. Default: text. A list has commas between. */
  as?: "number" | "list";
  /** The message that names it, where its own name means something else elsewhere. */
  label?: string;
}

export interface Kind {
  /** As the server names it. */
  connector: string;
  /** A name of its own, the same in each language. */
  name: string;
  /** The id proposed. */
  id: string;
  asked: Asked[];
}

export const KINDS: Kind[] = [
  {
    connector: "whatsapp.cloud_api",
    name: "WhatsApp Cloud API",
    id: "whatsapp",
    asked: [
      { name: "phone_number_id", like: "106540352242922" },
      { name: "waba_id", like: "102290129340398" },
      { name: "access_token", secret: true },
      { name: "app_secret", secret: true },
      { name: "verify_token", secret: true },
    ],
  },
  {
    connector: "whatsapp.twilio",
    name: "WhatsApp · Twilio",
    id: "twilio",
    asked: [
      { name: "account_sid", like: "AC…" },
      { name: "auth_token", secret: true },
      { name: "from", like: "+14155238886" },
      { name: "messaging_service_sid", optional: true, like: "MG…" },
    ],
  },
  {
    connector: "hubspot",
    name: "HubSpot",
    id: "hubspot",
    asked: [
      { name: "access_token", secret: true, like: "pat-…" },
      { name: "client_secret", secret: true, optional: true },
    ],
  },
  {
    connector: "webhook",
    name: "Webhook",
    id: "shop",
    asked: [
      { name: "secret", secret: true, optional: true },
      { name: "token", secret: true, optional: true },
    ],
  },
  {
    connector: "http",
    name: "HTTP",
    id: "api",
    asked: [
      { name: "base_url", like: "https://api.example.com" },
      { name: "bearer", secret: true, optional: true },
    ],
  },
  {
    connector: "notify.slack",
    name: "Slack",
    id: "team-slack",
    asked: [
      { name: "bot_token", secret: true, like: "xoxb-…" },
      { name: "signing_secret", secret: true, optional: true },
      { name: "channel", like: "C0123ABCD" },
    ],
  },
  {
    connector: "notify.telegram",
    name: "Telegram",
    id: "team-telegram",
    asked: [
      { name: "bot_token", secret: true, like: "123456:ABC-DEF" },
      { name: "secret_token", secret: true, optional: true },
      { name: "chat", like: "-1001234567890" },
    ],
  },
  {
    connector: "notify.email",
    name: "SMTP",
    id: "team-mail",
    asked: [
      { name: "host", like: "smtp.example.com" },
      { name: "user", optional: true },
      { name: "password", secret: true, optional: true },
      { name: "from", label: "from_address", like: "alerts@example.com" },
      { name: "to", as: "list", like: "ana@example.com, leo@example.com" },
    ],
  },
  {
    connector: "chatwoot",
    name: "Chatwoot",
    id: "chatwoot",
    asked: [
      { name: "base_url", like: "https://app.chatwoot.com" },
      { name: "account_id", as: "number", like: "1" },
      { name: "access_token", secret: true },
      { name: "inbox_id", as: "number", like: "4" },
      { name: "webhook_secret", secret: true, optional: true },
    ],
  },
  {
    connector: "notify.webhook",
    name: "Notify",
    id: "notify",
    asked: [
      { name: "url", like: "https://" },
      { name: "secret", secret: true, optional: true },
    ],
  },
];

/** The name of a connector; its id where this app does not know it. */
export function connectorName(connector: string): string {
  return KINDS.find((kind) => kind.connector === connector)?.name ?? connector;
}
