import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type NamedKind, usesQuery } from "~/api/flows";
import { useText } from "~/i18n";
import { Dialog } from "~/ui/dialog";
import { Loaded } from "~/ui/page";
import styles from "./flows.module.css";

interface Props {
  kind: NamedKind;
  name: string;
  /** What people call it; left out = its name. */
  title?: string;
  onClose: () => void;
}

/** Where flows and rules name something, each place a way there. */
export function Uses({ kind, name, title, onClose }: Props) {
  const t = useText();
  const uses = useQuery(usesQuery(kind, name));
  return (
    <Dialog title={t("uses.of", { name: title ?? name })} isOpen onClose={onClose}>
      <Loaded read={uses} lines={2}>
        {(places) =>
          places.length === 0 ? (
            <p>{t("uses.none")}</p>
          ) : (
            <ul className={styles.plan}>
              {places.map(({ flow, path, line }) => (
                <li key={`${flow} ${path}`}>
                  <Link to="/flows/$id" params={{ id: flow }}>
                    <bdi>{flow}</bdi>
                  </Link>{" "}
                  · {t("uses.line", { n: line })} · <code dir="ltr">{path}</code>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Dialog>
  );
}
