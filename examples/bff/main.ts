/**
 * A BFF of a deployment portal: its own deployments at `/api/deployments/:id`, with the state of their jobs from the
 * gateway at GATEWAY_URL, read as the user who asks.
 */
import { createApp } from "./app.ts";

const { GATEWAY_URL, BK_APP_CODE, BK_APP_SECRET, PORT } = process.env;
if (!BK_APP_CODE || !BK_APP_SECRET)
  throw new Error("Set BK_APP_CODE and BK_APP_SECRET: the app of this BFF.");

const app = createApp({
  gatewayUrl: GATEWAY_URL ?? "http://127.0.0.1:4000/graphql",
  bkApp: { code: BK_APP_CODE, secret: BK_APP_SECRET },
});
const url = await app.listen({ host: "127.0.0.1", port: Number(PORT ?? 4002) });
console.log(`BFF: ${url}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void app.close());
