//! Two texts side by side, line by line; loaded when it is looked at.

import { yaml } from "@codemirror/lang-yaml";
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { useText } from "~/i18n";
import { pageNonce } from "../yaml/nonce";
import styles from "./publish.module.css";

export default function TextDiff({ before, now }: { before: string; now: string }) {
  const t = useText();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return;
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: now,
        extensions: [
          pageNonce(),
          lineNumbers(),
          yaml(),
          EditorView.editable.of(false),
          EditorState.readOnly.of(true),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": t("editor.changes.text"), tabindex: "0" }),
          unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 6 } }),
        ],
      }),
    });
    return () => view.destroy();
  }, [before, now, t]);
  return <div ref={host} className={styles.diff} dir="ltr" />;
}
