/** An upstream behind a proxy. */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createSimulator } from "../../src/simulator/simulator.ts";
import { onlyError, queryJob } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { listen, useServer } from "../support/listen.ts";
import { useProxy } from "../support/proxy.ts";
import { notFoundBody, response, useRawUpstream } from "../support/raw-upstream.ts";

const PATH =
  "/api/bk-job/prod/api/v4/get_job_instance_status?bk_scope_type=biz&bk_scope_id=1&job_instance_id=100";

const environmentOf = (environment: Record<string, string>) => readConfig(environment).upstream.proxy;

describe("an upstream that speaks HTTP", () => {
  async function useProxiedGateway(refusal?: { readonly status: number }) {
    const simulator = await createSimulator({});
    onTestFinished(simulator.close);
    const proxy = await useProxy(Number(new URL(simulator.url).port), refusal);
    const gateway = await useGateway({
      upstream: {
        baseUrl: new URL("http://job.example.test/api/bk-job/prod"),
        proxy: environmentOf({ HTTP_PROXY: proxy.url.replace("//", "//user:pass%20word@") }),
        connections: 4,
      },
    });
    return { proxy, gateway };
  }

  it("is requested in absolute form, with the proxy's credentials", async () => {
    const { proxy, gateway } = await useProxiedGateway();

    expect((await queryJob(gateway)).data.jobInstance.jobInstanceId).toBe("100");

    expect(proxy.requests).toEqual([`GET http://job.example.test${PATH}`]);
    expect(proxy.authorizations).toEqual([`Basic ${btoa("user:pass word")}`]);
  });

  it("reuses at most the configured number of connections", async () => {
    const { proxy, gateway } = await useProxiedGateway();
    const callers = Array.from({ length: 20 }, (_, index) => `{"access_token":"caller-${index}"}`);

    for (let round = 0; round < 2; round += 1) {
      const answers = await Promise.all(
        callers.map((caller) => queryJob(gateway, "100", { "x-bkapi-authorization": caller })),
      );
      expect(answers.filter(({ errors }) => errors)).toEqual([]);
    }

    expect(proxy.requests).toHaveLength(40);
    expect(proxy.peak()).toBe(4);
  });

  it.each([
    [407, "UPSTREAM_UNAVAILABLE", "The upstream could not be reached: the proxy asks for credentials."],
    [502, "UPSTREAM_UNAVAILABLE", "The upstream responded with HTTP 502 and no error message."],
  ])("is unavailable if the proxy responds with %i", async (status, code, expected) => {
    const { gateway } = await useProxiedGateway({ status });
    const { message, extensions } = onlyError(await queryJob(gateway));
    expect([extensions.code, message]).toEqual([code, expected]);
  });
});

