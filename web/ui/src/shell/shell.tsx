import { Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { whenSignedOut } from "~/api/client";
import { queries } from "~/api/queries";
import { useCan, useSession } from "~/api/session";
import { withTexts } from "~/desk/texts";
import { useText } from "~/i18n";
import { withSettingsTexts } from "~/pages/settings/texts";
import { Skeleton } from "~/ui/skeleton";
import { useFollow } from "./follow";
import { useHotkey } from "./hotkey";
import { StaleBanner } from "./pill";
import { Rail } from "./rail";
import { StoppedBanner } from "./sending";
import styles from "./shell.module.css";
import { TopBar } from "./topbar";

const Phone = lazy(() => import("./phone"));
const Enrol = lazy(() => withSettingsTexts(import("./enrol")));
const Desk = lazy(() => withTexts(import("~/desk")));
const Ready = lazy(() => withTexts(import("~/desk/ready")));

/** The frame of every page: bar, rail, and what hangs over them. */
export function Shell() {
  const t = useText();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [menu, setMenu] = useState(false);
  const [search, setSearch] = useState(false);
  const [phone, setPhone] = useState(false);
  const { must_enrol } = useSession();
  const can = useCan();
  const works = can("inbox.read") && !must_enrol;
  useFollow();
  useHotkey("k", () => setSearch(true));
  const SearchDialog = useLoaded();
  useEffect(() => {
    whenSignedOut(() => {
      queries.removeQueries({ queryKey: ["session"] });
      void navigate({ to: "/sign-in", search: { next: window.location.pathname + window.location.search } });
    });
    return () => whenSignedOut(() => {});
  }, [navigate]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu.
  useEffect(() => setMenu(false), [path]);
  return (
    <div className={styles.shell}>
      <a href="#main" className={styles.skip}>
        {t("shell.skip")}
      </a>
      <TopBar
        onMenu={() => setMenu(!menu)}
        onSearch={() => setSearch(true)}
        onPhone={() => setPhone(!phone)}
        menuOpen={menu}
      />
      <div className={styles.below}>
        <Rail isOpen={menu} />
        <div className={styles.column}>
          <StaleBanner />
          <StoppedBanner />
          <Suspense>{works && <Ready />}</Suspense>
          <main id="main" className={styles.main} tabIndex={-1}>
            <Suspense fallback={<Skeleton />}>{must_enrol ? <Enrol /> : <Outlet />}</Suspense>
          </main>
        </div>
        <Suspense>{phone && <Phone onClose={() => setPhone(false)} />}</Suspense>
      </div>
      <Suspense>{works && <Desk />}</Suspense>
      {search && SearchDialog && <SearchDialog onClose={() => setSearch(false)} />}
    </div>
  );
}

type Dialog = ComponentType<{ onClose: () => void }>;

/** The search, loaded behind the first page. Whoever presses Ctrl-K types on at once, and what `lazy` shows comes too late for that. */
function useLoaded(): Dialog | null {
  const [dialog, setDialog] = useState<Dialog | null>(null);
  useEffect(() => void import("./search").then((search) => setDialog(() => search.default)), []);
  return dialog;
}
