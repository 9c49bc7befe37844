/**
 * Text of Windows: UTF-16, as strings are in here. Nothing has to be decoded, and a
 * lone surrogate, which Windows allows in names and variables, stays what it is.
 */
import { type Pointer, toArrayBuffer } from "../foreign.ts";

/** `text` and the NUL that ends it in C. */
export function wide(text: string): Uint16Array {
  const units = new Uint16Array(text.length + 1);
  for (let index = 0; index < text.length; index += 1)
    units[index] = text.charCodeAt(index);
  return units;
}

/** The text of `units` up to the first NUL, or all of it. */
export function narrow(units: Uint16Array): string {
  const end = units.indexOf(0);
  return join(end < 0 ? units : units.subarray(0, end));
}

/** The text of all `units`, whatever they are. */
export function join(units: Uint16Array): string {
  let text = "";
  // String.fromCharCode takes its arguments from the stack: a few thousand at a time.
  for (let at = 0; at < units.length; at += 4096)
    text += String.fromCharCode(...units.subarray(at, at + 4096));
  return text;
}

/** The texts from `address` on, each ended by NUL, all of them by one more. */
export function textsAt(address: number): string[] {
  const texts: string[] = [];
  for (let at = address; ; ) {
    const text = textAt(at);
    if (text === "") return texts;
    texts.push(text);
    at += (text.length + 1) * 2;
  }
}

const pageSize = 4096;

/** The text at `address` up to its NUL; memory is looked at page by page. */
export function textAt(address: number): string {
  let text = "";
  for (let at = address; ; ) {
    const length = pageSize - (at % pageSize);
    const units = new Uint16Array(toArrayBuffer(at as Pointer, 0, length));
    const end = units.indexOf(0);
    if (end >= 0) return text + join(units.subarray(0, end));
    text += join(units);
    at += length;
  }
}
