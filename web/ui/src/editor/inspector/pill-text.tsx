//! A text field in which inserted values are pills.

import { Braces } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useId, useRef, useState } from "react";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import { pieces } from "../expression/template";
import { nameInWords } from "../expression/words";
import { DataPicker } from "./data-picker";
import styles from "./inspector.module.css";

interface Props {
  label: string;
  /** The label is read out only. */
  bare?: boolean;
  value: string;
  onChange: (text: string) => void;
  /** The place in the text, for what can be inserted. */
  path: string;
  hint?: string | null;
  error?: string | null;
  readOnly?: boolean;
  placeholder?: string;
  /** What a picked name is inserted as. */
  insert?: (name: string) => string;
}

/** Text with pills. `/` at the beginning of a word opens the list of data; a pill is one character to the keys. */
export function PillText({
  label,
  bare,
  value,
  onChange,
  path,
  hint,
  error,
  readOnly = false,
  placeholder,
  insert,
}: Props) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const [picking, setPicking] = useState(false);
  /** Where the caret was when the field was left, counted in the text. */
  const caret = useRef<number | null>(null);
  const id = useId();
  const words = useCallback((name: string) => nameInWords(name, t), [t]);
  useEffect(() => {
    const element = box.current;
    if (element && textOf(element) !== value) show(element, value, words);
  }, [value, words]);
  const keepCaret = () => {
    if (box.current) caret.current = caretOf(box.current) ?? caret.current;
  };
  const input = () => {
    if (box.current) onChange(textOf(box.current));
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== "/" || readOnly || !atWordStart()) return;
    event.preventDefault();
    keepCaret();
    setPicking(true);
  };
  const pick = (name: string) => {
    const element = box.current;
    if (!element) return;
    const text = insert ? insert(name) : `{{${name}}}`;
    const now = textOf(element);
    const at = Math.min(caret.current ?? now.length, now.length);
    const next = now.slice(0, at) + text + now.slice(at);
    show(element, next, words);
    onChange(next);
    // The list of data gives the focus back first.
    requestAnimationFrame(() => putCaret(element, at + text.length));
  };
  return (
    <div className={styles.field}>
      {!bare && (
        <span id={id} className={styles.label}>
          {label}
        </span>
      )}
      <div className={`${styles.pill_box} ${error ? styles.invalid : ""} ${readOnly ? styles.read_only : ""}`}>
        {/* biome-ignore lint/a11y/useSemanticElements: no input can hold pills. */}
        <div
          ref={box}
          role="textbox"
          tabIndex={0}
          aria-multiline="true"
          aria-readonly={readOnly}
          aria-invalid={Boolean(error)}
          dir="auto"
          {...(bare ? { "aria-label": label } : { "aria-labelledby": id })}
          aria-describedby={hint || error ? `${id}-under` : undefined}
          data-placeholder={placeholder}
          contentEditable={readOnly ? false : "plaintext-only"}
          suppressContentEditableWarning
          className={styles.pill_text}
          onInput={input}
          onKeyDown={keyDown}
          onMouseDown={(event) => box.current && besidePill(event, box.current)}
          onBlur={() => {
            keepCaret();
            if (box.current) show(box.current, value, words);
          }}
        />
        {!readOnly && (
          <IconButton
            size="s"
            label={t("editor.insert_data")}
            icon={<Braces size={14} aria-hidden />}
            onPress={() => setPicking(true)}
          />
        )}
      </div>
      {(error || hint) && (
        <span id={`${id}-under`} className={error ? styles.error : styles.hint}>
          {error || hint}
        </span>
      )}
      <DataPicker path={path} anchor={box} isOpen={picking} onClose={() => setPicking(false)} onPick={pick} />
    </div>
  );
}

/** The text of what stands in a field. */
export function textOf(element: Node): string {
  let text = "";
  for (const node of element.childNodes) {
    if (node instanceof HTMLElement && node.dataset.code !== undefined) text += node.dataset.code;
    else if (node.nodeName === "BR") text += node === element.lastChild ? "" : "\n";
    else text += node.nodeType === Node.TEXT_NODE ? (node.textContent ?? "") : textOf(node);
  }
  return text;
}

function show(element: HTMLElement, text: string, words: (name: string) => string): void {
  const nodes = pieces(text).map((piece) => {
    if (piece.kind === "words") return document.createTextNode(piece.text);
    return pill(piece.text, piece.kind === "name" ? words(piece.name) : piece.text);
  });
  // A line end that nothing follows is only seen with something behind it.
  if (text.endsWith("\n")) nodes.push(document.createElement("br"));
  element.replaceChildren(...nodes);
}

function pill(code: string, words: string): HTMLElement {
  const element = document.createElement("span");
  element.className = styles.pill ?? "";
  element.contentEditable = "false";
  element.dataset.code = code;
  // Its words are the app's, whatever the text around them is written in.
  element.dir = document.documentElement.dir;
  element.title = code;
  element.textContent = words;
  return element;
}

function atWordStart(): boolean {
  const selection = getSelection();
  const node = selection?.anchorNode;
  if (!selection || node?.nodeType !== Node.TEXT_NODE) return true;
  const before = node.textContent?.charAt(selection.anchorOffset - 1) ?? "";
  return before === "" || /\s/.test(before);
}

/** A press on a pill puts the caret before or behind it; browsers put none at all. */
function besidePill(event: MouseEvent, element: HTMLElement): void {
  const pill = event.target;
  if (!(pill instanceof HTMLElement) || pill.dataset.code === undefined || element.contentEditable === "false") return;
  event.preventDefault();
  const { left, width } = pill.getBoundingClientRect();
  const late = event.clientX > left + width / 2 === (getComputedStyle(element).direction === "ltr");
  const before = document.createRange();
  before.selectNodeContents(element);
  before.setEndBefore(pill);
  putCaret(element, textOf(before.cloneContents()).length + (late ? pillLength(pill) : 0));
}

/** How much of the text stands before the caret; nothing when the caret is elsewhere. */
function caretOf(element: HTMLElement): number | null {
  const selection = getSelection();
  if (!selection?.rangeCount || !element.contains(selection.focusNode)) return null;
  const before = document.createRange();
  before.selectNodeContents(element);
  const { endContainer, endOffset } = selection.getRangeAt(0);
  before.setEnd(endContainer, endOffset);
  return textOf(before.cloneContents()).length;
}

/** Puts the caret behind so much of the text. */
export function putCaret(element: HTMLElement, offset: number): void {
  const range = document.createRange();
  range.selectNodeContents(element);
  range.collapse(false);
  let left = offset;
  for (const node of element.childNodes) {
    const length = node.nodeType === Node.TEXT_NODE ? (node.textContent?.length ?? 0) : pillLength(node);
    if (node.nodeType === Node.TEXT_NODE && left <= length) {
      range.setStart(node, left);
      break;
    }
    left -= length;
    if (left === 0) {
      range.setStartAfter(node);
      break;
    }
  }
  range.collapse(true);
  element.focus();
  getSelection()?.removeAllRanges();
  getSelection()?.addRange(range);
}

function pillLength(node: Node): number {
  return node instanceof HTMLElement ? (node.dataset.code?.length ?? 0) : 0;
}
