/**
 * The commands of `sidecar image`. They are one piece of the executable: each further
 * piece costs every block's start, where Bun looks at all of them, some page faults.
 */

import type { Command } from "../command.ts";
import * as append from "./append.ts";
import * as approve from "./approve.ts";
import * as lint from "./lint.ts";
import * as names from "./names.ts";
import * as pull from "./pull.ts";
import * as push from "./push.ts";

type Listed = { readonly description: string; readonly command: Command };

export const imageCommands = {
  append: { description: "Put sidecar into an image", command: append },
  approve: {
    description: "Say whether an image comes from the approved registry",
    command: approve,
  },
  lint: {
    description: "Say whether an image is fit for every user, and what mends it",
    command: lint,
  },
  names: { description: "All names that an image must carry", command: names },
  pull: {
    description: "Copy an image from a registry into a file or directory",
    command: pull,
  },
  push: { description: "Copy an image into a registry", command: push },
} as const satisfies Record<string, Listed>;

export type ImageCommandName = keyof typeof imageCommands;
