/** Sizes of files as people write them. */

import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

const bytes = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/**
 * Reads `10m`, `1.5g`, `500k`, `65536`: bytes, or times 1024, 1024² or 1024³.
 * @param least what is too small to be of use, in bytes
 * @returns bytes, a whole number
 * @throws Failure `size-invalid`
 */
export function parseSize(option: string, text: string, least: number): number {
  const match = /^(\d+)$|^(\d+(?:\.\d+)?)([kmg])$/i.exec(text);
  if (!match) throw invalid(option, `'${printable(text)}' is not a size`);
  const [, plain, number, unit] = match;
  const factor = unit ? bytes[unit.toLowerCase() as keyof typeof bytes] : 1;
  const size = Math.floor(Number(plain ?? number) * factor);
  if (size < least)
    throw invalid(option, `${printable(text)} is less than ${formatSize(least)}`);
  if (size > Number.MAX_SAFE_INTEGER)
    throw invalid(option, `${printable(text)} is more than any disk holds`);
  return size;
}

function invalid(option: string, what: string): Failure {
  return new Failure(
    "size-invalid",
    `--${option}: ${what}`,
    "write bytes, or a number and k, m or g, for example 500k, 10m or 1g",
  );
}

/** `10m` for 10485760: the shortest exact form. */
export function formatSize(value: number): string {
  for (const unit of ["g", "m", "k"] as const)
    if (value >= bytes[unit] && value % bytes[unit] === 0)
      return `${value / bytes[unit]}${unit}`;
  return `${value} bytes`;
}
