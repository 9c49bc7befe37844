/** In which form somebody wants messages, whatever else is wrong with the words. */
import type { LogFormat } from "../companion/log.ts";

/** @param words up to `--exec`, or all where there is none */
export function writtenLogFormat(words: readonly string[]): LogFormat {
  const json =
    words.includes("--log=json") || words[words.indexOf("--log") + 1] === "json";
  return json ? "json" : "text";
}
