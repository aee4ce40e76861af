// A disk that is nearly full rings the bell, its alarm is looked at and ends by itself; a customer whom nobody takes is named; a picture goes from the composer to the customer's
// phone; a notification is shown while no page is looked at. `npm run journey`; SWITCHBOARD_BIN names the binary, LOOK a folder for pictures.
import assert from "node:assert/strict";
import { ask, faults, firstAdmin, picture, staged, until } from "./stage.mjs";

/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

await staged(async ({ base, setup, context }) => {
  const { page, wrong } = await firstAdmin(base, setup, await context());
  await alarms(page, base);
  await files(page, base);
  await missed(page, base);
  await notifications(page, base);
  assert.deepEqual(wrong, []);
});
process.stdout.write("alarms: rung, looked at and over; a file reached the phone; a notification was shown\n");

async function alarms(page, base) {
  await page.goto(`${base}/alarms?tab=policy`);
  await page.getByLabel("Free disk space below, MB").fill("10000000");
  await picture(page, "alarms-policy");
  assert.deepEqual(await faults(page), [], "who is told, by axe");
  await page.getByRole("button", { name: "Save" }).click();
  const bell = page.getByRole("link", { name: "1 alarm that nobody looks at" });
  await bell.waitFor();
  await bell.click();
  const alarm = page.getByRole("listitem").filter({ hasText: "is nearly full" });
  await alarm.getByRole("button", { name: /is nearly full/ }).click();
  await alarm.getByText("noticed").waitFor();
  await picture(page, "alarms-open");
  assert.deepEqual(await faults(page), [], "an alarm with its story, by axe");
  await alarm.getByRole("button", { name: "I look at it" }).click();
  await alarm.getByText("\u2068Mia\u2069 looks at it").waitFor();
  await page.getByRole("link", { name: "Alarms", exact: true }).waitFor();
  for (const [name, locale, width] of [
    ["alarms-phone", "en", 390],
    ["alarms-ru", "ru", 1280],
    ["alarms-ar", "ar", 390],
  ]) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate((chosen) => localStorage.setItem("language", chosen), locale);
    await page.reload();
    await page.locator("[data-alarm]").waitFor();
    await picture(page, name);
    assert.deepEqual(await faults(page), [], `${name}, by axe`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.evaluate(() => localStorage.setItem("language", "en"));
  const { revision, ...policy } = await ask(page, "GET", "/alarms/policy");
  await ask(page, "PUT", "/alarms/policy", { ...policy, disk_free_mb: 0 }, revision);
  await page.goto(`${base}/alarms?tab=past`);
  await page.getByText("is nearly full").waitFor();
}

async function files(page, base) {
  await ask(page, "POST", "/play", { what: "message", text: "Which one is it?" });
  await ask(page, "POST", "/play", { what: "voice" });
  const talk = await until("the conversation", async () => {
    const { conversations } = await ask(page, "GET", "/conversations?box=all");
    return conversations[0];
  });
  await page.goto(`${base}/inbox/${talk.id}`);
  const log = page.getByRole("log");
  await log.getByText("Which one is it?").waitFor();
  await log.locator("audio").waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "a.zip", mimeType: "application/zip", buffer: PIXEL });
  await page.getByText("WhatsApp takes JPEG").waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "shoe.png", mimeType: "image/png", buffer: PIXEL });
  await page.getByText("shoe.png").waitFor();
  await picture(page, "attach-ready");
  assert.deepEqual(await faults(page), [], "a file in the composer, by axe");
  await page.getByRole("textbox", { name: /Write a reply/ }).fill("This one");
  await page.keyboard.press("Enter");
  const sent = log.getByRole("listitem").filter({ hasText: "This one" });
  await sent.locator("img").waitFor();
  await until("the phone shows it", async () => {
    const { messages } = await ask(page, "GET", "/play/chat");
    return messages.some(({ file, text }) => file?.kind === "image" && text === "This one");
  });
  await until("it is read", async () => {
    const { messages } = await ask(page, "GET", `/conversations/${talk.id}/messages`);
    return messages.some(({ type, status }) => type === "image" && ["delivered", "read"].includes(status));
  });
  // Pasted, as a screenshot is.
  await page.getByRole("textbox", { name: /Write a reply/ }).evaluate(
    (field, bytes) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], "screen.png", { type: "image/png" }));
      field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    },
    [...PIXEL],
  );
  await page.getByText("screen.png").waitFor();
  await page.getByRole("button", { name: "Remove the file" }).click();
  await page.getByRole("button", { name: "The customer’s phone" }).click();
  // The phone opens as another customer than the one who wrote.
  await page.getByLabel("Number", { exact: true }).fill("+8613800138000");
  await page.getByRole("complementary").getByText("This one").waitFor();
  await picture(page, "attach-sent");
}

