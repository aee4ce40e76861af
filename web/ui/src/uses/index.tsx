//! Where something is used: asked for where one looks at it. The list comes with the words of the editor, when it is opened.

import { lazy, type ReactNode, Suspense, useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import type { NamedKind } from "~/api/flows";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Skeleton } from "~/ui/skeleton";
import { Chip } from "~/ui/status";
import styles from "./uses.module.css";

const List = lazy(async () => {
  const [{ UseList }, { addEditorTexts }] = await Promise.all([import("./list"), import("~/editor/texts")]);
  await addEditorTexts();
  return { default: UseList };
});

interface Named {
  kind: NamedKind;
  name: string;
}

/** The list by itself: what a question about removing something shows. */
export function UsedBy({ kind, name }: Named) {
  return (
    <Suspense fallback={<Skeleton lines={2} />}>
      <List kind={kind} name={name} />
    </Suspense>
  );
}

interface UsesProps extends Named {
  /** What people call it; left out = its name. */
  title?: string | undefined;
  onClose: () => void;
}

export function Uses({ kind, name, title, onClose }: UsesProps) {
  const t = useText();
  return (
    <Dialog title={t("uses.of", { name: title ?? name })} isOpen onClose={onClose}>
      <UsedBy kind={kind} name={name} />
    </Dialog>
  );
}

/** A button that tells where something is used. */
export function UsesButton({ kind, name, title }: Named & { title?: string }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="s" look="plain" onPress={() => setOpen(true)}>
        {t("uses.label")}
      </Button>
      {open && <Uses kind={kind} name={name} title={title} onClose={() => setOpen(false)} />}
    </>
  );
}

interface ChipProps extends Named {
  tone?: "plain" | "accent";
  children: ReactNode;
}

/** A tag, a template, a team …: pressed, it tells where it is used. */
export function UsedChip({ kind, name, tone = "plain", children }: ChipProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <AriaButton className={styles.chip} onPress={() => setOpen(true)}>
        <Chip tone={tone}>{children}</Chip>
      </AriaButton>
      {open && <Uses kind={kind} name={name} onClose={() => setOpen(false)} />}
    </>
  );
}
