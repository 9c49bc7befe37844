/** On Windows no activation is frozen, and none is looked for. */

export const canFreeze = false;

export const frozenDirectory = "";

export function readFrozenFile(_path: string): Uint8Array | undefined {
  return undefined;
}
