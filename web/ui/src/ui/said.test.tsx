import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { formatted } from "./said";

const shown = (text: string) => render(<p>{formatted(text)}</p>).container.innerHTML;

test("marks of WhatsApp count at the edges of words only", () => {
  expect(shown("*Order*\nHi _Ana_, ~5~ 4")).toBe("<p><strong>Order</strong>\nHi <em>Ana</em>, <s>5</s> 4</p>");
  expect(shown("order_ready_now 2*3*4 *")).toBe("<p>order_ready_now 2*3*4 *</p>");
  expect(shown("*заказ*: да")).toBe("<p><strong>заказ</strong>: да</p>");
});