describe("an upstream that speaks HTTPS", () => {
  const [certificate, key] = ["certificate", "key"].map((name) =>
    readFileSync(new URL(`../data/tls/${name}.pem`, import.meta.url), "utf8"),
  );

  async function useTlsUpstream(): Promise<number> {
    const trusted = getCACertificates("default");
    setDefaultCACertificates([...trusted, certificate ?? ""]);
    const server = createServer({ cert: certificate ?? "", key: key ?? "" }, (_, outgoing) => {
      outgoing.writeHead(404, { "content-type": "application/json" }).end(notFoundBody("by TLS"));
    });
    onTestFinished(() => setDefaultCACertificates(trusted));
    return useServer(server);
  }

  const baseUrl = new URL("https://bkapi.example.test/api/bk-job/prod");

  it.each(["HTTPS_PROXY", "https_proxy", "HTTP_PROXY"])(
    "is reached by CONNECT to the proxy of %s",
    async (name) => {
      const proxy = await useProxy(await useTlsUpstream());
      const gateway = await useGateway({
        upstream: { baseUrl, connections: 2, proxy: environmentOf({ [name]: proxy.url }) },
      });

      for (let call = 0; call < 3; call += 1) {
        expect((await queryJob(gateway)).data.jobInstance.message).toBe("by TLS");
      }

      expect(proxy.requests).toEqual(["CONNECT bkapi.example.test:443"]);
    },
  );

  it("has at most the configured number of tunnels", async () => {
    const proxy = await useProxy(await useTlsUpstream());
    const gateway = await useGateway({
      upstream: { baseUrl, connections: 4, proxy: environmentOf({ HTTPS_PROXY: proxy.url }) },
    });
    const callers = Array.from({ length: 20 }, (_, index) => `{"access_token":"caller-${index}"}`);

    await Promise.all(callers.map((caller) => queryJob(gateway, "100", { "x-bkapi-authorization": caller })));

    expect(proxy.requests).toHaveLength(4);
    expect(proxy.peak()).toBe(4);
  });

  it("is unavailable if the proxy refuses the tunnel", async () => {
    const proxy = await useProxy(0, { status: 403 });
    const gateway = await useGateway({
      upstream: { baseUrl, proxy: environmentOf({ HTTPS_PROXY: proxy.url }) },
    });

    const { message, extensions } = onlyError(await queryJob(gateway));

    expect(extensions).toEqual({ code: "UPSTREAM_UNAVAILABLE" });
    expect(message).toBe("The upstream could not be reached: the proxy refused to connect to it.");
  });

  it("times out if the proxy never answers", async () => {
    const proxy = await useRawUpstream(() => {});
    const gateway = await useGateway({
      upstream: { baseUrl, timeoutMs: 5_000, proxy: environmentOf({ HTTPS_PROXY: proxy.url.origin }) },
    });

    expect(onlyError(await queryJob(gateway)).extensions.code).toBe("UPSTREAM_TIMEOUT");
    expect(proxy.calls).toHaveLength(1);
  });

  it("is called once more if an idle tunnel was closed", async () => {
    // A connection carries one CONNECT only: what follows it is not HTTP.
    const port = await useTlsUpstream();
    const proxy = await useProxy(port);
    const gateway = await useGateway({
      upstream: { baseUrl, connections: 1, proxy: environmentOf({ HTTPS_PROXY: proxy.url }) },
    });
    await queryJob(gateway);
    proxy.closeTunnels();

    expect((await queryJob(gateway)).data.jobInstance.message).toBe("by TLS");
    expect(proxy.requests).toHaveLength(2);
  });
});

/** A port of this machine that nothing listens on. */
async function unusedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it.each(["http", "https"])("names the proxy if it is down, for an upstream with %s", async (scheme) => {
  const gateway = await useGateway({
    upstream: {
      baseUrl: new URL(`${scheme}://bkapi.example.test/api/bk-job/prod`),
      proxy: environmentOf({ HTTP_PROXY: `http://user:secret@127.0.0.1:${await unusedPort()}` }),
    },
  });

  const { message, extensions } = onlyError(await queryJob(gateway));

  expect(extensions).toEqual({ code: "UPSTREAM_UNAVAILABLE" });
  expect(message).toBe("The proxy could not be reached: the connection was refused.");
});

describe("NO_PROXY", () => {
  it("names the upstream where it is reached directly", async () => {
    const gateway = await useGateway({
      upstream: {
        proxy: environmentOf({ HTTP_PROXY: "http://proxy.example.test", NO_PROXY: "127.0.0.1" }),
      },
    });
    await gateway.simulator.close();

    expect(onlyError(await queryJob(gateway)).message).toMatch(/^The upstream could not be reached/);
  });

  it.each([
    ["127.0.0.1", 0],
    ["localhost, 127.0.0.1", 0],
    ["*", 0],
    ["example.com", 1],
    ["", 1],
  ])("%j causes %i calls through the proxy", async (except, expected) => {
    const upstream = await useRawUpstream(({ socket }) => socket.write(response(notFoundBody("m"))));
    const proxy = await useProxy(Number(upstream.url.port));
    const gateway = await useGateway({
      upstream: { baseUrl: upstream.url, proxy: environmentOf({ HTTP_PROXY: proxy.url, NO_PROXY: except }) },
    });

    expect((await queryJob(gateway)).data.jobInstance.message).toBe("m");
    expect(proxy.requests).toHaveLength(expected);
  });
});
