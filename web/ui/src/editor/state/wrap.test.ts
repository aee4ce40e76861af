// @vitest-environment node
import { expect, it, vi } from "vitest";
import { createEditor, undoEdit } from "./editor";
import { inRow } from "./selection";
import { parted } from "./subflow";
import { wrapSteps } from "./wrap";

vi.stubGlobal("sessionStorage", { getItem: () => "w", setItem: () => undefined });

const FLOW = `flow: f
on: whatsapp.order_received
steps:
  # the ticket
  - id: ticket
    do: crm.create_ticket # in the CRM
    with: { subject: "Order {{event.order.id}}" }
  - id: total
    script: event.order.total + vars.fee
  - do: whatsapp.send_text
    with: { text: "{{steps.ticket.id}}: {{steps.total}} {{contact.name}} {{vars.fee}}" }
  - stop: done
`;

it("puts steps with their comments into a condition, and one undo takes it back", () => {
  const store = createEditor(FLOW);
  expect(wrapSteps(store, ["steps/0", "steps/1"], "if")).toBeNull();
  expect(store.getState().source.text).toContain(`steps:
  - if: ""
    then:
      # the ticket
      - id: ticket
        do: crm.create_ticket # in the CRM
        with: { subject: "Order {{event.order.id}}" }
      - id: total
        script: event.order.total + vars.fee
  - do: whatsapp.send_text
`);
  expect(store.getState().stop).toEqual({ kind: "step", path: "steps/0" });
  undoEdit(store);
  expect(store.getState().source.text).toBe(FLOW);
});

it.each(["parallel", "for_each"] as const)("puts steps into %s", (around) => {
  const store = createEditor(FLOW);
  expect(wrapSteps(store, ["steps/1", "steps/2"], around)).toBeNull();
  const step = store.getState().picture.steps.get("steps/1");
  expect([step?.verb, step?.lanes[0]?.steps.length, store.getState().picture.steps.get("steps/2")?.verb]).toEqual([
    around,
    2,
    "stop",
  ]);
});

it("makes a flow of its own that is given what its steps read from outside", () => {
  const { source, picture } = createEditor(FLOW).getState();
  const { text, given } = parted(source, inRow(picture, ["steps/1", "steps/2"]) ?? [], "sum", "The sum");
  expect(given).toEqual({
    order_total: "= event.order.total",
    fee: "= vars.fee",
    ticket_id: "= steps.ticket.id",
  });
  expect(text).toBe(`format: 1
flow: sum
name: "The sum"
on: flow.called
steps:
  - id: total
    script: event.input.order_total + event.input.fee
  - do: whatsapp.send_text
    with: { text: "{{event.input.ticket_id}}: {{steps.total}} {{contact.name}} {{event.input.fee}}" }
`);
});

it("leaves variables that the steps set themselves", () => {
  const { source, picture } = createEditor(
    "on: manual\nsteps:\n  - set: { a: 1 }\n  - stop: '{{vars.a}}'\n",
  ).getState();
  expect(parted(source, inRow(picture, ["steps/0", "steps/1"]) ?? [], "x", "X").given).toEqual({});
});
