/** What was written with commas between, without empty ones and repeats. */
export function words(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[,،，、;\n]/)
        .map((word) => word.trim())
        .filter((word) => word !== ""),
    ),
  ];
}

/** A name as an id: lower case, words joined by `-`; nothing where it has no Latin letter. */
export function slug(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
}
