//! Styles that CodeMirror adds to the page: our content policy takes them only with the number of the page.

import { EditorView } from "@codemirror/view";

const meta = () => document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]');

/** An extension for every editor of text. */
export const pageNonce = () => EditorView.cspNonce.of(meta()?.nonce ?? "");
