import { type File, FileText, ImageOff, MapPin, Mic } from "lucide-react";
import { useState } from "react";
import { mediaUrl, type Said } from "~/api/inbox";
import { useText } from "~/i18n";
import { bytes } from "~/i18n/format";
import styles from "./messages.module.css";

/** Pictures, voice and files of a message; what cannot be fetched is named. */
export function Media({ message }: { message: Said }) {
  const t = useText();
  const [broken, setBroken] = useState(false);
  const { media, type } = message;
  if (!media) {
    if (type === "location") return <Named icon={MapPin} name={t("inbox.location")} />;
    return null;
  }
  const name = media.name ?? t(KINDS.has(media.kind) ? `media.${media.kind}` : "media.document");
  const url = mediaUrl(media.id);
  if (broken) return <Named icon={ImageOff} name={name} detail={t("inbox.media_gone")} />;
  if (media.kind === "image" || media.kind === "sticker") {
    return (
      <a href={url} target="_blank" rel="noreferrer" className={styles.picture}>
        <img src={url} alt={name} loading="lazy" onError={() => setBroken(true)} />
      </a>
    );
  }
  if (media.kind === "audio" || media.kind === "voice") {
    return (
      <span className={styles.voice}>
        <Mic size={16} aria-hidden />
        {/* biome-ignore lint/a11y/useMediaCaption: nobody wrote down what a customer says. */}
        <audio controls preload="none" src={url} aria-label={name} onError={() => setBroken(true)} />
      </span>
    );
  }
  if (media.kind === "video") {
    return (
      <span className={styles.picture}>
        {/* biome-ignore lint/a11y/useMediaCaption: nobody wrote down what is said in it. */}
        <video controls preload="none" src={url} aria-label={name} onError={() => setBroken(true)} />
      </span>
    );
  }
  return (
    <a href={url} target="_blank" rel="noreferrer" className={styles.file}>
      <FileText size={18} aria-hidden />
      <bdi>{name}</bdi>
      {media.size !== null && <span className={styles.quiet}>{bytes(media.size)}</span>}
    </a>
  );
}

const KINDS = new Set(["image", "audio", "voice", "video", "document", "sticker"]);

function Named({ icon: Icon, name, detail }: { icon: typeof File; name: string; detail?: string }) {
  return (
    <span className={styles.file}>
      <Icon size={18} aria-hidden />
      <bdi>{name}</bdi>
      {detail && <span className={styles.quiet}>{detail}</span>}
    </span>
  );
}
