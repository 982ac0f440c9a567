/**
 * The manifests in deploy/kubernetes/ agree with each other, with the settings and with the server. The project in deploy/
 * checks them against the schemas of Kubernetes.
 */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfig } from "../../src/config.ts";
import { MAX_CLOSE_MS } from "../../src/gateway.ts";
import { SETTINGS } from "../../src/settings.ts";
import { pairsIn, readDockerfile } from "../support/dockerfile.ts";
import { useGateway } from "../support/gateway.ts";
import { blocksOf, ROOT } from "../support/readme.ts";

const FOLDER = fileURLToPath(new URL("deploy/kubernetes/", ROOT));
const PACKAGE = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
const NAME = PACKAGE.name;

/** The objects of a file. */
// The other project checks their types.
// biome-ignore lint/suspicious/noExplicitAny: manifests are as varied as their kinds
const readManifests = (file: string): any[] =>
  parseAllDocuments(readFileSync(join(FOLDER, file), "utf8")).map((document) => document.toJS());

const FILES = globSync("*.yaml", { cwd: FOLDER }).toSorted();
const [kustomization] = readManifests("kustomization.yaml");
const [configMap] = readManifests("configmap.yaml");
const [secret] = readManifests("secret.example.yaml");
const [deployment] = readManifests("deployment.yaml");
const services = readManifests("service.yaml");
const [autoscaler] = readManifests("horizontal-pod-autoscaler.yaml");
const [budget] = readManifests("pod-disruption-budget.yaml");
const [policy] = readManifests("network-policy.yaml");

const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const settings: Record<string, string> = configMap.data;
const portNamed = (name: string) =>
  container.ports.find((port: { name: string }) => port.name === name)?.containerPort;

it("kustomize applies every manifest except the example of a secret", () => {
  const applied = FILES.filter((file) => !["kustomization.yaml", "secret.example.yaml"].includes(file));
  expect(kustomization.resources.toSorted()).toEqual(applied);
});

it("the image is that of the Dockerfile, in the version of the package", () => {
  expect(container.image).toBe(`${NAME}:${PACKAGE.version}`);
  expect(kustomization.images).toEqual([{ name: NAME, newName: NAME, newTag: PACKAGE.version }]);
});

