import { FileText, Film, Music, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useText } from "~/i18n";
import { bytes } from "~/i18n/format";
import { IconButton } from "~/ui/button";
import { kindOf, takesCaption } from "./attach";
import styles from "./composer.module.css";

const ICONS = { audio: Music, video: Film, document: FileText };

/** A picture of the file, where it is one: an address of the browser's own, given back when it is not shown any more. */
export function useLook(file: File): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (kindOf(file.type) !== "image") return;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => {
      URL.revokeObjectURL(made);
      setUrl(null);
    };
  }, [file]);
  return url;
}

/** The file that goes out with the next message. */
export function Attached({ file, onDrop }: { file: File; onDrop: () => void }) {
  const t = useText();
  const look = useLook(file);
  const kind = kindOf(file.type);
  const Icon = ICONS[kind === "audio" || kind === "video" ? kind : "document"];
  return (
    <div className={styles.attached}>
      {look ? <img src={look} alt="" /> : <Icon size={20} aria-hidden />}
      <p>
        <bdi>{file.name}</bdi>
        <span className={styles.quiet}>
          {bytes(file.size)}
          {!takesCaption(file) && ` · ${t("inbox.no_caption")}`}
        </span>
      </p>
      <IconButton size="s" label={t("inbox.attach_off")} icon={<X size={14} aria-hidden />} onPress={onDrop} />
    </div>
  );
}
