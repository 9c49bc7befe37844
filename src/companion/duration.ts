/** Spans of time as people write them. */

import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

const milliseconds = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
} as const;

/**
 * Reads `90s`, `1.5h`, `500ms`; the unit is never guessed.
 * @returns milliseconds
 * @throws Failure `duration-invalid`
 */
export function parseDuration(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match)
    throw new Failure(
      "duration-invalid",
      `--${option}: '${printable(text)}' is not a duration`,
      "write a number and its unit: ms, s, m, h or d, for example 90s, 15m or 2h",
    );
  return Number(match[1]) * milliseconds[match[2] as keyof typeof milliseconds];
}

/** `90s` for 90000: the shortest exact form. */
export function formatDuration(value: number): string {
  for (const unit of ["d", "h", "m", "s"] as const)
    if (value >= milliseconds[unit] && value % milliseconds[unit] === 0)
      return `${value / milliseconds[unit]}${unit}`;
  return value >= 1000 ? `${value / 1000}s` : `${value}ms`;
}
