/** GraphQL over WebSocket: handshake, credentials, operations and the end of connections. */
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { AUTHORIZATION, jobField, jobQuery, jobSubscription, onJob, ref } from "../support/ask.ts";
import { startGateway, type TestGatewayOptions, useGateway } from "../support/gateway.ts";
import { useHeldUpstream } from "../support/held-upstream.ts";
import { subscribeByWebSocket } from "../support/live-clients.ts";
import { untilNotPolled } from "../support/not-polled.ts";
import { openConnection, openSocket } from "../support/raw-socket.ts";
import { createLiveJob, JOB, subscribeAs } from "./live-job.ts";

const REF = `(${ref("20000000001")})`;
const QUERY = jobQuery("20000000001", `__typename ${onJob("name")}`);

/** An operation whose upstream call never ends. */
const HANGING = jobQuery("20000090502");

const subscribe = (id: string, query: string, variables?: Record<string, unknown>) => ({
  id,
  type: "subscribe",
  payload: { query, ...(variables && { variables }) },
});

/** Sends several requests in turn, so that the gateway processes everything sent earlier. */
const answersOf = async (url: string, count: number) => {
  for (let i = 0; i < count; i++) await fetch(new URL("/healthz", url));
};

const CREDENTIALS = { "X-Bkapi-Authorization": AUTHORIZATION };

