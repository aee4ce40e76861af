import { X } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useText } from "~/i18n";
import { Button, IconButton } from "./button";
import styles from "./dialog.module.css";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** `wide` for two columns, `side` for a panel at the end of the window. */
  shape?: "normal" | "wide" | "side";
  /** The buttons, the one that does it last. */
  footer?: ReactNode;
  children: ReactNode;
}

/** A window over the page: Escape and a click outside close it, and focus goes back to where it was. */
export function Dialog({ title, isOpen, onClose, shape = "normal", footer, children }: Props) {
  const t = useText();
  const window = useRef<HTMLElement>(null);
  // What was pressed may be gone or closed now, and the focus with it: Escape and Tab still belong here.
  useEffect(() => {
    if (document.activeElement === document.body) window.current?.focus();
  });
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable
      className={`${styles.overlay} ${shape === "side" ? styles.atSide : ""}`}
    >
      <Modal className={`${styles.modal} ${styles[shape]}`}>
        <AriaDialog ref={window} className={styles.dialog}>
          <header className={styles.head}>
            <Heading slot="title" className={styles.title}>
              {title}
            </Heading>
            <IconButton label={t("ui.close")} icon={<X size={18} aria-hidden />} size="s" onPress={onClose} />
          </header>
          <div className={styles.body}>{children}</div>
          {footer && <footer className={styles.foot}>{footer}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface Question {
  title: string;
  /** What will happen, in whole sentences. */
  text: ReactNode;
  /** The verb of the button that does it. */
  action: string;
  danger?: boolean;
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => unknown;
}

/** Asked only before what cannot be undone. */
export function Confirm({ title, text, action, danger, isOpen, onClose, onConfirm }: Question) {
  const t = useText();
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
    } finally {
      setBusy(false);
      onClose();
    }
  };
  const footer = (
    <>
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button look={danger ? "danger" : "primary"} isDisabled={busy} onPress={confirm}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose} footer={footer}>
      <div className={styles.prose}>{text}</div>
    </Dialog>
  );
}
