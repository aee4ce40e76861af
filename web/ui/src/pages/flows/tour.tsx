import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { Button, LinkButton } from "~/ui/button";
import styles from "./flows.module.css";
import { LibraryCards } from "./library";

/** The first visit: three things to do, in order, and flows to begin with. */
export function Tour({ onNew }: { onNew: () => void }) {
  const t = useText();
  const { sandbox } = useSession();
  return (
    <>
      <ol className={styles.steps}>
        <li className={styles.step}>
          <h2>{t("tour.connect")}</h2>
          <p>{t(sandbox ? "tour.connect_sandbox" : "tour.connect_text")}</p>
          <LinkButton to="/connections">{t("tour.connect_do")}</LinkButton>
        </li>
        <li className={styles.step}>
          <h2>{t("tour.flow")}</h2>
          <p>{t("tour.flow_text")}</p>
          <Button look="primary" onPress={onNew}>
            {t("flows.new")}
          </Button>
        </li>
        <li className={styles.step}>
          <h2>{t("tour.watch")}</h2>
          <p>{t("tour.watch_text")}</p>
          <LinkButton to="/runs">{t("tour.watch_do")}</LinkButton>
        </li>
      </ol>
      <h2>{t("tour.begin_with")}</h2>
      <LibraryCards most={6} />
    </>
  );
}
