/** Runs the shell commands of the documentation. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Not every machine has curl, so a Node.js script replaces it. */
const CURL = fileURLToPath(new URL("curl.ts", import.meta.url));

/** Output of a shell command in which `curl.ts` replaces `curl`. Rejects if it fails. */
export function runShell(command: string): Promise<string> {
  const script = `curl() { "${process.execPath}" "${CURL}" "$@"; }\n${command}`;
  const child = spawn("sh", ["-e", "-c", script], { stdio: ["ignore", "pipe", "pipe"] });
  return outputOf(child, command);
}

/** Output of a TypeScript file. Rejects if it fails. */
export const runScript = (path: string, environment: Record<string, string>): Promise<string> =>
  outputOf(spawn(process.execPath, [path], { env: environment, stdio: ["ignore", "pipe", "pipe"] }), path);

function outputOf(child: ReturnType<typeof spawn>, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject).once("close", (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`Expected exit code 0 of\n${what}\ngot ${code}:\n${stderr}`));
    });
  });
}
