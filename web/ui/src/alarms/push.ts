import { addDevice, type Devices, removeDevice } from "~/api/push";

const WORKER = "/sw.js";
/** Whether this browser was told of alarms when it was last switched on. */
const ALARMS = "push-alarms";

/** Whether this browser can be told when no page is open. An iPhone can only once the app is on its home screen. */
export function canPush(): boolean {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

/** This browser's own subscription, if it has one. */
export async function current(): Promise<PushSubscription | null> {
  if (!canPush()) return null;
  const worker = await navigator.serviceWorker.getRegistration(WORKER);
  return (await worker?.pushManager.getSubscription()) ?? null;
}

function told(subscription: PushSubscription, alarms: boolean): Promise<Devices> {
  const { endpoint, keys } = subscription.toJSON();
  localStorage.setItem(ALARMS, alarms ? "1" : "0");
  return addDevice({ endpoint: endpoint ?? "", p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "", alarms });
}

/** Asks for leave and has this browser told; `null` when leave was refused. `key` is the server's. */
export async function switchOn(key: string, alarms: boolean): Promise<Devices | null> {
  if ((await Notification.requestPermission()) !== "granted") return null;
  const worker = await navigator.serviceWorker.register(WORKER);
  await navigator.serviceWorker.ready;
  const own = { userVisibleOnly: true, applicationServerKey: key };
  let subscription = await worker.pushManager.getSubscription();
  if (subscription && keyOf(subscription) !== key) {
    // It was made for another server, whose messages would be refused.
    await subscription.unsubscribe();
    subscription = null;
  }
  return told(subscription ?? (await worker.pushManager.subscribe(own)), alarms);
}

/** The server's key that a subscription was made for, as the server writes it. */
function keyOf(subscription: PushSubscription): string {
  const bytes = new Uint8Array(subscription.options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** This browser is told nothing any more. */
export async function switchOff(): Promise<Devices | null> {
  const subscription = await current();
  if (!subscription) return null;
  const { endpoint } = subscription;
  await subscription.unsubscribe();
  return removeDevice(endpoint);
}

/** Says anew that this browser is to be told: the server forgets it when all sessions end. Once for each page that is opened. */
export async function keepOn(): Promise<void> {
  const subscription = await current();
  if (!subscription || Notification.permission !== "granted") return;
  await told(subscription, localStorage.getItem(ALARMS) === "1");
}

/** Opens what a notification is about; until the returned function is called. */
export function onOpened(open: (path: string) => void): () => void {
  if (!("serviceWorker" in navigator)) return () => {};
  const hear = (event: MessageEvent<{ open?: unknown }>) => {
    if (typeof event.data?.open === "string") open(event.data.open);
  };
  navigator.serviceWorker.addEventListener("message", hear);
  return () => navigator.serviceWorker.removeEventListener("message", hear);
}
