import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { contactQuery, timelineQuery } from "~/api/contacts";
import { useCan } from "~/api/session";
import type { ContactDetail, Conversation } from "~/api/types";
import { isolated, useText } from "~/i18n";
import { languageName, number } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button, LinkButton } from "~/ui/button";
import { Card, Facts, Loaded, Page } from "~/ui/page";
import { PersonName, Phone } from "~/ui/person";
import { Badge } from "~/ui/status";
import { Time, useNow } from "~/ui/time";
import run from "../run/run.module.css";
import styles from "./contacts.module.css";
import { Consent, Fields } from "./facts";
import { Person } from "./person";
import { TagEditor } from "./tags";
import { Timeline } from "./timeline";

/** One person: who it is, what tags say and where they come from, and what happened. */
export function ContactPage() {
  const t = useText();
  const can = useCan();
  const { who } = useParams({ from: "/shell/contacts/$who" });
  const contact = useQuery(contactQuery(who));
  const back = (
    <Link to="/contacts" className={run.back}>
      <ArrowLeft size={14} aria-hidden className="flip" />
      {t("nav.contacts")}
    </Link>
  );
  return (
    <Page
      name={contact.data?.name ?? t("contacts.contact")}
      title={contact.data ? <PersonName name={contact.data.name} phone={contact.data.phone} /> : t("contacts.contact")}
      back={back}
      actions={
        <>
          {can("runs.read") && (
            <LinkButton to="/runs" search={{ contact: contact.data?.id }}>
              {t("contacts.runs")}
            </LinkButton>
          )}
          {contact.data && !contact.data.erased_at && <Person contact={contact.data} />}
        </>
      }
    >
      <Loaded read={contact}>
        {(found) => (
          <div className={styles.columns}>
            <div className={styles.column}>
              {found.merged_into && (
                <Banner
                  action={
                    <LinkButton size="s" to="/contacts/$who" params={{ who: found.merged_into }}>
                      {t("contacts.open_whole")}
                    </LinkButton>
                  }
                >
                  {t("contacts.is_part")}
                </Banner>
              )}
              <Card title={t("contacts.who")}>
                <Who contact={found} />
              </Card>
              <Card title={t("contacts.tags")}>
                <TagEditor contact={found} />
              </Card>
              <Card title={t("contacts.consent")}>
                <Consent contact={found} />
              </Card>
              <Card title={t("contacts.fields")}>
                <Fields contact={found} />
              </Card>
            </div>
            <Card title={t("contacts.timeline")}>
              <History who={who} />
            </Card>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Who({ contact }: { contact: ContactDetail }) {
  const t = useText();
  return (
    <Facts
      rows={[
        [t("contacts.phone"), contact.phone && <Phone key="phone" number={contact.phone} />],
        [t("shell.language"), contact.language && languageName(contact.language)],
        [t("contacts.priority"), contact.priority && t(`priority.${contact.priority}`)],
        [t("contacts.order_status"), contact.order_status && <bdi key="status">{contact.order_status}</bdi>],
        [t("contacts.unread"), contact.unread_count > 0 && number(contact.unread_count)],
        [t("contacts.seen"), contact.last_interaction_at && <Time key="seen" at={contact.last_interaction_at} />],
        ...contact.conversations.map((one): [string, React.ReactNode] => [
          isolated(one.connection),
          <Window key={one.id} conversation={one} />,
        ]),
      ]}
    />
  );
}

/** Whether free text may be sent: within 24 hours of the customer's last message. */
function Window({ conversation }: { conversation: Conversation }) {
  const t = useText();
  const now = useNow();
  const closes = conversation.window_closes_at;
  const open = closes !== null && new Date(closes) > now;
  return (
    <span className={styles.tags}>
      <Badge tone={open ? "good" : "idle"}>{t(open ? "contacts.window_open" : "contacts.window_closed")}</Badge>
      {open && <Time at={closes} />}
    </span>
  );
}

function History({ who }: { who: string }) {
  const t = useText();
  const read = useInfiniteQuery(timelineQuery(who));
  const entries = read.data?.pages.flatMap((page) => page.timeline);
  return (
    <Loaded read={{ ...read, data: entries }}>
      {(found) => (
        <>
          <Timeline entries={found} />
          {read.hasNextPage && (
            <Button onPress={() => void read.fetchNextPage()} isDisabled={read.isFetchingNextPage}>
              {t("contacts.older")}
            </Button>
          )}
        </>
      )}
    </Loaded>
  );
}
