/**
 * Text of the operating system: bytes on Linux, strings in here, nothing lost.
 *
 * Arguments, variables and paths are any bytes but NUL. Valid UTF-8 becomes the text
 * it means; every byte that is not part of valid UTF-8 becomes one lone surrogate
 * U+DC80…U+DCFF, and turns back into that byte in {@link encode}. (The idea is
 * Python's "surrogateescape", PEP 383.) So a parser sees text, and the block gets
 * exactly the bytes that sidecar got.
 */

const escapeBase = 0xdc00;

let strict: TextDecoder | undefined;
let encoder: TextEncoder | undefined;

/** The text of `bytes`; invalid UTF-8 is kept as lone surrogates. */
export function decode(bytes: Uint8Array): string {
  strict ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return strict.decode(bytes);
  } catch {
    return decodeByParts(bytes);
  }
}

/** The bytes of `text`, the inverse of {@link decode}. */
export function encode(text: string): Uint8Array {
  encoder ??= new TextEncoder();
  if (text.isWellFormed()) return encoder.encode(text);
  const parts: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= escapeBase + 0x80 && code <= escapeBase + 0xff)
      parts.push(code - escapeBase);
    else parts.push(...encoder.encode(character));
  }
  return Uint8Array.from(parts);
}

/** `text` and the NUL that ends it in C. */
export function encodeTerminated(text: string): Uint8Array {
  const bytes = encode(text);
  const terminated = new Uint8Array(bytes.length + 1);
  terminated.set(bytes);
  return terminated;
}

/** For people: what cannot be shown is shown as U+FFFD or as an escape. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

function decodeByParts(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(escapeBase + bytes[at]!);
      at += 1;
    } else {
      text += strict!.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** Length in bytes of the valid UTF-8 sequence at `at`; 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > bytes.length) return 0;
  try {
    strict!.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
