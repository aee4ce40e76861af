// Small pictures of the main pages for README.md, of the real server with its sandbox. `npm run screenshots`
import { mkdirSync } from "node:fs";
import { launch, pageOf, play, serve, settled } from "./serve.mjs";

const FOLDER = "screenshots";
/** How long nothing moves on a page that is complete: its parts come one after the other. */
const STILL_MS = 700;

/** In the page: resolves once nothing of it changed for a while and nothing is still on its way. */
function still(quiet) {
  return new Promise((resolve) => {
    let timer;
    const again = () => {
      clearTimeout(timer);
      timer = setTimeout(() => (document.querySelector('[class*="skeleton"]') ? again() : resolve()), quiet);
    };
    new MutationObserver(again).observe(document, { childList: true, subtree: true, attributes: true });
    again();
  });
}

const at = await serve();
const browser = await launch();
try {
  mkdirSync(FOLDER, { recursive: true });
  const [run] = await play(at);
  const SHOTS = {
    flows: ["/flows", {}],
    flow: ["/flows/order-to-ticket", {}],
    run: [`/runs/${run.id}`, {}],
    contact: [`/contacts/${run.contact}`, { locale: "ar" }],
    connections: ["/connections", { theme: "dark" }],
    audit: ["/audit", { locale: "ru" }],
  };
  for (const [name, [path, how]] of Object.entries(SHOTS)) {
    const page = await pageOf(browser, at, how);
    await page.goto(at.base + path);
    await settled(page);
    await page.evaluate(() => document.fonts.ready);
    await page.evaluate(still, STILL_MS);
    await page.screenshot({ path: `${FOLDER}/${name}.jpg`, type: "jpeg", quality: 60 });
    await page.context().close();
  }
} finally {
  await browser.close();
  await at.stop();
}
process.stdout.write(`pictures are in ${FOLDER}\n`);
