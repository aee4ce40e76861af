import { afterEach, expect, it } from "vitest";
import { activate } from "~/i18n";
import { addTroubles, troubleOf } from "./trouble";

afterEach(() => activate("en"));

it("takes a code from what was said beside it, in each way the server keeps both", async () => {
  await addTroubles();
  const parts = (text: string) => {
    const { code, original } = troubleOf(text);
    return [code, original];
  };
  expect(parts("131047: Re-engagement message: send a template")).toEqual([
    "131047",
    "Re-engagement message: send a template",
  ]);
  expect(parts("131026 Message undeliverable")).toEqual(["131026", "Message undeliverable"]);
  expect(parts("503 (status 503)")).toEqual(["503", ""]);
  expect(parts("may_have_happened")).toEqual(["may_have_happened", ""]);
  expect(parts("slack said no")).toEqual(["", "slack said no"]);
});

it("says the same of codes of several providers, in the language of the app", async () => {
  await activate("ru");
  await addTroubles();
  const closed = "С последнего сообщения клиента прошло 24 часа: тогда можно отправить только шаблон.";
  for (const code of ["131047: Re-engagement message", "63016 Outside the window", "window_closed"])
    expect(troubleOf(code).words).toBe(closed);
  expect(troubleOf("131047: Re-engagement message").original).toBe("Re-engagement message");
});

it("leaves out our own English where it says no more, and keeps it where it does", async () => {
  await activate("it");
  await addTroubles();
  expect(troubleOf("expired: it could not start before its deadline").original).toBe("");
  expect(troubleOf("timeout: GET crm.example.com gave no answer").original).toBe("GET crm.example.com gave no answer");
  await activate("en");
  expect(troubleOf("timeout: GET crm.example.com gave no answer").words).toBe("GET crm.example.com gave no answer");
});

it("shows a code it does not know as it came", async () => {
  await addTroubles();
  expect(troubleOf("999999: something new").words).toBeNull();
});