/** Nobody takes a customer: the alarm says of which team, who it is and for how long, and leads to the conversation. */
async function missed(page, base) {
  const { user } = await ask(page, "GET", "/session");
  const members = [{ user: user.id, skills: [], languages: [] }];
  await ask(
    page,
    "PUT",
    "/teams/care",
    { name: "Customer care", members, first_ms: 1_000, second_ms: 1_000, accept_within_ms: 2_000 },
    "0",
  );
  await page.goto(`${base}/runs`);
  await page.getByRole("button", { name: /Your state/ }).waitFor();
  await ask(page, "PUT", "/desk/me", { state: "available" });
  await until("the desk sees the page", async () => (await ask(page, "GET", "/desk")).me?.online);
  const { conversations } = await ask(page, "GET", "/conversations?box=all");
  const [{ id, contact }] = conversations;
  await ask(page, "POST", `/conversations/${id}/escalate`, { team: "care", reason: "An angry customer" });
  await until("nobody came", async () => {
    const { alarms } = await ask(page, "GET", "/alarms?open=true");
    return alarms.some(({ kind }) => kind === "escalation_missed");
  });
  await page.goto(`${base}/alarms`);
  for (const [name, locale, width] of [
    ["missed", "en", 1280],
    ["missed-ru", "ru", 390],
    ["missed-ar", "ar", 390],
  ]) {
    await page.setViewportSize({ width, height: 844 });
    await page.evaluate((chosen) => localStorage.setItem("language", chosen), locale);
    await page.reload();
    await page.locator("[data-alarm]").filter({ hasText: "Customer care" }).filter({ hasText: contact.name }).waitFor();
    await picture(page, `alarm-${name}`);
    assert.deepEqual(await faults(page), [], `an alarm of a missed customer, ${name}, by axe`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.evaluate(() => localStorage.setItem("language", "en"));
  await page.reload();
  const alarm = page.locator("[data-alarm]").filter({ hasText: "Nobody of" });
  await alarm.getByText(/^Waits for/).waitFor();
  await alarm.getByRole("link", { name: contact.name }).click();
  await page.waitForURL(new RegExp(`/inbox/${id}`));
  await ask(page, "POST", `/conversations/${id}/close`, { ask_satisfaction: false });
  const past = await until("it is over", async () => {
    const { alarms } = await ask(page, "GET", "/alarms");
    return alarms.find(({ kind, state }) => kind === "escalation_missed" && state === "ended");
  });
  assert.deepEqual([past.customer.team, past.customer.name], ["Customer care", null], "who it was is not kept there");
}

async function notifications(page, base) {
  const worker = await fetch(`${base}/sw.js`);
  assert.equal(worker.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.equal(worker.headers.get("cache-control"), "no-cache");
  await page.context().grantPermissions(["notifications"], { origin: base });
  await page.goto(`${base}/settings`);
  await page.getByText("Notifications on this device").waitFor();
  await picture(page, "push-settings");
  const scope = await page.evaluate(async () => {
    const made = await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
    return made.scope;
  });
  assert.equal(scope, `${base}/`);
  const devtools = await page.context().newCDPSession(page);
  const known = new Promise((found) =>
    devtools.on(
      "ServiceWorker.workerRegistrationUpdated",
      ({ registrations }) => registrations[0] && found(registrations[0]),
    ),
  );
  await devtools.send("ServiceWorker.enable");
  const { registrationId } = await known;
  // A page that is looked at shows it itself: here nobody looks.
  await page.evaluate(() => Object.defineProperty(document, "visibilityState", { value: "hidden" }));
  await page.context().newPage();
  const told = { title: "A customer is waiting for you", body: "Open it.", path: "/inbox", tag: "esc_1" };
  await devtools.send("ServiceWorker.deliverPushMessage", { origin: base, registrationId, data: JSON.stringify(told) });
  const shown = await until("the notification", () =>
    page.evaluate(async () => {
      const worker = await navigator.serviceWorker.ready;
      const [one] = await worker.getNotifications();
      return one && { title: one.title, tag: one.tag, path: one.data.path };
    }),
  );
  assert.deepEqual(shown, { title: told.title, tag: told.tag, path: told.path });
}
