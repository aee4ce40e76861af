// A customer of the sandbox writes, an agent answers in the inbox and sees the ticks; then somebody is asked for, the offer stands over
// another page, `T` takes it, and the conversation is theirs. `npm run journey`; SWITCHBOARD_BIN names the binary, LOOK a folder for pictures.
import assert from "node:assert/strict";
import { ask, faults, firstAdmin, PASSWORD, picture, staged, until } from "./stage.mjs";

await staged(async ({ base, setup, context }) => {
  const { page, wrong } = await firstAdmin(base, setup, await context());
  const { user } = await ask(page, "GET", "/session");
  const team = { name: "Care", members: [{ user: user.id, skills: [], languages: [] }] };
  await ask(page, "PUT", "/teams/care", team, "0");

  await ask(page, "POST", "/play", { what: "message", text: "Where is my parcel?" });
  const talk = await until("the conversation", async () => {
    const { conversations } = await ask(page, "GET", "/conversations?box=all");
    return conversations[0];
  });
  await page.goto(`${base}/inbox/${talk.id}`);
  await page.getByRole("log").getByText("Where is my parcel?").waitFor();
  await page.getByRole("textbox", { name: /Write a reply/ }).fill("It is on its way.");
  await nothingCovers(page);
  await page.getByRole("textbox", { name: /Write a reply/ }).press("Enter");
  const said = page.getByRole("log").getByRole("listitem").filter({ hasText: "It is on its way." });
  await said.waitFor();
  await until("the customer reads it", async () => {
    const chat = await ask(page, "GET", "/play/chat");
    return JSON.stringify(chat).includes("It is on its way.");
  });
  await until("it is told as delivered or read", async () => {
    const { messages } = await ask(page, "GET", `/conversations/${talk.id}/messages`);
    const ours = messages.find(({ text }) => text === "It is on its way.");
    return ["delivered", "read"].includes(ours?.status);
  });
  await picture(page, "inbox-real");
  assert.deepEqual(await faults(page), [], "the conversation, by axe");

  await ask(page, "POST", "/play", { what: "order" });
  const order = page.getByRole("log").getByRole("listitem").filter({ hasText: "Total" });
  await order.getByText("TEA-1").waitFor();

  await page.goto(`${base}/runs`);
  await page.getByRole("button", { name: /Your state/ }).waitFor();
  await ask(page, "PUT", "/desk/me", { state: "available" });
  await until("the desk sees the page", async () => (await ask(page, "GET", "/desk")).me?.online);
  await ask(page, "POST", `/conversations/${talk.id}/escalate`, { team: "care", reason: "An angry customer" });
  await page.getByText("An angry customer").first().waitFor();
  await picture(page, "offer-real");
  await page.keyboard.press("t");
  const taken = await until("it is taken", async () => {
    const { escalations } = await ask(page, "GET", "/escalations");
    return escalations[0]?.accepted_by && escalations[0];
  });
  assert.equal(taken.accepted_by.name, "Mia");
  await until("the conversation is hers", async () => {
    const shown = await ask(page, "GET", `/conversations/${talk.id}`);
    return shown.assignee?.name === "Mia";
  });
  await named(page, base, context, talk.id);
  await besideTheNext(page, base, talk.id);
  assert.deepEqual(wrong, []);
});
process.stdout.write("inbox: a customer answered, somebody asked for and taken by one key, a colleague named\n");

