import { S3Store } from "../../lib/storage/s3_store.ts";
import { checkStore } from "./store_contract.ts";
import { startS3 } from "./s3_fixture.ts";

Deno.test("the S3 store keeps the contract on a real server, page by page", async () => {
  await using s3 = await startS3();
  await using store = S3Store.open(s3.destination(), { env: s3.env, jobs: 4, pageSize: 2 });
  await checkStore(store, 33 * 1024 * 1024 + 5);
});
