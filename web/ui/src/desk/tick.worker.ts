/** Timers of a page in the background come once a minute; those of a worker come on time. */
setInterval(() => postMessage(null), 3_000);
