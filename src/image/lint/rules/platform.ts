/** What an image must leave to the platform: users' folders, signals, its system. */
import { sharedRoots } from "../../../contract/places.ts";
import { printable } from "../../../system/text.ts";
import { lastLine } from "../history.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";

/** What the configuration has and model.ts leaves to whoever wants it. */
function settings({ image }: Subject): Readonly<Record<string, unknown>> {
  const config = image.configuration.json["config"];
  return typeof config === "object" && config !== null
    ? (config as Record<string, unknown>)
    : {};
}

function volumes(subject: Subject): string[] {
  const found = settings(subject)["Volumes"];
  return typeof found === "object" && found !== null ? Object.keys(found) : [];
}

/** Signals that sidecar ends a block for (docs/supervision.md). */
const endings = ["TERM", "INT", "HUP", "QUIT"];
const numbers: Readonly<Record<string, string>> = {
  "15": "TERM",
  "2": "INT",
  "1": "HUP",
  "3": "QUIT",
};

export const platformRules: readonly Rule[] = [
  {
    code: "image-system",
    severity: "error",
    title: "The image is for Linux",
    *check({ image }) {
      const { os, architecture } = image.configuration.platform;
      if (os === "linux") return;
      yield {
        message: `the image says it is for ${printable(os || "no system")} (${printable(architecture)}); blocks in images run on Linux`,
        fix: "build it for Linux: docker build --platform=linux/amd64",
      };
    },
  },
  {
    code: "volume-shared",
    severity: "error",
    title: "No VOLUME is a place of users' or apps' folders",
    *check(subject) {
      for (const volume of volumes(subject)) {
        const path = volume.replace(/\/+$/, "") || "/";
        const isShared = sharedRoots.some(
          (root) => path === root || path.startsWith(`${root}/`),
        );
        if (!isShared && path !== "/") continue;
        const line = lastLine(subject.lines, "VOLUME", (rest) => rest.includes(volume));
        yield {
          message: `VOLUME ${printable(volume)}: the folders of users and apps are mounted by the platform, each for its task alone`,
          path,
          fix: "take the VOLUME line out; where a base image has it, start from another",
          ...(line === undefined ? {} : { line }),
        };
      }
    },
  },
  {
    code: "shared-files",
    severity: "warning",
    title: "Nothing is where users' and apps' folders are mounted",
    *check({ tree }) {
      for (const root of sharedRoots) {
        const way = tree.resolve(root, true);
        if (way.kind !== "found") continue;
        const { node } = way;
        const [first] = node.type === "directory" ? tree.children(node) : [node];
        // An empty directory is a good place to mount something at.
        if (first === undefined) continue;
        yield {
          message: `${printable(first.path)} is where the platform mounts folders: blocks may not see it, or take it for a user's`,
          node: first,
          fix: "copy it elsewhere, as to /opt",
        };
      }
    },
  },
  {
    code: "stop-signal",
    severity: "warning",
    title: "StopSignal is one that ends a block",
    *check(subject) {
      const signal = settings(subject)["StopSignal"];
      if (typeof signal !== "string" || signal === "") return;
      const name = numbers[signal] ?? signal.toUpperCase().replace(/^SIG/, "");
      if (endings.includes(name)) return;
      const line = lastLine(subject.lines, "STOPSIGNAL");
      yield {
        message: `StopSignal is ${printable(signal)}, for which sidecar does not end a block: it would be killed after the engine's patience`,
        fix: "STOPSIGNAL SIGTERM",
        ...(line === undefined ? {} : { line }),
      };
    },
  },
];
