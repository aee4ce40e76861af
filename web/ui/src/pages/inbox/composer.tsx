import { useQuery } from "@tanstack/react-query";
import { LayoutTemplate, Paperclip, SendHorizontal, StickyNote, X } from "lucide-react";
import { type KeyboardEvent, lazy, Suspense, useEffect, useId, useRef, useState } from "react";
import { addNote, type ChatDetail, reopenChat, type Said, snippetsQuery, tellTyping } from "~/api/inbox";
import { useSession } from "~/api/session";
import { useDesk } from "~/desk/use-desk";
import { currentLocale, useText } from "~/i18n";
import { bytes, duration } from "~/i18n/format";
import { Button, IconButton } from "~/ui/button";
import { useDock } from "~/ui/dock";
import { toastError } from "~/ui/toast";
import { ACCEPT, firstFile, refusal, takesCaption } from "./attach";
import { Attached } from "./attached";
import { type ReplyWindow, useReplyWindow } from "./closes";
import styles from "./composer.module.css";
import { type Mode, useDraft } from "./drafts";
import { completed, mentioned, type Suggestion, suggestions } from "./suggest";
import type { Messages } from "./use-messages";

const Templates = lazy(() => import("./templates"));

/** Colleagues are told of our writing this often at most. */
const TYPING_MS = 3_000;

interface Props {
  chat: ChatDetail;
  messages: Messages;
  quote: Said | null;
  onQuote: (quote: Said | null) => void;
  /** Whether the conversation may be answered by the reader. */
  mine: boolean;
}

/** Where one writes: to the customer while the window is open, with a template when it is closed, or a note to colleagues. */
export function Composer({ chat, messages, quote, onQuote, mine }: Props) {
  const t = useText();
  const [draft, setDraft] = useDraft(chat.id);
  const [picking, setPicking] = useState(false);
  const [file, setFile] = useState<File | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const whole = useRef<HTMLElement>(null);
  useDock(whole);
  const window = useReplyWindow(chat.window_closes_at);
  const isNote = draft.mode === "note";
  const told = useRef(0);
  /** Whether the keys go to the field: when it closes under them they go on with what stands in its place. */
  const writing = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever quotes writes next.
  useEffect(() => {
    if (quote) box.current?.focus();
  }, [quote?.id]);
  const write = (text: string) => {
    setDraft({ text });
    if (text === "" || isNote || Date.now() - told.current < TYPING_MS) return;
    told.current = Date.now();
    void tellTyping(chat.id).catch(() => {});
  };
  const turn = (mode: Mode) => {
    setDraft({ mode });
    box.current?.focus();
  };
  const people = useColleagues();
  const send = () => {
    const text = draft.text.trim();
    if (text === "" && !(file && !isNote)) return;
    if (isNote) {
      void addNote(chat.id, text, mentioned(text, people)).then(
        () => setDraft({ text: "", mode: "reply" }),
        toastError,
      );
      return;
    }
    if (!window.open || !mine) return;
    const words = file && !takesCaption(file) ? "" : text;
    messages.send({ ...(words && { text: words }), ...(quote && { quote: quote.id }) }, words, file);
    if (words === text) setDraft({ text: "" });
    setFile(null);
    onQuote(null);
  };
  const shut = !isNote && (!window.open || !mine || chat.state === "closed");
  const attach = (chosen: File | null) => {
    if (!chosen) return;
    const refused = refusal(chosen);
    if (refused?.why === "type") toastError(new Error(t("inbox.file_type")));
    else if (refused) toastError(new Error(t("inbox.file_size", { most: bytes(refused.most) })));
    else setFile(chosen);
    box.current?.focus();
  };
  /** What is dropped or pasted; words that are pasted go into the field as ever. */
  const bring = (event: { preventDefault: () => void }, data: DataTransfer | null) => {
    const found = firstFile(data);
    if (!found || shut || isNote) return;
    event.preventDefault();
    attach(found);
  };
  return (
    <section
      ref={whole}
      className={`${styles.composer} ${isNote ? styles.note : ""}`}
      aria-label={t("inbox.answer")}
      onDragOver={(event) => !shut && !isNote && event.preventDefault()}
      onDrop={(event) => bring(event, event.dataTransfer)}
      onPaste={(event) => bring(event, event.clipboardData)}
    >
      <div className={styles.bar}>
        <Modes mode={draft.mode} onChange={turn} />
        {chat.state === "open" && <WindowWords window={window} />}
      </div>
      {quote && !isNote && (
        <div className={styles.quote}>
          <p dir="auto">{quote.text || t("inbox.quoted")}</p>
          <IconButton
            size="s"
            label={t("inbox.quote_off")}
            icon={<X size={14} aria-hidden />}
            onPress={() => onQuote(null)}
          />
        </div>
      )}
      {file && !isNote && <Attached file={file} onDrop={() => setFile(null)} />}
      {shut ? (
        <Shut
          chat={chat}
          mine={mine}
          kept={draft.text}
          focus={writing.current}
          onPick={() => setPicking(true)}
          onNote={() => turn("note")}
        />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: it only listens whether the keys go to the field.
        <div
          className={styles.row}
          onFocus={() => {
            writing.current = true;
          }}
          onBlur={() => {
            writing.current = false;
          }}
        >
          <Writing
            box={box}
            text={draft.text}
            isNote={isNote}
            language={chat.contact.language}
            onWrite={write}
            onSend={send}
          />
          {!isNote && <Attach onChoose={attach} />}
          {!isNote && (
            <IconButton
              label={t("inbox.template")}
              icon={<LayoutTemplate size={18} aria-hidden />}
              onPress={() => setPicking(true)}
            />
          )}
          <IconButton
            look="primary"
            label={t(isNote ? "inbox.note_add" : "inbox.send")}
            isDisabled={draft.text.trim() === "" && !(file && !isNote)}
            icon={
              isNote ? <StickyNote size={18} aria-hidden /> : <SendHorizontal size={18} aria-hidden className="flip" />
            }
            onPress={send}
          />
        </div>
      )}
      <Suspense>
        {picking && (
          <Templates
            chat={chat}
            onClose={() => setPicking(false)}
            onSend={(template, shown) => messages.send({ template }, shown)}
          />
        )}
      </Suspense>
    </section>
  );
}

