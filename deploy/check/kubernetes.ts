/**
 * Checks the manifests offline against the schemas of Kubernetes: types, required fields, formats, and by the compiler,
 * that there are no unknown fields, which a cluster would ignore.
 */
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: unknown;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Read by kustomize, not by a cluster. The test suite compares it with the files. */
const KUSTOMIZATION = "kubernetes/kustomization.yaml";

const manifests = globSync("kubernetes/*.yaml", { cwd: ROOT })
  .toSorted()
  .filter((file) => file !== KUSTOMIZATION)
  .flatMap((file): Manifest[] =>
    parseAllDocuments(readFileSync(join(ROOT, file), "utf8")).map((document) => {
      for (const error of [...document.errors, ...document.warnings]) throw new Error(`${file}: ${error}`);
      const object = document.toJS();
      return { file, apiVersion: String(object?.apiVersion), kind: String(object?.kind), object };
    }),
  );

/** The constructor of a kind, whose objects validate themselves. */
type Model = new (object: unknown) => { validate(): void };

/** The module of an API version. */
const moduleOf = (apiVersion: string): string => `kubernetes-models/${apiVersion}`;

async function validate({ file, apiVersion, kind, object }: Manifest): Promise<string[]> {
  try {
    const models: Record<string, Model | undefined> = await import(moduleOf(apiVersion));
    const Model = models[kind];
    if (!Model) return [`${file}: Kubernetes has no ${kind} in ${apiVersion}.`];
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${file}: ${kind}: ${error instanceof Error ? error.message : error}`];
  }
}

/** Compiles the manifests as literals of their types, because the schemas allow unknown fields. */
function findUnknownFields(): string[] {
  // In this folder, so that the compiler finds the packages.
  const folder = mkdtempSync(join(ROOT, "check", "generated-"));
  try {
    const files = manifests.map(({ file, apiVersion, kind, object }, index) => {
      const path = join(folder, `manifest-${index}.ts`);
      const type = `import type { I${kind} } from ${JSON.stringify(moduleOf(apiVersion))};`;
      const literal = JSON.stringify(object, null, 2);
      writeFileSync(path, `// ${file}\n${type}\nexport const manifest: I${kind} = ${literal};\n`);
      return path;
    });
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck", "--ignoreConfig"];
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), [...options, ...files], {
      cwd: folder,
      encoding: "utf8",
      stdio: "pipe",
    });
    return [];
  } catch (error) {
    const output = error instanceof Error && "stdout" in error ? String(error.stdout) : String(error);
    return [
      output.replace(
        /manifest-(\d+)\.ts\(\d+,\d+\)/g,
        (_match, index) => manifests[Number(index)]?.file ?? "",
      ),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const errors = [...(await Promise.all(manifests.map(validate))).flat(), ...findUnknownFields()];
if (errors.length > 0) {
  process.stderr.write(`${errors.join("\n")}\n`);
  process.exit(1);
}
process.stdout.write(`${manifests.length} manifests are valid.\n`);
