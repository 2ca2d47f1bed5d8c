import type { RUNNERS } from "./runners.ts";

type Runners = typeof RUNNERS;

/** Loads the module of a command, with its own type. */
export async function loadRunner<Name extends keyof Runners>(name: Name): Promise<Awaited<ReturnType<Runners[Name]>>> {
  const runners: { readonly RUNNERS: Runners } = await import(new URL("./runners.ts", import.meta.url).href);
  return await runners.RUNNERS[name]() as Awaited<ReturnType<Runners[Name]>>;
}
