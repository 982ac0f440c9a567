/** The string that stands from `start` to `end` between the quotes of a valid JSON text. */
export function decodeJsonText(bytes: Uint8Array, start: number, end: number, isEscaped: boolean): string {
  const json = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
  return isEscaped ? String(JSON.parse(`"${json}"`)) : json;
}