/** Chooses a file to be sent. */
function Attach({ onChoose }: { onChoose: (file: File | null) => void }) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept={ACCEPT}
        hidden
        aria-label={t("inbox.attach")}
        onChange={(event) => {
          onChoose(event.target.files?.item(0) ?? null);
          // The same file may be chosen again.
          event.target.value = "";
        }}
      />
      <IconButton
        label={t("inbox.attach")}
        icon={<Paperclip size={18} aria-hidden />}
        onPress={() => input.current?.click()}
      />
    </>
  );
}

/** Those who may be named in a note. */
function useColleagues() {
  const { data: desk } = useDesk();
  const me = useSession().user.id;
  return (desk?.agents ?? []).map(({ user }) => user).filter(({ id }) => id !== me);
}

function Modes({ mode, onChange }: { mode: Mode; onChange: (mode: Mode) => void }) {
  const t = useText();
  return (
    <fieldset className={styles.modes}>
      <legend className="hidden">{t("inbox.mode")}</legend>
      {(["reply", "note"] as const).map((one) => (
        <label key={one} className={mode === one ? styles.on : ""}>
          <input type="radio" name="mode" className="hidden" checked={mode === one} onChange={() => onChange(one)} />
          {t(`inbox.${one}`)}
        </label>
      ))}
    </fieldset>
  );
}

/** How long free text may go out; read out when it changes for good. */
function WindowWords({ window }: { window: ReplyWindow }) {
  const t = useText();
  if (!window.open) return <span className={styles.closed}>{t("inbox.window_closed")}</span>;
  const words = t("inbox.window_left", { left: duration(Math.ceil(window.left / 1_000) * 1_000) });
  return <span className={window.soon ? styles.soon : styles.quiet}>{words}</span>;
}

interface ShutProps {
  chat: ChatDetail;
  mine: boolean;
  kept: string;
  focus: boolean;
  onPick: () => void;
  onNote: () => void;
}

