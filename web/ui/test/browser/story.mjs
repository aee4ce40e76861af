// T2 and T3: the flow that the editor was asked for, made from nothing, tried, published and seen at work: an order on WhatsApp; is
// it worth more than 1 000: a tag and a person; a ticket, a template, 48 hours for an answer, a reminder. Told once with the keyboard
// alone and once with presses of the mouse alone.
import assert from "node:assert/strict";
import { keyboard, mouse } from "./hands.mjs";
import { admin, open, pageOf, picture } from "./stage.mjs";

/** The values of a template. */
const PARAMS = "Variables of the template";

/** Makes the flow called `name` from nothing, in the open editor of a browser. */
async function make(page, hands, name) {
  const button = (label) => page.getByRole("button", { name: label });
  const box = (label) => page.getByRole("textbox", { name: label, exact: true });
  const named = (label) => page.getByRole("combobox", { name: label, exact: true });
  await hands.press(page.getByRole("main").getByRole("button", { name: "New flow" }).first());
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  if (hands.name === "keyboard") {
    await hands.to(page.getByRole("tab", { name: "Ready flows" }));
    await page.keyboard.press("ArrowRight");
  } else await hands.press(page.getByRole("tab", { name: "Blank" }));
  await hands.write(page.getByLabel("Name of the flow"), name);
  await hands.press(button("Make the draft"));
  await page.locator("[data-stop='on']").waitFor();

  await hands.open("on");
  await hands.choose(button(/What starts it/), "A customer orders");
  await hands.add("steps/+", "Check a condition");
  await hands.press(button("Add a condition"));
  await hands.pickData("Order: total");
  await hands.choose(button(/Relation/), "is more than");
  await hands.write(box("value"), "1 000");
  await hands.add("steps/0/then/+", "Add tags");
  await hands.write(page.getByRole("combobox", { name: /Tags.*row 1/ }), "vip");
  await hands.add("steps/0/then/0", "Hand over to a person");
  await hands.write(named("Team"), "sales");
  await hands.write(box("Reason"), "An order worth more than 1 000");
  await hands.add("steps/0", "Create a ticket in the CRM");
  await hands.write(box("Subject"), "Order");
  await hands.insert(box("Subject"), "Order: id");
  await hands.add("steps/1", "Send a template");
  await hands.write(named("Template"), "order_confirmation");
  await hands.press(button(/^Add its values/));
  const values = page.getByRole("group", { name: PARAMS });
  await values.locator(":focus").waitFor();
  await hands.write(values.getByRole("textbox", { name: "order", exact: true }), "{{event.order.id}}");
  const ticket = values.getByRole("textbox", { name: "ticket", exact: true });
  await hands.write(ticket, "No.");
  await hands.insert(ticket, "Step: ticket · id");
  await hands.add("steps/2", "Wait for the customer");
  await hands.write(box("Wait at most"), "48");
  await hands.add("steps/3/on_timeout/+", "Send a template");
  await hands.write(named("Template"), "order_reminder");
  await page.getByText(/^Saved/).waitFor();
}

/** What was made, as the server has it. */
const EXPECTED = `on:
  - whatsapp.order_received
steps:
  - if: "event.order.total > 1000"
    then:
      - do: contact.add_tags
        with:
          tags: [vip]
      - do: human.escalate
        with:
          team: "sales"
          reason: "An order worth more than 1 000"
  - id: ticket
    do: crm.create_ticket
    with:
      subject: "Order {{event.order.id}}"
  - do: whatsapp.send_template
    with:
      template: "order_confirmation"
      params:
        order: "{{event.order.id}}"
        ticket: "No. {{steps.ticket.id}}"
  - id: reply
    wait_for: whatsapp.message_received
    timeout: 48h
    then: []
    on_timeout:
      - do: whatsapp.send_template
        with:
          template: "order_reminder"
`;

/** Tries it in virtual time: the reminder goes out after two days. */
async function tryIt(page, hands) {
  await hands.press(page.getByRole("button", { name: "Test", exact: true }));
  const panel = page.getByRole("region", { name: "Test", exact: true });
  await hands.write(panel.getByRole("textbox", { name: /Order: total/ }), "2500");
  await hands.press(panel.getByRole("button", { name: "Try it" }));
  const timeline = panel.getByRole("list", { name: "What happened" });
  await timeline.getByText("Hand over to a person").first().waitFor();
  const late = timeline.getByRole("listitem").filter({ hasText: "2d" }).filter({ hasText: "Send a template" });
  await late.first().waitFor();
  await hands.press(panel.getByRole("button", { name: "Close" }));
}

/** Publishes it, orders on the customer's phone, and finds the run on the picture. */
async function goLive(page, hands, name) {
  await hands.press(page.getByRole("button", { name: "Publish", exact: true }));
  const dialog = page.getByRole("dialog");
  await hands.write(dialog.getByRole("textbox", { name: "What is new, for your colleagues" }), "first");
  await hands.press(dialog.getByRole("button", { name: "Publish", exact: true }));
  await dialog.waitFor({ state: "detached" });
  await hands.press(page.getByRole("button", { name: /customer’s phone/ }));
  const phone = page.getByRole("complementary", { name: /customer’s phone/ });
  await hands.press(phone.getByRole("button", { name: "Place an order" }));
  await hands.press(page.getByRole("link", { name: "Runs", exact: true }));
  const row = page.getByRole("row").filter({ hasText: name }).first();
  await row.waitFor();
  await hands.press(row.getByRole("link").first());
  await page.locator("[data-stop='steps/3']").waitFor();
  await page.getByRole("main").getByText("Waiting", { exact: true }).first().waitFor();
}

const stage = await open([]);
try {
  const { context, ask } = await admin(stage);
  const stories = [
    [keyboard, "Big orders", "big-orders"],
    [mouse, "Large orders", "large-orders"],
  ];
  for (const [hand, name, id] of stories.filter(([hand]) => !process.env.ONLY || process.env.ONLY === hand.name)) {
    const { page, wrong } = await pageOf(context);
    page.setDefaultTimeout(30_000);
    const hands = hand(page);
    try {
      await page.goto(`${stage.base}/flows`);
      await make(page, hands, name);
      const { text } = await ask("GET", `/flows/${id}/draft`);
      assert.equal(text, `format: 1\nflow: ${id}\nname: "${name}"\n${EXPECTED}`);
      await picture(page, `story-${hands.name}-made`);
      await tryIt(page, hands);
      await picture(page, `story-${hands.name}-tried`);
      await goLive(page, hands, name);
      await picture(page, `story-${hands.name}-run`);
      assert.deepEqual(wrong, []);
    } catch (error) {
      await picture(page, `story-${hands.name}-failed`);
      throw error;
    }
    await page.close();
    process.stdout.write(`story: a flow made, tried, published and seen at work by ${hands.name} alone\n`);
  }
} finally {
  await stage.close();
}
