/** `Script non zero exit` for `SCRIPT_NON_ZERO_EXIT`. */
export function labelOf(status: string): string {
  const words = status.replaceAll("_", " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
