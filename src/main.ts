/** Entry point of the server: `node dist/main.js`. */
import "./runtime.ts";

const { serve } = await import("./serve.ts");
await serve({ environment: process.env, demo: false });
