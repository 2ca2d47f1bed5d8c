/** A process that pushes or pulls a backup, for tests that kill it: push|pull FOLDER-OR-SHELF NAME URL ENDPOINT */
import { listRemote, openStore, parseDestination, pullBackup, pushBackup } from "../../lib/storage/mod.ts";

const [action = "", folder = "", name = "", url = "", endpoint = ""] = Deno.args;
const destination = parseDestination({ name: "test", url, ...endpoint === "" ? {} : { endpoint } }, {});
await using store = await openStore(destination, { env: Deno.env.toObject(), jobs: 2 });
await Deno.stdout.write(new TextEncoder().encode("begun\n"));
if (action === "push") await pushBackup(store, { folder, path: name }, { jobs: 2 });
else {
  const [remote] = await listRemote(store, { jobs: 1 });
  if (remote?.kind !== "backup") throw new Error("there is no backup");
  const clock = { now: () => new Date(), monotonic: () => performance.now() };
  await pullBackup(store, remote, folder, { jobs: 2, clock });
}