describe("an operation", () => {
  it("that is a query has one result", async () => {
    const { url } = await useGateway();
    const { send, next } = await openConnection(url, CREDENTIALS);
    send(subscribe("1", QUERY));
    expect(await next()).toEqual({
      id: "1",
      type: "next",
      payload: { data: { jobInstance: { __typename: "JobInstance", name: expect.any(String) } } },
    });
    expect(await next()).toEqual({ id: "1", type: "complete" });
  });

  it("with pages of host results has the same result as over HTTP", async () => {
    const gateway = await useGateway();
    const query = `{ jobInstance(${ref("20000000002")}) { ... on JobInstance {
      hostSummary { total } steps { hostResults { nodes { id ip status tag startedAt } edges { cursor } } } } } }`;
    const { send, next } = await openConnection(gateway.url, CREDENTIALS);
    const { data } = await gateway.ask(query);
    for (const id of ["1", "2", "3"]) {
      send(subscribe(id, query));
      expect(await next()).toEqual({ id, type: "next", payload: { data } });
      await next();
    }
  });

  it.each([
    ["does not parse", "{", "GRAPHQL_PARSE_FAILED"],
    ["does not fit the schema", "subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"],
    [
      "subscribes to two fields",
      `subscription { a: jobInstanceUpdated${REF} { __typename } b: jobInstanceUpdated${REF} { __typename } }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["has an invalid job id", jobSubscription("0"), "BAD_USER_INPUT"],
    [
      "lacks a variable",
      `subscription ($id: ID!) { jobInstanceUpdated(${ref("$id")}) { __typename } }`,
      "BAD_USER_INPUT",
    ],
  ])("that %s gets only an error message", async (_, query, code) => {
    const { url, simulator } = await useGateway();
    const { send, next } = await openConnection(url, CREDENTIALS);
    send(subscribe("1", query));
    expect(await next()).toMatchObject({ id: "1", type: "error", payload: [{ extensions: { code } }] });
    // The connection stays open.
    send(subscribe("1", "{ __typename }"));
    expect(await next()).toMatchObject({ payload: { data: { __typename: "Query" } } });
    expect(simulator.requests).toHaveLength(0);
  });

  it("that makes a validation rule throw does not close the connection", async () => {
    const { url } = await useGateway();
    const { send, next } = await openConnection(url, CREDENTIALS);
    send(
      subscribe(
        "1",
        `subscription ($no: Boolean!) { jobInstanceUpdated${REF} @skip(if: $no) { __typename } }`,
        {
          no: false,
        },
      ),
    );
    expect(await next()).toMatchObject({ type: "error", payload: [{ message: expect.any(String) }] });
    send(subscribe("1", "{ __typename }"));
    expect(await next()).toMatchObject({ payload: { data: { __typename: "Query" } } });
  });

  it("that fails has a result with errors", async () => {
    const { url } = await useGateway();
    const { send, next } = await openConnection(url, CREDENTIALS);
    send(subscribe("1", jobQuery("20000090112")));
    expect(await next()).toMatchObject({
      type: "next",
      payload: { data: { jobInstance: null }, errors: [{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }] },
    });
  });

  it("keeps every digit of a numeric id", async () => {
    const { url, simulator } = await useGateway();
    const { socket, next } = await openConnection(url, CREDENTIALS);
    const query = `query ($id: ID!) { ${jobField("$id", onJob("jobInstanceId"))} }`;
    socket.send(
      `{"id":"1","type":"subscribe","payload":{"query":${JSON.stringify(query)},"variables":{"id":9007199254740993}}}`,
    );
    expect(await next()).toMatchObject({
      payload: { data: { jobInstance: { jobInstanceId: "9007199254740993" } } },
    });
    expect(simulator.requests[0]?.query.job_instance_id).toBe("9007199254740993");
  });

  it("stops polling when the client completes it, even during the first call", async () => {
    const gateway = await useGateway();
    const job = createLiveJob(gateway);
    const { send } = await openConnection(gateway.url, CREDENTIALS);
    const watch = subscribe("1", jobSubscription(JOB));
    send(watch);
    await expect.poll(() => job.calls().length).toBeGreaterThan(3);
    send({ id: "1", type: "complete" });
    await untilNotPolled(gateway, JOB);
    const calls = job.calls().length;
    job.answerWith(() => ({ kind: "hang" }));
    send(watch);
    await expect.poll(() => job.calls().length).toBe(calls + 1);
    send({ id: "1", type: "complete" });
    await untilNotPolled(gateway, JOB);
    expect(job.calls()).toHaveLength(calls + 1);
  });

  it("is rejected beyond 100 concurrent ones on a connection", async () => {
    const gateway = await useGateway();
    createLiveJob(gateway);
    const { send, next } = await openConnection(gateway.url, CREDENTIALS);
    const query = jobSubscription(JOB);
    for (let id = 0; id <= 100; id++) send(subscribe(String(id), query));
    const messages = [];
    for (let id = 0; id <= 100; id++) messages.push(await next());
    const refused = messages.filter(({ type }) => type === "error");
    expect(refused).toMatchObject([
      { id: "100", payload: [{ extensions: { code: "TOO_MANY_OPERATIONS" } }] },
    ]);
  });
});

const byId = (jobInstanceId: string) => jobQuery(jobInstanceId, "... on Problem { message }");

describe("an operation that the client completes", () => {
  it.each([
    ["a query", `{ jobInstance${REF} { __typename } }`],
    ["a query that waits for a connection", `{ a: jobInstance${REF} { __typename } ${byId("2").slice(1)}`],
    ["a subscription", `subscription { jobInstanceUpdated${REF} { __typename } }`],
  ])("aborts its upstream call for %s, without an error", async (_, query) => {
    const upstream = await useHeldUpstream({ onTestFinished });
    const { url, logs } = await useGateway({
      // Longer than the test, so that calls do not end by the timeout.
      upstream: { baseUrl: new URL(upstream.url), timeoutMs: 60_000, connections: 1 },
    });
    const { send, next } = await openConnection(url, CREDENTIALS);
    send(subscribe("1", query));
    await upstream.called;
    send({ id: "1", type: "complete" });
    await upstream.aborted;
    // The connection stays open and gets no message for the completed operation.
    send(subscribe("2", "{ __typename }"));
    expect(await next()).toEqual({ id: "2", type: "next", payload: { data: { __typename: "Query" } } });
    await expect.poll(() => logs.filter(({ msg }) => msg === "operation")).toHaveLength(2);
    expect(logs.filter(({ level }) => Number(level) > 30)).toEqual([]);
  });

  it("no longer counts towards the limit of 100", async () => {
    const { url, simulator } = await useGateway({ upstream: { connections: 1_000 } });
    const { send, next } = await openConnection(url, CREDENTIALS);
    for (let index = 0; index < 250; index++) {
      const job = String(40_000_000_000 + index);
      simulator.script(job, () => ({ kind: "hang" }));
      send(subscribe(String(index), byId(job)));
      send({ id: String(index), type: "complete" });
    }
    send(subscribe("last", "{ __typename }"));
    expect(await next()).toMatchObject({ id: "last", type: "next" });
  });

  it("before its start is not confused with the next one with its id", async () => {
    const { url, simulator } = await useGateway();
    for (const job of ["40000000001", "40000000002"]) {
      const body = { error: { code: "NOT_FOUND", message: job } };
      simulator.script(job, () => ({ kind: "json", status: 404, body }));
    }
    const { send, next } = await openConnection(url, CREDENTIALS);
    send(subscribe("1", byId("40000000001")));
    send({ id: "1", type: "complete" });
    send(subscribe("1", byId("40000000002")));
    expect(await next()).toMatchObject({ payload: { data: { jobInstance: { message: "40000000002" } } } });
    expect(await next()).toEqual({ id: "1", type: "complete" });
  });

  it("can be followed in the same packet by another one with its id, which can be completed", async () => {
    const gateway = await useGateway();
    createLiveJob(gateway);
    const { socket, send, next } = await openConnection(gateway.url, CREDENTIALS);
    const query = jobSubscription(JOB);
    send(subscribe("1", query));
    expect(await next()).toMatchObject({ type: "next" });
    const messages = [{ id: "1", type: "complete" }, subscribe("1", query)];
    const frames = messages.map((message) => JSON.stringify(message));
    // Private to ws, but the only way to send both in one packet.
    const { _socket: raw } = socket as unknown as { _socket: Socket };
    raw.cork();
    for (const frame of frames) socket.send(frame);
    raw.uncork();
    expect(await next()).toMatchObject({ type: "next" });
    send({ id: "1", type: "complete" });
    await untilNotPolled(gateway, JOB);
  });
});

describe("credentials", () => {
  /** Credentials, tenant and language of the upstream call. */
  const upstreamHeadersFor = async (
    payload: Record<string, unknown>,
    headers: Record<string, string> = {},
    options: TestGatewayOptions = {},
  ) => {
    const { url, simulator } = await useGateway(options);
    const { send, next } = await openConnection(url, payload, { headers });
    send(subscribe("1", QUERY));
    await next();
    const { headers: sent = {} } = simulator.requests[0] ?? {};
    return [sent["x-bkapi-authorization"], sent["x-bk-tenant-id"], sent["blueking-language"]];
  };

  it.each(["X-Bkapi-Authorization", "x-bkapi-authorization", "X-BKAPI-AUTHORIZATION"])(
    "come from %s in connection_init, with tenant and language",
    async (name) => {
      const payload = {
        [name]: '{"access_token":"mine"}',
        "X-Bk-Tenant-Id": "one",
        "accept-language": "en-US",
      };
      expect(await upstreamHeadersFor(payload)).toEqual(['{"access_token":"mine"}', "one", "en"]);
    },
  );

  it("can be JSON objects or strings with any characters", async () => {
    expect((await upstreamHeadersFor({ "X-Bkapi-Authorization": { access_token: "蓝鲸" } }))[0]).toBe(
      '{"access_token":"\\u84dd\\u9cb8"}',
    );
    expect((await upstreamHeadersFor({ "X-Bkapi-Authorization": '{\n  "access_token": "蓝"\n}' }))[0]).toBe(
      '{"access_token":"\\u84dd"}',
    );
  });

  it("come from the headers of the upgrade request", async () => {
    const headers = {
      "x-bkapi-authorization": AUTHORIZATION,
      "x-bk-tenant-id": "two",
      "accept-language": "zh",
    };
    expect(await upstreamHeadersFor({}, headers)).toEqual([AUTHORIZATION, "two", "zh-cn"]);
  });

  it("in connection_init take precedence over headers", async () => {
    const headers = { "x-bkapi-authorization": AUTHORIZATION, "x-bk-tenant-id": "two" };
    expect(await upstreamHeadersFor({ "x-bkapi-authorization": '{"access_token":"mine"}' }, headers)).toEqual(
      ['{"access_token":"mine"}', "two", undefined],
    );
  });

  it.each(["Authorization", "authorization"])("come from %s: Bearer in connection_init", async (name) => {
    expect((await upstreamHeadersFor({ [name]: "Bearer mine" }))[0]).toBe('{"access_token":"mine"}');
  });

  it("come from Authorization: Bearer of the upgrade request", async () => {
    expect((await upstreamHeadersFor({}, { authorization: "Bearer mine" }))[0]).toBe(
      '{"access_token":"mine"}',
    );
  });

  it("in Authorization of connection_init take precedence over X-Bkapi-Authorization of the upgrade request", async () => {
    const headers = { "x-bkapi-authorization": AUTHORIZATION, cookie: "bk_token=other" };
    expect((await upstreamHeadersFor({ Authorization: "Bearer mine" }, headers))[0]).toBe(
      '{"access_token":"mine"}',
    );
  });

  it("come from the login cookie", async () => {
    const options = { upstream: { app: { code: "app", secret: "secret" } } };
    expect((await upstreamHeadersFor({}, { cookie: "bk_token=mine" }, options))[0]).toBe(
      '{"bk_app_code":"app","bk_app_secret":"secret","bk_token":"mine"}',
    );
  });

  it("fail only the operation if they are missing", async () => {
    const { url } = await useGateway();
    const { send, next } = await openConnection(url);
    send(subscribe("1", QUERY));
    expect(await next()).toMatchObject({
      payload: { errors: [{ extensions: { code: "UNAUTHENTICATED" } }] },
    });
  });

  it.each([
    [{ "X-Bkapi-Authorization": 1 }],
    [{ "X-Bkapi-Authorization": "a\nb" }],
    [{ Authorization: { access_token: "漢" } }],
    [{ Authorization: "Bearer 漢" }],
    [{ "X-Bk-Tenant-Id": "漢" }],
    [{ "X-Bk-Tenant-Id": "x".repeat(2 ** 14 + 1) }],
  ])(
    "that are not valid in a header (%j) close the connection with 4400 and are not logged",
    async (payload) => {
      const { url, logs } = await useGateway();
      const { send, closed } = await openSocket(url);
      send({ type: "connection_init", payload });
      expect(await closed).toEqual({
        code: 4400,
        reason: expect.stringMatching(/^Expected (x-bk[\w-]+|authorization) in connection_init/),
      });
      expect(JSON.stringify(logs)).not.toContain("漢");
    },
  );

  it("are not logged", async () => {
    const { url, logs } = await useGateway();
    const { send, next, socket } = await openConnection(url, {
      "X-Bkapi-Authorization": '{"access_token":"very-secret"}',
    });
    send(subscribe("1", QUERY));
    await next();
    socket.close();
    await expect
      .poll(() => logs.map(({ msg }) => msg))
      .toEqual(expect.arrayContaining(["operation", "connection"]));
    expect(JSON.stringify(logs)).not.toContain("very-secret");
    expect(logs.find(({ msg }) => msg === "operation")).toMatchObject({
      results: 1,
      upstreamCalls: 1,
      operationName: null,
      errorCodes: [],
    });
  });
});

describe("a page of another origin", () => {
  it.each([
    ["is refused", "https://evil.example.com", [], /HTTP 403.*ALLOWED_ORIGINS/],
    [
      "is refused if it is not among the allowed origins",
      "https://evil.example.com",
      ["https://ops.example.com"],
      /HTTP 403/,
    ],
    ["is refused with an opaque origin", "null", [], /HTTP 403/],
    ["can connect if it is allowed", "https://ops.example.com", ["https://ops.example.com"], null],
    ["can connect if all origins are allowed", "https://any.example.com", ["*"], null],
  ] as const)("%s", async (_, origin, allowedOrigins, refusal) => {
    const { url } = await useGateway({ config: { allowedOrigins } });
    const opened = openSocket(url, { headers: { origin } });
    if (refusal) await expect(opened).rejects.toThrow(refusal);
    else await opened;
  });

  it("can connect if it is the gateway's own origin", async () => {
    const { url } = await useGateway();
    await openSocket(url, { headers: { origin: new URL(url).origin } });
  });
});

describe("a connection", () => {
  it.each([
    ["without a subprotocol", 4406, { protocols: [] }, []],
    ["with an invalid message", 4400, {}, ["{"]],
    ["with an unknown message", 4400, {}, [{ type: "start" }]],
    ["that subscribes before connection_init", 4401, {}, [subscribe("1", QUERY)]],
    [
      "with two connection_init messages",
      4429,
      {},
      [{ type: "connection_init" }, { type: "connection_init" }],
    ],
    [
      "that uses an id twice",
      4409,
      {},
      [{ type: "connection_init", payload: CREDENTIALS }, subscribe("1", HANGING), subscribe("1", HANGING)],
    ],
    [
      "that uses a long id twice",
      4409,
      {},
      [
        { type: "connection_init", payload: CREDENTIALS },
        subscribe("i".repeat(200), HANGING),
        subscribe("i".repeat(200), HANGING),
      ],
    ],
    [
      "with a message of more than 1 MiB",
      1009,
      {},
      [{ type: "ping", payload: { text: "x".repeat(2 ** 20) } }],
    ],
  ] as const)("%s is closed with %i", async (_, code, options, messages) => {
    const { url } = await useGateway();
    const { socket, send, next, closed } = await openSocket(url, options);
    for (const [index, message] of messages.entries()) {
      if (typeof message === "string") socket.send(message);
      else send(message);
      // Later messages need the acknowledgement.
      const isFirst = index === 0 && messages.length > 1;
      if (isFirst) expect(await next()).toMatchObject({ type: "connection_ack" });
    }
    expect((await closed).code).toBe(code);
  });

  it("without connection_init is closed with 4408", async () => {
    const { url } = await useGateway();
    expect((await (await openSocket(url)).closed).code).toBe(4408);
  });

  it("beyond the limit is refused with HTTP 503 until another one is closed", async () => {
    const { url } = await useGateway({ config: { webSocket: { maxConnections: 1 } } });
    const { socket, closed } = await openConnection(url);
    await expect(openSocket(url)).rejects.toThrow(/HTTP 503.*TOO_MANY_OPERATIONS/);
    socket.close();
    await closed;
    await expect
      .poll(() =>
        openSocket(url).then(
          () => "open",
          () => "refused",
        ),
      )
      .toBe("open");
  });

  it.each(["x", "/x", "/stream"])("at /graphql%s is refused with HTTP 404", async (rest) => {
    const { url } = await useGateway();
    await expect(openSocket(url + rest)).rejects.toThrow(/HTTP 404/);
  });

  it.each(["/", "?a=b", "/?a=b"])("is accepted at /graphql%s", async (rest) => {
    const { url } = await useGateway();
    await openConnection(url + rest);
  });

  it("that was refused does not delay shutdown, even if the client keeps its side open", async () => {
    const gateway = await startGateway();
    const { hostname, port } = new URL(gateway.url);
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    const refused = new Promise((resolve) => socket.once("data", resolve));
    socket.write("GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    await refused;
    await gateway.close();
  });

  it("stops reading from a client that does not read", async () => {
    const { url } = await useGateway();
    const { socket, send } = await openConnection(url);
    socket.pause();
    const text = "x".repeat(500_000);
    for (let index = 0; index < 200; index++) send({ type: "ping", payload: { text } });
    // By then, the gateway has read everything that it reads.
    await answersOf(url, 100);
    // Most of the 100 MB is still in the client's buffer.
    expect(socket.bufferedAmount).toBeGreaterThan(50_000_000);
    socket.terminate();
  });

  it("answers pings of the protocol", async () => {
    const { url } = await useGateway();
    const { send, next } = await openSocket(url);
    send({ type: "ping" });
    expect(await next()).toEqual({ type: "pong" });
  });

  it("that closes during a call aborts the call", async () => {
    const gateway = await useGateway();
    createLiveJob(gateway);
    const stream = subscribeAs(gateway, "ann", "name", { subscribe: subscribeByWebSocket });
    await expect.poll(() => stream.results.length).toBe(1);
    stream.stop();
    await untilNotPolled(gateway, JOB);
  });

  it("is closed with 1001 when the gateway shuts down", async () => {
    const gateway = await startGateway();
    createLiveJob(gateway);
    const { send, next, closed, unread } = await openConnection(gateway.url, CREDENTIALS);
    send(subscribe("1", jobSubscription(JOB)));
    await next();
    await gateway.close();
    expect(await closed).toEqual({ code: 1001, reason: "Going away" });
    // No `complete`, because the job has not finished.
    expect(unread()).toEqual([]);
  });
});

it("ignores requests to upgrade to other protocols, which Java's HTTP client sends", async () => {
  const { url } = await useGateway();
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (data) => {
    text += data;
  });
  const answers = () => text.match(/HTTP\/1\.1 200 OK[\s\S]*?"__typename":"Query"/g)?.length ?? 0;
  const body = JSON.stringify({ query: "{ __typename }" });
  const head = `POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;

  // With the body in one packet, then in several, on one connection.
  socket.write(head + body);
  await expect.poll(answers).toBe(1);
  for (const part of [head, body.slice(0, 5), body.slice(5)]) {
    socket.write(part);
    // By then, the gateway has received it.
    await answersOf(url, 2);
  }
  await expect.poll(answers).toBe(2);
});
