//! What a message says: text in the markup of WhatsApp, the lines of an order.

import type { MessageOrder } from "~/api/types";
import { useText } from "~/i18n";
import { money, number } from "~/i18n/format";
import styles from "./said.module.css";

/** Marks count at the edges of words only: `order_ready_now` is no italics. */
const MARKED = /(?<![\p{L}\p{N}])(\*[^*\n]+\*|_[^_\n]+_|~[^~\n]+~)(?![\p{L}\p{N}])/u;

/** `*bold*`, `_italic_` and `~struck~` as WhatsApp shows them. */
export function formatted(text: string) {
  return text.split(MARKED).map((part, at) => {
    const inner = part.slice(1, -1);
    const key = `${at} ${part}`;
    if (at % 2 === 0) return part;
    if (part.startsWith("*")) return <strong key={key}>{inner}</strong>;
    if (part.startsWith("_")) return <em key={key}>{inner}</em>;
    return <s key={key}>{inner}</s>;
  });
}

/** What was ordered, line by line, and what it comes to. */
export function OrderLines({ order }: { order: MessageOrder }) {
  const t = useText();
  return (
    <table className={styles.order}>
      <tbody>
        {order.items.map((item, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of an order never change.
          <tr key={at}>
            <td>
              <bdi>{item.sku}</bdi>
            </td>
            <td className={styles.many}>
              {t("said.times", { n: number(item.quantity), price: money(item.price, item.currency) })}
            </td>
            <td className={styles.sum}>{money(item.price * item.quantity, item.currency)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row" colSpan={2}>
            {t("said.total")}
          </th>
          <td className={styles.sum}>{money(order.total, order.currency)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
