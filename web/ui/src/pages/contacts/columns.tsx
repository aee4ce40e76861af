import { Link } from "@tanstack/react-router";
import type { Contact } from "~/api/types";
import type { Translate } from "~/i18n";
import { languageName } from "~/i18n/format";
import { PersonName, Phone } from "~/ui/person";
import { Chip } from "~/ui/status";
import type { Column } from "~/ui/table";
import { Time } from "~/ui/time";
import styles from "./contacts.module.css";

/** What a list tells of a contact. */
export const contactColumns = (t: Translate): Column<Contact>[] => [
  {
    id: "name",
    name: t("contacts.name"),
    width: "minmax(140px, 2fr)",
    cell: (contact) => (
      <Link to="/contacts/$who" params={{ who: contact.id }}>
        <PersonName name={contact.name} phone={contact.phone} />
      </Link>
    ),
  },
  {
    id: "phone",
    name: t("contacts.phone"),
    width: "minmax(142px, 1.2fr)",
    cell: (contact) => contact.phone && <Phone number={contact.phone} />,
  },
  {
    id: "tags",
    name: t("contacts.tags"),
    width: "minmax(120px, 2fr)",
    wide: true,
    cell: (contact) => <Tags contact={contact} />,
  },
  {
    id: "language",
    name: t("shell.language"),
    width: "minmax(90px, 1fr)",
    wide: true,
    cell: (contact) => contact.language && languageName(contact.language),
  },
  {
    id: "seen",
    name: t("contacts.seen"),
    width: "minmax(96px, 1fr)",
    wide: true,
    cell: (contact) => <Time at={contact.last_interaction_at} />,
  },
];

function Tags({ contact }: { contact: Contact }) {
  return (
    <span className={styles.tags}>
      {[...new Set(contact.tags.map(({ tag }) => tag))].map((tag) => (
        <Chip key={tag}>
          <bdi>{tag}</bdi>
        </Chip>
      ))}
    </span>
  );
}
