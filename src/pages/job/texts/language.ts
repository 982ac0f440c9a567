/** The language of the page, and texts, numbers and times in it. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { hostStatus } from "../../../model/status.ts";
import type { RunStatus } from "../operations.generated.ts";
import { EN, type Texts } from "./en.ts";
import { ZH } from "./zh.ts";

export type Language = "en" | "zh";

const TEXTS: Readonly<Record<Language, Texts>> = { en: EN, zh: ZH };

/** The value of `lang` and `Accept-Language`. */
export const LANGUAGE_TAGS: Readonly<Record<Language, string>> = { en: "en", zh: "zh-CN" };

/** The language of the query parameter `lang`, else the first language of the browser that the page has. */
export function chooseLanguage(search: string, preferred: readonly string[]): Language {
  const wanted = [new URLSearchParams(search).get("lang") ?? "", ...preferred];
  const known = wanted.map((tag) => /^(zh|en)\b/i.exec(tag)?.[1]?.toLowerCase());
  return known.find((language) => language === "zh" || language === "en") ?? "en";
}

/** The address of the page in a language. */
export function withLanguage(address: string, language: Language): string {
  const url = new URL(address);
  url.searchParams.set("lang", language);
  return url.href;
}

export const LanguageContext = createContext<Language>("en");

export const useLanguage = (): Language => useContext(LanguageContext);

export const useTexts = (): Texts => TEXTS[useLanguage()];

export const textsOf = (language: Language): Texts => TEXTS[language];

export const runStatusText = (texts: Texts, status: RunStatus, statusCode: number): string =>
  status === "UNRECOGNIZED" ? `${texts.runStatuses.UNRECOGNIZED} ${statusCode}` : texts.runStatuses[status];

export function hostStatusText(texts: Texts, statusCode: number): string {
  const { name } = hostStatus(statusCode);
  return name === "UNRECOGNIZED"
    ? `${texts.hostStatuses.UNRECOGNIZED} ${statusCode}`
    : texts.hostStatuses[name];
}

export const formatNumber = (value: number, language: Language): string =>
  value.toLocaleString(LANGUAGE_TAGS[language]);

/** In the time zone of the browser: `2026-03-10 16:30:00`, as BlueKing shows times. */
export function formatTime(iso: string): string {
  const time = new Date(iso);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

const UNITS: Readonly<Record<Language, readonly [string, string, string, string]>> = {
  en: ["d", "h", "m", "s"],
  zh: ["天", "小时", "分", "秒"],
};

/** `5m 6s`, `1h 2m`, `350ms`: the two largest units. */
export function formatDuration(ms: number, language: Language): string {
  if (ms < 1_000) return `${Math.floor(ms)}${language === "zh" ? " 毫秒" : "ms"}`;
  const seconds = Math.floor(ms / 1_000);
  const values = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const first = values.findIndex((value) => value > 0);
  const parts = values
    .slice(first, first + 2)
    .map((value, index) => `${value}${UNITS[language][first + index]}`);
  return parts.filter((part, index) => index === 0 || !part.startsWith("0")).join(" ");
}
