/**
 * Extended headers: what comes before a member's own header, for it alone or for all.
 */
import { checkGlobal, type PaxRecords, parsePax } from "./pax.ts";
import { malformed, type TarPlace } from "./problem.ts";

export type Extensions = {
  readonly global: PaxRecords;
  readonly pax: PaxRecords | undefined;
  /** GNU's members `L` and `K`. */
  readonly longName: Uint8Array | undefined;
  readonly longTarget: Uint8Array | undefined;
};

export const noExtensions: Extensions = {
  global: new Map(),
  pax: undefined,
  longName: undefined,
  longTarget: undefined,
};

/** Types of headers whose content is an extension. */
export type ExtensionFlag = "x" | "g" | "L" | "K";

export const isExtension = (flag: string): flag is ExtensionFlag =>
  flag === "x" || flag === "g" || flag === "L" || flag === "K";

/**
 * What holds after one more of them.
 * @param bytes its content
 * @throws Failure `image-tar-invalid`, `image-tar-unsupported`
 */
export function extend(
  extensions: Extensions,
  flag: ExtensionFlag,
  bytes: Uint8Array,
  place: TarPlace,
): Extensions {
  const { global, pax, longName, longTarget } = extensions;
  const once = (before: unknown) => {
    if (before) throw malformed(place, "two extended headers of one kind in a row");
  };
  switch (flag) {
    case "g": {
      const records = parsePax(bytes, place);
      checkGlobal(records, place);
      return { ...extensions, global: new Map([...global, ...records]) };
    }
    case "x":
      once(pax);
      return { ...extensions, pax: parsePax(bytes, place) };
    case "L":
      once(longName);
      return { ...extensions, longName: withoutEnd(bytes) };
    case "K":
      once(longTarget);
      return { ...extensions, longTarget: withoutEnd(bytes) };
  }
}

/** GNU tar ends long names with a NUL. */
function withoutEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}
