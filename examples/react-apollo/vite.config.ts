import react from "@vitejs/plugin-react";
import { defineConfig, type ProxyOptions } from "vite";

const gateway = new URL(process.env.GATEWAY_URL ?? "http://127.0.0.1:4000/graphql");
/** The value of `X-Bkapi-Authorization` for development. It stays on this server. */
const authorization = process.env.BK_JOB_AUTHORIZATION;

/** Pages use `/graphql` of their own site, as behind a BFF or a reverse proxy. The login cookie is forwarded. */
const proxy: ProxyOptions = {
  target: gateway.origin,
  // The gateway's host name, as behind a reverse proxy that has several sites.
  changeOrigin: true,
  rewrite: (path) => path.replace(/^\/graphql/, gateway.pathname),
  headers: authorization ? { "x-bkapi-authorization": authorization } : {},
  configure: (server) => {
    // To the gateway, this is a request of a server, not of a page of another origin.
    server.on("proxyReq", (outgoing) => outgoing.removeHeader("origin"));
    // The proxy ignores responses that end early. The page must notice, to subscribe again.
    server.on("proxyRes", (incoming, _request, outgoing) => {
      incoming.once("close", () => {
        if (!incoming.complete) outgoing.destroy();
      });
    });
  },
};

export default defineConfig({
  plugins: [react()],
  // Also used by `vite preview`.
  server: { proxy: { "/graphql": proxy } },
});
