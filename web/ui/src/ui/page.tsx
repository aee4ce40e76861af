import type { ReactNode } from "react";
import { ApiError } from "~/api/client";
import { useText } from "~/i18n";
import { Banner } from "./banner";
import { Button } from "./button";
import styles from "./page.module.css";
import { Skeleton } from "./skeleton";
import { useTitle } from "./title";

interface PageProps {
  title: ReactNode;
  /** Of the window, where `title` is more than text. */
  name?: string;
  /** One line under the title. */
  about?: ReactNode;
  /** The way back, above the title. */
  back?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page: its title, what can be done on it, and its content. */
export function Page({ title, name, about, back, actions, children }: PageProps) {
  useTitle(name ?? (typeof title === "string" ? title : null));
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.titles}>
          {back}
          <h1>{typeof title === "string" ? <bdi>{title}</bdi> : title}</h1>
          {about && <p className={styles.about}>{about}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A row of filters over a list. */
export function Toolbar({ children }: { children: ReactNode }) {
  return <div className={styles.toolbar}>{children}</div>;
}

/** A framed part of a page. */
export function Card({
  title,
  actions,
  children,
  flush,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}) {
  return (
    <section className={styles.card}>
      {title && (
        <header className={styles.cardHead}>
          <h2>{title}</h2>
          {actions}
        </header>
      )}
      <div className={flush ? "" : styles.cardBody}>{children}</div>
    </section>
  );
}

export interface Read<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** What was read, or that it is being read, or why it could not be and a way to try again. */
export function Loaded<T>({
  read,
  children,
  lines,
}: {
  read: Read<T>;
  children: (data: T) => ReactNode;
  lines?: number;
}) {
  const t = useText();
  if (read.data !== undefined) return children(read.data);
  if (read.isPending) return <Skeleton lines={lines ?? 6} />;
  const again = (
    <Button size="s" onPress={() => read.refetch()}>
      {t("ui.retry")}
    </Button>
  );
  return (
    <Banner tone="bad" action={again}>
      {explain(read.error, t("error.offline"))}
    </Banner>
  );
}

/** An error in the server's own words; ours where there was no answer. */
export function explain(error: unknown, offline: string): string {
  if (error instanceof ApiError) return error.code === "offline" ? offline : error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Names and values one under the other. */
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className={styles.facts}>
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
        .map(([name, value]) => (
          <div key={name} className={styles.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
