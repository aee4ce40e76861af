/** What is asked for a connection of each kind. Everything else keeps the connector's default. */

export interface Asked {
  name: string;
  secret?: boolean;
  optional?: boolean;
  /** An example of its form. */
  like?: string;
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
