/** The files of an OCI layout that is a directory. */
import { lstat, open } from "node:fs/promises";
import { join } from "node:path";
import { beginningOf, pieces } from "./file-pieces.ts";
import { type SourceFiles, unreadable } from "./files.ts";

/** `name`s are made of digests and of the layout's own names: none leads outside. */
export function directoryFiles(directory: string): SourceFiles {
  const size = async (name: string): Promise<number | undefined> => {
    try {
      const status = await lstat(join(directory, name));
      return status.isFile() ? status.size : undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw unreadable(directory, error);
    }
  };
  async function* stream(name: string, reuses?: boolean): AsyncGenerator<Uint8Array> {
    const file = await opened(directory, name);
    try {
      yield* pieces(file, 0, Number.MAX_SAFE_INTEGER, reuses);
    } finally {
      await file.close();
    }
  }
  const beginning = async (name: string, limit: number): Promise<Uint8Array> => {
    const file = await opened(directory, name);
    try {
      return await beginningOf(file, 0, limit);
    } finally {
      await file.close();
    }
  };
  return { place: directory, size, stream, beginning, close: async () => {} };
}

async function opened(directory: string, name: string) {
  try {
    return await open(join(directory, name));
  } catch (error) {
    throw unreadable(directory, error);
  }
}
