export type FileKind = "image" | "audio" | "video" | "document";

const MB = 1024 * 1024;
/** What WhatsApp takes as what, and how much of it. Source: Meta, "Supported media types"; documents may be 100 MB there and 16 here. */
const TYPES: Record<FileKind, { most: number; types: string[] }> = {
  image: { most: 5 * MB, types: ["image/jpeg", "image/png"] },
  audio: { most: 16 * MB, types: ["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"] },
  video: { most: 16 * MB, types: ["video/mp4", "video/3gpp"] },
  document: {
    most: 16 * MB,
    types: [
      "text/plain",
      "application/pdf",
      "application/msword",
      "application/vnd.ms-excel",
      "application/vnd.ms-powerpoint",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ],
  },
};

/** For the system's window that chooses a file. */
export const ACCEPT = Object.values(TYPES)
  .flatMap(({ types }) => types)
  .join(",");

/** What the customer gets `type` as; nothing for what WhatsApp does not take. */
export function kindOf(type: string): FileKind | null {
  const plain = type.split(";")[0]?.trim().toLowerCase() ?? "";
  const found = Object.entries(TYPES).find(([, { types }]) => types.includes(plain));
  return (found?.[0] as FileKind | undefined) ?? null;
}

/** Why a file cannot be sent; nothing when it can. */
export function refusal(file: { type: string; size: number }): { why: "type" } | { why: "size"; most: number } | null {
  const kind = kindOf(file.type);
  if (!kind) return { why: "type" };
  const { most } = TYPES[kind];
  return file.size > most ? { why: "size", most } : null;
}

/** Whether words may stand under it. Source: Meta, "Cloud API, messages": not under sound. */
export const takesCaption = (file: File) => kindOf(file.type) !== "audio";

/** The first file of what was dropped or pasted. */
export function firstFile(data: DataTransfer | null): File | null {
  return data?.files.item(0) ?? null;
}
