/** The commands of `sidecar image`; each is loaded when it is called. */
import type { Environment } from "../../companion/environment.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";

export type ImageContext = {
  readonly environment: Environment;
  /** Writes text and a line's end to standard output. @returns an exit code, 0 */
  readonly print: (text: string) => number;
};

/** What each file of this folder exports. */
export type ImageCommand = {
  readonly syntax: CommandSyntax;
  /** @returns sidecar's exit code @throws Failure */
  readonly run: (words: CommandWords, context: ImageContext) => Promise<number>;
};

type Listed = {
  readonly description: string;
  readonly load: () => Promise<ImageCommand>;
};

export const imageCommands: Record<string, Listed> = {
  append: {
    description: "Put sidecar into an image",
    load: () => import("./append.ts"),
  },
  approve: {
    description: "Say whether an image comes from the approved registry",
    load: () => import("./approve.ts"),
  },
  lint: {
    description: "Say whether an image is fit for every user, and what mends it",
    load: () => import("./lint.ts"),
  },
  names: {
    description: "All names that an image must carry",
    load: () => import("./names.ts"),
  },
  pull: {
    description: "Copy an image from a registry into a file or directory",
    load: () => import("./pull.ts"),
  },
  push: {
    description: "Copy an image into a registry",
    load: () => import("./push.ts"),
  },
};

export type ImageCommandName = keyof typeof imageCommands;
