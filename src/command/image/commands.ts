/** The commands of `sidecar image`; each is loaded when it is called. */
import type { ImageCommand } from "./command.ts";

type Listed = {
  readonly description: string;
  readonly load: () => Promise<ImageCommand>;
};

export const imageCommands = {
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
} as const satisfies Record<string, Listed>;

export type ImageCommandName = keyof typeof imageCommands;
