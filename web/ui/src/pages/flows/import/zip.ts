//! YAML out of a ZIP archive, unpacked in the browser. What an archive claims is not believed: bytes are counted as they come.

import type { ImportFile } from "~/api/flows";

/** The server takes no larger import. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_ENTRIES = 2_000;
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** Bytes of the end record, and of the longest comment behind it. */
const END_BYTES = 22;
const MOST_COMMENT = 0xffff;
const [STORED, DEFLATED] = [0, 8];

/** Why an archive is not taken; the code names a text. */
export class ZipError extends Error {
  constructor(readonly why: "broken" | "encrypted" | "too_large" | "too_many") {
    super(why);
  }
}

interface Entry {
  path: string;
  method: number;
  flags: number;
  packed: number;
  at: number;
}

/** Whether a file is one that is imported. */
export function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path) && !/(^|\/)(\.|__MACOSX\/)/.test(path);
}

/** The YAML files of an archive, by path. */
export async function unzip(bytes: Uint8Array<ArrayBuffer>): Promise<ImportFile[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const budget = { left: MOST_BYTES };
  const files: ImportFile[] = [];
  for (const entry of entries(view, bytes)) {
    if (!isYaml(entry.path)) continue;
    files.push({ path: entry.path, text: await textOf(entry, view, bytes, budget) });
  }
  return files.sort((one, other) => one.path.localeCompare(other.path, "en"));
}

/** The entries of the directory at the end of the archive. */
function* entries(view: DataView, bytes: Uint8Array): Generator<Entry> {
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count > MOST_ENTRIES) throw new ZipError("too_many");
  for (let n = 0; n < count; n++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== ENTRY) throw new ZipError("broken");
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + (name ?? 0)));
    yield {
      path,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      at: view.getUint32(at + 42, true),
    };
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
}

function endOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_BYTES - MOST_COMMENT);
  for (let at = view.byteLength - END_BYTES; at >= first; at--) if (view.getUint32(at, true) === END) return at;
  throw new ZipError("broken");
}

async function textOf(
  entry: Entry,
  view: DataView,
  bytes: Uint8Array<ArrayBuffer>,
  budget: { left: number },
): Promise<string> {
  if ((entry.flags & 1) !== 0) throw new ZipError("encrypted");
  if (entry.at + 30 > view.byteLength || view.getUint32(entry.at, true) !== LOCAL) throw new ZipError("broken");
  const start = entry.at + 30 + view.getUint16(entry.at + 26, true) + view.getUint16(entry.at + 28, true);
  if (start + entry.packed > view.byteLength) throw new ZipError("broken");
  const packed = bytes.subarray(start, start + entry.packed);
  if (entry.method === STORED) return decode([packed], budget);
  if (entry.method !== DEFLATED) throw new ZipError("broken");
  const parts: Uint8Array[] = [];
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  try {
    let size = 0;
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      size += chunk.value.length;
      if (size > budget.left) throw new ZipError("too_large");
      parts.push(chunk.value);
    }
  } catch (error) {
    throw error instanceof ZipError ? error : new ZipError("broken");
  } finally {
    await reader.cancel().catch(() => {});
  }
  return decode(parts, budget);
}

function decode(parts: readonly Uint8Array[], budget: { left: number }): string {
  budget.left -= parts.reduce((sum, part) => sum + part.length, 0);
  if (budget.left < 0) throw new ZipError("too_large");
  const decoder = new TextDecoder();
  return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
}
