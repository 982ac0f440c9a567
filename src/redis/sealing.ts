/**
 * Encryption of what instances store in Redis: whoever reads or writes there neither learns anything about jobs and
 * identities, nor can change an entry or move it to another key. All keys are derived from one secret of the instances.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

export interface Sealing {
  /** A name that reveals nothing about `text`, the same for all instances with the same secret. */
  readonly nameOf: (text: string) => string;
  /** Encrypts `content` for one name. `associatedData` is not encrypted, but needed unchanged to decrypt it. */
  readonly seal: (name: string, associatedData: string, content: Buffer) => Buffer;
  /** @returns the content, or null if it was not sealed with this secret for this name and `associatedData` */
  readonly open: (name: string, associatedData: string, sealed: Buffer) => Buffer | null;
}

const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function createSealing(secret: string): Sealing {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync("sha256", secret, "", `bk-job-graphql ${purpose} v1`, KEY_BYTES));
  const nameKey = derive("names in Redis");
  const contentKey = derive("contents in Redis");
  // A key per name, because random initialization vectors of one key must not be used more than 2^32 times.
  const contentKeyFor = (name: string) => createHmac("sha256", contentKey).update(name).digest();
  const associatedDataFor = (name: string, data: string) => Buffer.from(`${name}\n${data}`);

  const nameOf: Sealing["nameOf"] = (text) => createHmac("sha256", nameKey).update(text).digest("base64url");

  const seal: Sealing["seal"] = (name, associatedData, content) => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, contentKeyFor(name), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedDataFor(name, associatedData));
    const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
  };

  const open: Sealing["open"] = (name, associatedData, sealed) => {
    if (sealed.length < IV_BYTES + TAG_BYTES) return null;
    const iv = sealed.subarray(0, IV_BYTES);
    const decipher = createDecipheriv(CIPHER, contentKeyFor(name), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedDataFor(name, associatedData));
    decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      return null;
    }
  };

  return { nameOf, seal, open };
}
