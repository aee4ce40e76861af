export type Theme = "system" | "light" | "dark";

const KEY = "theme";

export function isTheme(text: unknown): text is Theme {
  return text === "system" || text === "light" || text === "dark";
}

export function keptTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return isTheme(kept) ? kept : "system";
}

export function applyTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** As the server keeps it: nothing = as the machine. */
export function stored(theme: Theme): "" | "light" | "dark" {
  return theme === "system" ? "" : theme;
}