describe("the settings", () => {
  it("are valid, with the secret in its file", () => {
    const folder = mkdtempSync(join(tmpdir(), "kubernetes-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [mount] = container.volumeMounts;
    const environment = Object.entries(settings).map(([name, value]) => {
      if (!name.endsWith("_FILE")) return [name, value];
      const [key = "", ...path] = value.split("/").toReversed();
      expect(path.toReversed().join("/")).toBe(mount.mountPath);
      const content = secret.stringData[key];
      expect(content).toMatch(/./);
      writeFileSync(join(folder, key), content);
      return [name, join(folder, key)];
    });
    const { upstream, metrics } = readConfig(Object.fromEntries(environment));
    expect(upstream.baseUrl?.protocol).toBe("https:");
    expect(upstream.app).toEqual({ code: settings.BK_APP_CODE, secret: secret.stringData["app-secret"] });
    expect(metrics).toEqual({ port: portNamed("metrics"), host: null });
  });

  it("are all read by the gateway", () => {
    const names = Object.keys(settings).map((name) => name.replace(/_FILE$/, ""));
    expect(names.filter((name) => !(name in SETTINGS))).toEqual([]);
  });

  it("come from the ConfigMap and the Secret of the manifests", () => {
    expect(container.envFrom).toEqual([{ configMapRef: { name: configMap.metadata.name } }]);
    const [volume] = pod.volumes;
    expect(volume.secret.secretName).toBe(secret.metadata.name);
    expect(container.volumeMounts[0].name).toBe(volume.name);
  });

  it("have the port that the probes and the Service use, on all addresses", () => {
    const image = pairsIn(readDockerfile()[1] ?? [], "ENV");
    expect(portNamed("http")).toBe(Number(settings.PORT));
    expect(portNamed("metrics")).toBe(Number(settings.METRICS_PORT));
    expect(settings.HOST ?? image.HOST).toBe("0.0.0.0");
  });
});

it("the heap leaves a third of the memory limit for buffers", () => {
  const megabytes = Number(/--max-old-space-size=(\d+)/.exec(container.env[0].value)?.[1]);
  expect(container.resources.limits.memory).toBe("1Gi");
  expect(megabytes / 1024).toBeCloseTo(2 / 3, 1);
});

it("the grace period covers preStop, the shutdown delay and the shutdown, with a reserve", () => {
  const [command, seconds] = container.lifecycle.preStop.exec.command;
  expect(command).toBe("sleep");
  const shutdownMs = Number(seconds) * 1_000 + Number(settings.SHUTDOWN_DELAY_MS) + MAX_CLOSE_MS;
  expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThanOrEqual(shutdownMs + 5_000);
});

it("the shutdown delay is long enough for a load balancer that probes as often as Kubernetes", () => {
  const { periodSeconds, failureThreshold } = container.readinessProbe;
  const noticedMs = periodSeconds * 1_000 * failureThreshold;
  expect(Number(settings.SHUTDOWN_DELAY_MS)).toBeGreaterThanOrEqual(noticedMs);
});

it.each([
  ["startupProbe", "/healthz"],
  ["livenessProbe", "/healthz"],
  ["readinessProbe", "/readyz"],
])("%s requests %s, which the gateway serves", async (probe, path) => {
  expect(container[probe].httpGet).toEqual({ path, port: "http" });
  const { url } = await useGateway();
  expect((await fetch(new URL(path, url))).status).toBe(200);
});

it("the annotations name the metrics, which are on their own port", async () => {
  const { annotations } = deployment.spec.template.metadata;
  expect(annotations["prometheus.io/port"]).toBe(settings.METRICS_PORT);
  const { metricsUrl } = await useGateway({ config: { metrics: { port: 0 } } });
  expect(new URL(metricsUrl ?? "").pathname).toBe(annotations["prometheus.io/path"]);
});

it("all objects select the pods of the Deployment", () => {
  const { labels } = deployment.spec.template.metadata;
  const selectors = [
    deployment.spec.selector.matchLabels,
    ...services.map(({ spec }) => spec.selector),
    budget.spec.selector.matchLabels,
    policy.spec.podSelector.matchLabels,
    ...pod.topologySpreadConstraints.map(
      ({ labelSelector }: { labelSelector: { matchLabels: object } }) => labelSelector.matchLabels,
    ),
  ];
  expect(selectors).toHaveLength(6);
  for (const selector of selectors) expect(selector).toEqual(labels);
});

it("the Services and the NetworkPolicy name ports of the container", () => {
  const targets = services.flatMap(({ spec }) =>
    spec.ports.map(({ targetPort }: { targetPort: string }) => targetPort),
  );
  const allowed = policy.spec.ingress.flatMap(({ ports }: { ports: { port: string }[] }) =>
    ports.map(({ port }) => port),
  );
  expect(targets).toEqual(["http", "metrics"]);
  expect(allowed).toEqual(["http", "metrics"]);
  for (const name of targets) expect(portNamed(name)).toEqual(expect.any(Number));
});

it("the NetworkPolicy restricts metrics to some sources, and lets calls reach the upstream", () => {
  const [, metrics] = policy.spec.ingress;
  expect(metrics.from).toHaveLength(1);
  const outgoing = policy.spec.egress.flatMap(({ ports }: { ports: { port: number }[] }) =>
    ports.map(({ port }) => port),
  );
  const { port, protocol } = new URL(settings.JOB_API_URL ?? "");
  expect(outgoing).toContain(Number(port) || { "http:": 80, "https:": 443 }[protocol]);
  expect(outgoing).toContain(53);
  // Redis, and collectors of traces.
  expect(outgoing).toEqual(expect.arrayContaining([6379, 4318]));
});

it("the HorizontalPodAutoscaler scales the Deployment by a resource that it requests", () => {
  const { apiVersion, kind, metadata } = deployment;
  expect(autoscaler.spec.scaleTargetRef).toEqual({ apiVersion, kind, name: metadata.name });
  for (const { resource } of autoscaler.spec.metrics) {
    expect(container.resources.requests[resource.name]).toMatch(/./);
  }
  expect(deployment.spec.replicas).toBeUndefined();
  // With fewer, the PodDisruptionBudget would let the last pod go.
  expect(autoscaler.spec.minReplicas).toBeGreaterThan(budget.spec.maxUnavailable);
});

it("the pods meet the restricted pod security standard, on a read-only file system", () => {
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
  });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  expect(pod.automountServiceAccountToken).toBe(false);
  const [, runtime = []] = readDockerfile();
  const user = runtime.find(({ keyword }) => keyword === "USER")?.text;
  expect(`${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`).toBe(user);
});

it("the commands of docs/deployment.md name the folder and the Secret", () => {
  const commands = blocksOf("sh").filter((command) => command.startsWith("kubectl "));
  const [create, apply, ...others] = commands.map((command) => command.trim());
  expect(others).toEqual([]);
  const [key] = Object.keys(secret.stringData);
  expect(create).toBe(`kubectl create secret generic ${secret.metadata.name} --from-file=${key}=./${key}`);
  expect(readFileSync(join(FOLDER, "secret.example.yaml"), "utf8")).toContain(create);
  expect(apply).toBe("kubectl apply --kustomize deploy/kubernetes");
});
