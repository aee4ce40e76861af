import { deflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { unzip } from "./zip";

interface Given {
  path: string;
  data: Buffer;
  stored?: boolean;
  flags?: number;
}

/** An archive as zip programs write it; checksums are not looked at. */
function archive(files: Given[]): Uint8Array<ArrayBuffer> {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { path, data, stored, flags = 0 } of files) {
    const packed = stored ? data : deflateRawSync(data);
    const name = Buffer.from(path);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(stored ? 0 : 8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(data.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local, name, packed);
    directory.push(entry, name);
    at += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...locals, ...directory, end]));
}

const file = (path: string, text: string, more: Partial<Given> = {}): Given => ({
  path,
  data: Buffer.from(text),
  ...more,
});

it("takes the YAML of an archive, packed or not, and leaves the rest", async () => {
  const zip = archive([
    file("flows/b.yml", "flow: привет\n".repeat(400)),
    file("flows/a.yaml", "flow: a", { stored: true }),
    file("readme.md", "no"),
    file("__MACOSX/flows/._a.yaml", "no"),
    file("flows/.hidden.yaml", "no"),
  ]);
  const files = await unzip(zip);
  expect(files.map(({ path }) => path)).toEqual(["flows/a.yaml", "flows/b.yml"]);
  expect(files[0]?.text).toBe("flow: a");
  expect(files[1]?.text).toBe("flow: привет\n".repeat(400));
});

it("stops a bomb while it unpacks, whatever the archive says of its size", async () => {
  const bomb = archive([file("bomb.yaml", " ".repeat(17 * 1024 * 1024))]);
  expect(bomb.length).toBeLessThan(64 * 1024);
  await expect(unzip(bomb)).rejects.toMatchObject({ why: "too_large" });
  const many = Array.from({ length: 40 }, (_, n) => file(`${n}.yaml`, " ".repeat(512 * 1024)));
  await expect(unzip(archive(many))).rejects.toMatchObject({ why: "too_large" });
});

it("refuses what is damaged, encrypted, or no archive", async () => {
  const good = archive([file("a.yaml", "flow: a")]);
  await expect(unzip(good.subarray(0, good.length - 30))).rejects.toMatchObject({ why: "broken" });
  await expect(unzip(new Uint8Array(100))).rejects.toMatchObject({ why: "broken" });
  await expect(unzip(archive([file("a.yaml", "x", { flags: 1 })]))).rejects.toMatchObject({ why: "encrypted" });
  const torn = archive([file("a.yaml", "flow: a".repeat(50))]);
  torn.fill(0xff, 36, 44);
  await expect(unzip(torn)).rejects.toMatchObject({ why: "broken" });
});
