import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  BookUser,
  CornerDownRight,
  ListChecks,
  type LucideIcon,
  Plug,
  Search,
  Tags,
  Users,
  Workflow,
} from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { get } from "~/api/client";
import type { Hit } from "~/api/types";
import { useText } from "~/i18n";
import { useSettled } from "~/ui/time";
import { type FoundPage, usePages } from "./pages";
import styles from "./search.module.css";

type Found = Hit | FoundPage;

const KINDS: Record<Found["kind"], { icon: LucideIcon; text: string; href: (id: string) => string }> = {
  page: { icon: CornerDownRight, text: "search.page", href: (to) => to },
  flow: { icon: Workflow, text: "search.flow", href: (id) => `/flows/${id}` },
  run: { icon: ListChecks, text: "search.run", href: (id) => `/runs/${id}` },
  contact: { icon: BookUser, text: "search.contact", href: (id) => `/contacts/${id}` },
  rule: { icon: Tags, text: "search.rule", href: (id) => `/rules/${id}` },
  connection: { icon: Plug, text: "search.connection", href: () => "/connections" },
  segment: { icon: Users, text: "search.segment", href: (id) => `/contacts/segments/${id}` },
};

/** Anything by its name, number or id; arrows choose, Enter opens. */
export default function SearchDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const list = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const wanted = useSettled(text.trim(), 150);
  const { data: hits = [], isFetching } = useQuery({
    queryKey: ["search", wanted],
    queryFn: ({ signal }) => get<{ hits: Hit[] }>("/search", { q: wanted }, signal),
    select: (answer) => answer.hits,
    enabled: wanted.length > 0,
    placeholderData: (before) => before,
  });
  const pages = usePages(wanted);
  const shown: Found[] = wanted === "" ? [] : [...pages, ...hits];
  const open = (hit: Found | undefined) => {
    if (!hit) return;
    onClose();
    void navigate({ href: KINDS[hit.kind].href(hit.kind === "page" ? hit.id : encodeURIComponent(hit.id)) });
  };
  const onKey = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move && shown.length > 0) {
      event.preventDefault();
      setAt((old) => (old + move + shown.length) % shown.length);
    }
    if (event.key === "Enter") open(shown[at]);
  };
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(isOpen) => !isOpen && onClose()} className={styles.overlay}>
      <Modal className={styles.modal}>
        <Dialog aria-label={t("search.title")} className={styles.dialog}>
          <div className={styles.field}>
            <Search size={18} aria-hidden />
            <input
              autoFocus
              role="combobox"
              aria-expanded={shown.length > 0}
              aria-controls={list}
              aria-activedescendant={shown[at] ? `${list}-${at}` : undefined}
              aria-label={t("search.title")}
              placeholder={t("search.hint")}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={onKey}
            />
          </div>
          <div id={list} role="listbox" aria-label={t("search.title")} className={styles.list}>
            {shown.map((hit, index) => {
              const { icon: Icon, text: kind } = KINDS[hit.kind];
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and takes the keys.
                <div
                  key={`${hit.kind} ${hit.id}`}
                  id={`${list}-${index}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={index === at}
                  className={styles.hit}
                  onMouseMove={() => setAt(index)}
                  onClick={() => open(hit)}
                >
                  <Icon size={16} aria-hidden />
                  <span className={styles.words}>
                    <bdi>{hit.title}</bdi>
                    {hit.detail && <bdi className={styles.detail}>{hit.detail}</bdi>}
                  </span>
                  <span className={styles.detail}>{t(kind)}</span>
                </div>
              );
            })}
          </div>
          <p className={styles.none} role="status">
            {wanted !== "" && shown.length === 0 && !isFetching && t("ui.nothing")}
          </p>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