/** Whoever a colleague names in a note is told wherever they are, and led to it. */
async function named(page, base, context, talk) {
  const { user } = await ask(page, "GET", "/session");
  const invited = await ask(page, "POST", "/users", { name: "Ugo", email: "ugo@example.com", role: "team_lead" });
  const his = (await context()).request;
  const joined = await his.post(`${base}/api/v1/invitation`, {
    data: { token: invited.invitation.split("#")[1], name: "Ugo", password: PASSWORD },
  });
  const { csrf } = await joined.json();
  await page.goto(`${base}/runs`);
  await page.getByText("Live", { exact: true }).waitFor();
  const note = { text: "@Mia, is that right?", mentions: [user.id] };
  const headers = { "x-csrf-token": csrf };
  const written = await his.post(`${base}/api/v1/conversations/${talk}/notes`, { data: note, headers });
  assert.equal(written.status(), 200, await written.text());
  await page.getByText("A colleague mentions you in a note").waitFor();
  await picture(page, "mentioned");
  assert.equal((await ask(page, "GET", "/mentions")).new, 1);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.waitForURL(new RegExp(`/inbox/${talk}`));
  await page.getByRole("log").getByText("@Mia, is that right?").waitFor();
  await until("she has looked at it", async () => (await ask(page, "GET", "/mentions")).new === 0);

  // Afterwards they are found again, those that are new first.
  await page.goto(`${base}/inbox`);
  await page.getByRole("link", { name: "Mentions" }).click();
  const row = (text) => page.locator("[data-mention]").filter({ hasText: text });
  await row("is that right?").waitFor();
  assert.equal(await row("is that right?").getByText("New", { exact: true }).count(), 0, "it was looked at");
  const more = { text: "@Mia, and the invoice?", mentions: [user.id] };
  await his.post(`${base}/api/v1/conversations/${talk}/notes`, { data: more, headers });
  await row("and the invoice?").getByText("New", { exact: true }).waitFor();
  assert.match(await page.locator("[data-mention]").first().innerText(), /Ugo.*and the invoice\?/s);
  for (const [name, locale, width] of [
    ["mentions", "en", 1280],
    ["mentions-ru", "ru", 390],
    ["mentions-ar", "ar", 390],
  ]) {
    await page.setViewportSize({ width, height: 844 });
    await page.evaluate((chosen) => localStorage.setItem("language", chosen), locale);
    await page.reload();
    await row("and the invoice?").waitFor();
    await picture(page, name);
    assert.deepEqual(await faults(page), [], `${name}, by axe`);
  }
  await page.evaluate(() => localStorage.setItem("language", "en"));
  await page.setViewportSize({ width: 1280, height: 800 });
  await row("and the invoice?").click();
  await page.getByRole("log").getByText("@Mia, and the invoice?").waitFor();
  await until("she has looked at that, too", async () => (await ask(page, "GET", "/mentions")).new === 0);
}

/** On a phone the next who waits takes nothing away from the conversation that is open: its buttons can be pressed. */
async function besideTheNext(page, base, talk) {
  await ask(page, "POST", "/play", {
    what: "message",
    from: "+393331234567",
    name: "Giulia Ricci",
    text: "A human, please",
  });
  const next = await until("the next one", async () => {
    const { conversations } = await ask(page, "GET", "/conversations?box=all");
    return conversations.find(({ contact }) => contact.name === "Giulia Ricci");
  });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${base}/inbox/${talk}`);
  await page.getByRole("log").waitFor();
  await ask(page, "POST", `/conversations/${next.id}/escalate`, { team: "care", reason: "Wants a human" });
  // The list of the inbox, which is behind the conversation here, has one too.
  await page.getByRole("complementary", { name: "Calls" }).locator("[data-card]").waitFor();
  await picture(page, "offer-over-chat-390");
  const { x, y, width, height } = await page.getByRole("button", { name: "Close", exact: true }).boundingBox();
  const hit = await page.evaluate(
    ([x, y]) => document.elementFromPoint(x, y)?.closest("button")?.textContent,
    [x + width / 2, y + height / 2],
  );
  assert.equal(hit, "Close", "the card of the next one lies over the conversation's buttons");
  assert.deepEqual(await faults(page), [], "an offer over a conversation on a phone, by axe");
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** The words of the desk and of a refused file leave the place where one writes alone, on a screen and on a phone. */
async function nothingCovers(page) {
  const send = page.getByRole("button", { name: "Send", exact: true });
  const hit = () =>
    send.evaluate((button) => {
      const { x, y, width, height } = button.getBoundingClientRect();
      return button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    });
  for (const [width, height] of [
    [390, 844],
    [1280, 800],
  ]) {
    await page.setViewportSize({ width, height });
    await page.getByText("You are on the desk.").waitFor();
    assert.ok(await hit(), `${width} px: the words of the desk lie over the composer`);
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "a.zip", mimeType: "application/zip", buffer: Buffer.from("no") });
    await page.getByText("WhatsApp takes JPEG").first().waitFor();
    assert.ok(await hit(), `${width} px: a notice lies over the composer`);
    await picture(page, `inbox-notices-${width}`);
    await page.getByRole("button", { name: "Dismiss" }).click();
  }
}
