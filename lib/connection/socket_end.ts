import type { Socket } from "node:net";

/** The error of a connection that ended without a word. */
export function lostError(): Error {
  return Object.assign(new Error("the connection was lost"), { code: "CONNECTION_CLOSED" });
}

/** Resolves when a socket has closed. */
export function whenClosed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) =>
    socket.once("close", () => {
      // The driver removes every listener when a socket closes; a late error must not become an uncaught exception.
      queueMicrotask(() => socket.on("error", () => {}));
      resolve();
    })
  );
}

/** Resolves in a later turn of the event loop. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Whether a promise settles within some milliseconds; how it settles is not told. */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), milliseconds));
  try {
    return await Promise.race([promise.then(() => true, () => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
