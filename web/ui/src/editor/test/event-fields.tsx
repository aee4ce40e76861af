//! The data of an event as fields: those that the flow reads; the rest is there as text.

import { useMemo } from "react";
import type { Json } from "~/api/types";
import { useText } from "~/i18n";
import { TextArea, TextField } from "~/ui/field";
import { nameInWords } from "../expression/words";
import { More } from "../inspector/schema-fields";
import { useEditor } from "../state/editor";

/** The places of an event that a text reads, in the order in which it does: `order.total`. */
export function placesRead(text: string): string[] {
  const found = text.matchAll(/\bevent\.([a-z_]\w*(?:\.[a-z_]\w*)*)/g);
  return [...new Set([...found].map((match) => match[1] ?? ""))];
}

/** What is at a place of an event. */
export function valueIn(fields: Json, place: string): Json | undefined {
  let value: Json | undefined = fields;
  for (const key of place.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** The event with another value at a place; what was a number or a yes stays one where it can. */
export function withValue(fields: Json, place: string, text: string): Json {
  const [key = "", ...rest] = place.split(".");
  const map = typeof fields === "object" && fields !== null && !Array.isArray(fields) ? fields : {};
  const inner = rest.length > 0 ? withValue(map[key] ?? {}, rest.join("."), text) : typed(text, map[key]);
  return { ...map, [key]: inner };
}

function typed(text: string, before: Json | undefined): Json {
  if (typeof before === "number" && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (typeof before === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

export function EventFields({ fields, onChange }: { fields: string; onChange: (fields: string) => void }) {
  const t = useText();
  const text = useEditor((state) => state.source.text);
  const data = useMemo(() => parsed(fields), [fields]);
  const places = useMemo(() => placesRead(text), [text]);
  const shown = data === undefined ? [] : places.filter((place) => isScalar(valueIn(data, place)));
  const whole = (
    <TextArea
      label={t("editor.test_fields")}
      mono
      rows={shown.length > 0 ? 8 : 2}
      value={shown.length > 0 ? JSON.stringify(data, null, 2) : fields}
      onChange={onChange}
      error={data === undefined ? t("editor.bad_data") : null}
    />
  );
  if (shown.length === 0) return whole;
  return (
    <>
      {shown.map((place) => (
        <TextField
          key={place}
          label={nameInWords(`event.${place}`, t)}
          value={String(valueIn(data ?? null, place) ?? "")}
          onChange={(words) => onChange(JSON.stringify(withValue(data ?? {}, place, words)))}
        />
      ))}
      <More label={t("editor.test_all_fields")}>{whole}</More>
    </>
  );
}

function parsed(fields: string): Json | undefined {
  try {
    return JSON.parse(fields || "{}") as Json;
  } catch {
    return undefined;
  }
}

function isScalar(value: Json | undefined): boolean {
  return value !== undefined && (value === null || typeof value !== "object");
}
