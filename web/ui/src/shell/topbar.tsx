import { Link, useNavigate } from "@tanstack/react-router";
import {
  CircleUser,
  Languages,
  LogOut,
  Menu as MenuIcon,
  Monitor,
  Moon,
  Search,
  Settings,
  Smartphone,
  Sun,
} from "lucide-react";
import { useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { patch } from "~/api/client";
import { signOut, useSession } from "~/api/session";
import { activate, currentLocale, useText } from "~/i18n";
import { LOCALES, type Locale } from "~/i18n/locales";
import { IconButton } from "~/ui/button";
import { Menu } from "~/ui/menu";
import { toastError } from "~/ui/toast";
import { LivePill } from "./pill";
import { SendingControl } from "./sending";
import styles from "./shell.module.css";
import { applyTheme, keptTheme, type Theme } from "./theme";

interface Props {
  onMenu: () => void;
  menuOpen: boolean;
  onSearch: () => void;
  onPhone: () => void;
}

export function TopBar({ onMenu, menuOpen, onSearch, onPhone }: Props) {
  const t = useText();
  const { sandbox } = useSession();
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
      <Link to="/flows" className={styles.brand} aria-label="Switchboard">
        <img src="/icon.svg" alt="" width={26} height={26} />
        <span className={styles.brandWord}>Switchboard</span>
      </Link>
      <AriaButton className={styles.search} onPress={onSearch} aria-label={t("search.title")}>
        <Search size={16} aria-hidden />
        <span className={styles.searchWord}>{t("search.title")}</span>
        <kbd dir="ltr">Ctrl K</kbd>
      </AriaButton>
      <span className={styles.space} />
      {sandbox && <span className={styles.sandbox}>{t("shell.sandbox")}</span>}
      <LivePill />
      <SendingControl />
      {sandbox && <IconButton label={t("phone.open")} icon={<Smartphone size={18} aria-hidden />} onPress={onPhone} />}
      <LanguageMenu />
      <UserMenu />
    </header>
  );
}

/** The language, at once and, for somebody signed in, for every browser of theirs. */
export function LanguageMenu({ keep = true }: { keep?: boolean }) {
  const t = useText();
  const choose = async (locale: Locale) => {
    await activate(locale);
    if (keep) await patch("/me", { language: locale }).catch(toastError);
  };
  const entries = (Object.keys(LOCALES) as Locale[]).map((locale) => ({
    id: locale,
    label: LOCALES[locale].name,
    selected: locale === currentLocale(),
    do: () => void choose(locale),
  }));
  const trigger = <IconButton label={t("shell.language")} icon={<Languages size={18} aria-hidden />} />;
  return <Menu label={t("shell.language")} trigger={trigger} entries={entries} />;
}

const THEMES = [
  { id: "system", text: "theme.system", icon: Monitor },
  { id: "light", text: "theme.light", icon: Sun },
  { id: "dark", text: "theme.dark", icon: Moon },
] as const;

function UserMenu() {
  const t = useText();
  const navigate = useNavigate();
  const { user } = useSession();
  const [theme, setTheme] = useState<Theme>(keptTheme);
  const next = THEMES[(THEMES.findIndex(({ id }) => id === theme) + 1) % THEMES.length] ?? THEMES[0];
  const turn = () => {
    applyTheme(next.id);
    setTheme(next.id);
    patch("/me", { theme: next.id }).catch(toastError);
  };
  const leave = async () => {
    await signOut().catch(toastError);
    await navigate({ to: "/sign-in", search: {} });
  };
  const entries = [
    {
      id: "me",
      label: user.name,
      detail: user.email,
      icon: <Settings size={16} aria-hidden />,
      do: () => void navigate({ to: "/settings", search: {} }),
    },
    { id: "theme", label: t(next.text), icon: <next.icon size={16} aria-hidden />, apart: true, do: turn },
    {
      id: "out",
      label: t("shell.sign_out"),
      icon: <LogOut size={16} aria-hidden />,
      apart: true,
      do: () => void leave(),
    },
  ];
  const trigger = <IconButton label={user.name} icon={<CircleUser size={20} aria-hidden />} />;
  return <Menu label={t("shell.account")} trigger={trigger} entries={entries} />;
}
