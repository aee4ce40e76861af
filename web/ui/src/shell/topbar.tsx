import { Link } from "@tanstack/react-router";
import { Menu as MenuIcon, Search, Smartphone } from "lucide-react";
import { lazy, Suspense } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useCan, useSession } from "~/api/session";
import { withTexts } from "~/desk/texts";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import { LivePill } from "./pill";
import { SendingControl } from "./sending";
import styles from "./shell.module.css";

const Menus = lazy(() => import("./menus"));
const Bell = lazy(() => import("~/alarms/bell"));
const Presence = lazy(() => withTexts(import("~/desk/presence")));

interface Props {
  onMenu: () => void;
  menuOpen: boolean;
  onSearch: () => void;
  onPhone: () => void;
}

export function TopBar({ onMenu, menuOpen, onSearch, onPhone }: Props) {
  const t = useText();
  const { sandbox, must_enrol } = useSession();
  const can = useCan();
  return (
    <header className={styles.bar}>
      <span className={styles.menu}>
        <IconButton
          label={t("shell.menu")}
          icon={<MenuIcon size={20} aria-hidden />}
          onPress={onMenu}
          aria-expanded={menuOpen}
        />
      </span>
      <Link to="/" className={styles.brand} aria-label="Switchboard" translate="no">
        <img src="/icon.svg" alt="" width={26} height={26} />
        <span className={styles.brandWord}>Switchboard</span>
      </Link>
      <AriaButton className={styles.search} onPress={onSearch}>
        <Search size={16} aria-hidden />
        <span className={styles.searchWord}>{t("search.title")}</span>
        <kbd dir="ltr" aria-hidden>
          Ctrl K
        </kbd>
      </AriaButton>
      <span className={styles.space} />
      {sandbox && <span className={styles.sandbox}>{t("shell.sandbox")}</span>}
      <Suspense>{can("inbox.read") && !must_enrol && <Presence />}</Suspense>
      <LivePill />
      <Suspense>{can("system.read") && !must_enrol && <Bell />}</Suspense>
      <SendingControl />
      {sandbox && <IconButton label={t("phone.open")} icon={<Smartphone size={18} aria-hidden />} onPress={onPhone} />}
      <span className={styles.menus}>
        <Suspense>
          <Menus />
        </Suspense>
      </span>
    </header>
  );
}