/** In the place of the field: why nothing can be written there, and what can be done instead. */
function Shut({ chat, mine, kept, focus, onPick, onNote }: ShutProps) {
  const t = useText();
  const buttons = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it comes in the place of the field.
  useEffect(() => {
    if (focus) buttons.current?.querySelector("button")?.focus();
  }, []);
  const reason =
    chat.state === "closed"
      ? t("inbox.closed_text")
      : mine
        ? t("inbox.window_closed_text")
        : t("inbox.not_yours", { by: chat.assignee?.name ?? "" });
  return (
    <div className={styles.shut} role="status">
      <div>
        <p>{reason}</p>
        {kept !== "" && <p className={styles.quiet}>{t("inbox.kept")}</p>}
      </div>
      <div className={styles.bar} ref={buttons}>
        {chat.state === "closed" ? (
          <Button look="primary" onPress={() => void reopenChat(chat.id).catch(toastError)}>
            {t("inbox.reopen")}
          </Button>
        ) : mine ? (
          <Button look="primary" icon={<LayoutTemplate size={16} aria-hidden />} onPress={onPick}>
            {t("inbox.template")}
          </Button>
        ) : (
          <Button onPress={onNote}>{t("inbox.note")}</Button>
        )}
      </div>
    </div>
  );
}

interface WritingProps {
  box: React.RefObject<HTMLTextAreaElement | null>;
  text: string;
  isNote: boolean;
  language: string | null;
  onWrite: (text: string) => void;
  onSend: () => void;
}

/** A finger's keyboard has no Shift-Enter: there Enter is a new line, and the button sends. */
const byFinger = () => window.matchMedia("(pointer: coarse)").matches;

function Writing({ box, text, isNote, language, onWrite, onSend }: WritingProps) {
  const t = useText();
  const list = useId();
  const { data: snippets = [] } = useQuery(snippetsQuery);
  const people = useColleagues();
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState("");
  const caret = box.current?.selectionStart ?? text.length;
  const before = text.slice(0, Math.min(caret, text.length));
  const found = closed === text ? [] : suggestions(before, isNote, { snippets, people });
  const chosen = found[at] ?? found[0];
  const insert = (suggestion: Suggestion) => {
    const next = completed(before, suggestion, [language, currentLocale()]);
    onWrite(next + text.slice(before.length));
    setAt(0);
    box.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (found.length > 0 && move) {
      event.preventDefault();
      setAt((at + move + found.length) % found.length);
    } else if (chosen && (event.key === "Enter" || event.key === "Tab") && !event.shiftKey) {
      event.preventDefault();
      insert(chosen);
    } else if (found.length > 0 && event.key === "Escape") {
      event.stopPropagation();
      setClosed(text);
    } else if (event.key === "Enter" && !event.shiftKey && !byFinger()) {
      event.preventDefault();
      onSend();
    }
  };
  return (
    <div className={styles.writing}>
      {found.length > 0 && (
        <div id={list} role="listbox" aria-label={t("inbox.suggested")} className={styles.list}>
          {found.map((suggestion, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and takes the keys.
            <div
              key={suggestion.kind === "snippet" ? suggestion.snippet.id : suggestion.person.id}
              id={`${list}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={suggestion === chosen}
              className={styles.option}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => insert(suggestion)}
            >
              <Suggested suggestion={suggestion} language={language} />
            </div>
          ))}
        </div>
      )}
      <textarea
        ref={box}
        rows={1}
        dir="auto"
        className={styles.field}
        aria-label={t(isNote ? "inbox.note_write" : "inbox.write")}
        placeholder={t(isNote ? "inbox.note_write" : "inbox.write")}
        aria-autocomplete="list"
        aria-controls={found.length > 0 ? list : undefined}
        aria-activedescendant={chosen ? `${list}-${found.indexOf(chosen)}` : undefined}
        value={text}
        onChange={(event) => onWrite(event.target.value)}
        onKeyDown={onKey}
      />
    </div>
  );
}

function Suggested({ suggestion, language }: { suggestion: Suggestion; language: string | null }) {
  if (suggestion.kind === "person") return <bdi>{suggestion.person.name}</bdi>;
  const { shortcut } = suggestion.snippet;
  return (
    <>
      <code dir="ltr">/{shortcut}</code>
      <bdi className={styles.preview}>{completed("", suggestion, [language, currentLocale()])}</bdi>
    </>
  );
}
