// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by hand cannot be those of a table element.
// biome-ignore-all lint/a11y/useFocusableInteractive: nothing is sorted by its head; what can be done in a cell has its own focus.
import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type MouseEvent, type ReactNode, useEffect, useRef } from "react";
import { Checkbox } from "react-aria-components";
import { useText } from "~/i18n";
import field from "./field.module.css";
import styles from "./table.module.css";

export interface Column<T> {
  id: string;
  name: string;
  /** As in `grid-template-columns`. */
  width: string;
  cell: (row: T) => ReactNode;
  align?: "end";
  /** Left out where the window is narrow; what matters most stays. */
  wide?: boolean;
  /** The name is read out and not shown. */
  quiet?: boolean;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  /** Where a click on the row goes; its main cell holds the same address as a link. */
  href?: (row: T) => string;
  /** Asked for when the end comes near. */
  more?: (() => void) | null;
  selection?: { selected: ReadonlySet<string>; onChange: (selected: Set<string>) => void };
  /** Rows of two lines. */
  tall?: boolean;
  empty?: ReactNode;
  /** Told how far down the reader is, in pixels. */
  onScroll?: (top: number) => void;
}

/** Rows asked for ahead of the last one seen. */
const AHEAD = 20;
/** From so many rows on only those in sight are in the document. */
const VIRTUAL = 100;

/** A table that stays quick with 100 000 rows: only those in sight are in the document, and readers are told how many there are. */
export function Table<T>({ label, columns, rows, rowKey, href, more, selection, tall, empty, onScroll }: Props<T>) {
  const t = useText();
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const height = tall ? 56 : 40;
  const virtual = rows.length > VIRTUAL;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 6,
    enabled: virtual,
  });
  const items = virtual ? virtualizer.getVirtualItems().map((item) => item.index) : rows.map((_, index) => index);
  const last = items.at(-1) ?? -1;
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) more();
  }, [more, last, rows.length]);

  const template = (shown: Column<T>[]) =>
    `${selection ? "20px " : ""}${shown.map((column) => column.width).join(" ")}`;
  const narrow = template(columns.filter((column) => !column.wide)).replaceAll(/minmax\(\d+px/g, "minmax(0");
  const layout = { "--columns": template(columns), "--narrow": narrow };
  const open = (row: T) => (event: MouseEvent) => {
    const inner = (event.target as HTMLElement).closest("a, button, label, input");
    if (!href || inner || window.getSelection()?.toString()) return;
    void navigate({ href: href(row) });
  };
  if (rows.length === 0 && empty) return <div className={styles.frame}>{empty}</div>;
  return (
    <div
      ref={scroller}
      onScroll={(event) => onScroll?.(event.currentTarget.scrollTop)}
      className={`${styles.frame} ${virtual ? styles.virtual : ""}`}
      tabIndex={virtual ? 0 : undefined}
      style={layout as CSSProperties}
    >
      <div role="table" aria-label={label} aria-rowcount={more ? -1 : rows.length + 1}>
        <div role="row" aria-rowindex={1} className={styles.head}>
          {selection && <SelectAll rows={rows} rowKey={rowKey} selection={selection} />}
          {columns.map((column) => (
            <div key={column.id} role="columnheader" className={cellClass(column)}>
              <span className={column.quiet ? "hidden" : ""}>{column.name}</span>
            </div>
          ))}
        </div>
        <div
          role="rowgroup"
          className={styles.body}
          style={virtual ? { blockSize: virtualizer.getTotalSize() } : undefined}
        >
          {items.map((index) => {
            const row = rows[index];
            if (row === undefined) return null;
            const key = rowKey(row);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: keys use the link in the row; the click is a larger target for it.
              <div
                key={key}
                role="row"
                aria-rowindex={index + 2}
                className={`${styles.row} ${href ? styles.open : ""}`}
                style={{
                  minBlockSize: height,
                  ...(virtual && { position: "absolute", insetBlockStart: index * height, blockSize: height }),
                }}
                onClick={open(row)}
              >
                {selection && (
                  <div role="cell" className={styles.cell}>
                    <Tick
                      label={t("ui.select_row", { n: index + 1 })}
                      on={selection.selected.has(key)}
                      onChange={(on) => selection.onChange(toggled(selection.selected, key, on))}
                    />
                  </div>
                )}
                {columns.map((column) => (
                  <div key={column.id} role="cell" className={cellClass(column)}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function cellClass<T>(column: Column<T>): string {
  return `${styles.cell} ${column.align === "end" ? styles.end : ""} ${column.wide ? styles.wide : ""}`;
}

function toggled(selected: ReadonlySet<string>, key: string, on: boolean): Set<string> {
  const next = new Set(selected);
  if (on) next.add(key);
  else next.delete(key);
  return next;
}

function SelectAll<T>({ rows, rowKey, selection }: Required<Pick<Props<T>, "rows" | "rowKey" | "selection">>) {
  const t = useText();
  const some = selection.selected.size > 0;
  const all = some && selection.selected.size === rows.length;
  return (
    <div role="columnheader" className={styles.cell}>
      <Tick
        label={t("ui.select_all")}
        on={all}
        part={some && !all}
        onChange={(on) => selection.onChange(on ? new Set(rows.map(rowKey)) : new Set())}
      />
    </div>
  );
}

function Tick({
  label,
  on,
  part,
  onChange,
}: {
  label: string;
  on: boolean;
  part?: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <Checkbox
      aria-label={label}
      isSelected={on}
      isIndeterminate={part ?? false}
      onChange={onChange}
      className={field.check}
    >
      <span className={field.box} aria-hidden>
        <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
          <path d="M3 8.5 6.5 12 13 4.5" fill="none" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" />
        </svg>
      </span>
    </Checkbox>
  );
}
