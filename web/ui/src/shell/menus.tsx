import { useNavigate } from "@tanstack/react-router";
import { CircleUser, Languages, LogOut, Monitor, Moon, Settings, Sun } from "lucide-react";
import { useState } from "react";
import { patch } from "~/api/client";
import { signOut, useSession } from "~/api/session";
import { activate, currentLocale, useText } from "~/i18n";
import { LOCALES, type Locale } from "~/i18n/locales";
import { IconButton } from "~/ui/button";
import { Menu } from "~/ui/menu";
import { toastError } from "~/ui/toast";
import { applyTheme, keptTheme, stored, type Theme } from "./theme";

/** The menus of the bar; loaded once the page is there. */
export default function Menus() {
  return (
    <>
      <LanguageMenu />
      <UserMenu />
    </>
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
    patch("/me", { theme: stored(next.id) }).catch(toastError);
  };
  const leave = async () => {
    const { switchOff } = await import("~/alarms/push");
    // Whoever signs in next must not hear what is this one's.
    await switchOff().catch(() => {});
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
