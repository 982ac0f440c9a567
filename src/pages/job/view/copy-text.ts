/** Copies text to the clipboard. */

/** Browsers offer the clipboard only to secure pages. Others copy a selection, which needs an element with the text. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const element = document.createElement("textarea");
  element.value = text;
  element.className = "visually-hidden";
  document.body.append(element);
  element.select();
  document.execCommand("copy");
  element.remove();
}
