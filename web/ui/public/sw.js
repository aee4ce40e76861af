// Shows what the server tells this browser when no page is open, and opens what it is about. Keeps nothing and answers no requests.

/** Words of last resort: what was told could not be read, and a browser wants something to be shown. */
const NOTHING = { title: "Switchboard", body: "", path: "/", tag: "" };

function read(event) {
  try {
    return { ...NOTHING, ...event.data.json() };
  } catch {
    return NOTHING;
  }
}

const windows = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });

async function show({ title, body, path, tag }) {
  const open = await windows();
  // Who looks at a page sees it there, with a sound.
  if (open.some((page) => page.visibilityState === "visible" && page.focused)) return;
  await self.registration.showNotification(title, {
    body,
    tag,
    data: { path },
    icon: "/icon.svg",
    renotify: tag !== "",
    requireInteraction: true,
  });
}

async function open(path) {
  const url = new URL(path ?? "/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  const [page] = await windows();
  if (!page) {
    await self.clients.openWindow(url.href);
    return;
  }
  await page.focus();
  page.postMessage({ open: url.pathname + url.search });
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(read(event))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.path));
});
