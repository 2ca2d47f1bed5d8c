/** Starts a cluster below the folder given, says where, and stays until it is killed. */
import { DisposableCluster, findToolSets } from "../../lib/postgres/mod.ts";

const [tools] = await findToolSets({ env: Deno.env.toObject(), need: ["postgres", "initdb"] });
if (tools === undefined) throw new Error("no server is installed");
await using cluster = await DisposableCluster.start({ tools, ...(Deno.args[0] ? { parent: Deno.args[0] } : {}) });
const pid = (await Deno.readTextFile(`${cluster.dataFolder}/postmaster.pid`)).split("\n")[0];
// deno-lint-ignore no-console -- this is what the test reads
console.log(JSON.stringify({ data: cluster.dataFolder, pid: Number(pid) }));
await new Promise(() => {});
