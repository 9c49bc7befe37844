/** As whom blocks run, and where they may write: User, HOME, /tmp, WorkingDir. */
import {
  barriers,
  changeOfMode,
  describeBarrier,
  firstUser,
  isAllowed,
} from "../../../contract/everybody.ts";
import { defaultHome } from "../../../contract/places.ts";
import { shellWord } from "../../../contract/shell-words.ts";
import { decode, printable } from "../../../system/text.ts";
import type { TreeNode } from "../../tree/tree.ts";
import { chmod, run, setVariable } from "../fix.ts";
import { environmentLine, lastLine } from "../history.ts";
import { readAccounts } from "../passwd.ts";
import type { Rule } from "../rule.ts";
import { passwdPath, type Subject } from "../subject.ts";

const somebody = `USER ${firstUser + 1}:${firstUser + 1}`;
const sticky = 0o1000;

const lineOf = (line: string | undefined) => (line === undefined ? {} : { line });

/** The number that passwd has for a name. */
function numberOf(name: string, { tree, content }: Subject): string | undefined {
  const way = tree.resolve(passwdPath);
  const bytes = way.kind === "found" ? content(way.node) : undefined;
  if (bytes === undefined) return undefined;
  return readAccounts(decode(bytes), 7).find((account) => account.name === name)
    ?.number;
}

/** User as numbers, where it is one or passwd knows it. */
function userNumber(subject: Subject): string | undefined {
  const name = subject.image.configuration.user.split(":", 1)[0]!;
  return /^\d+$/.test(name) ? name : numberOf(name, subject);
}

/** /tmp itself, where it is what it has to be. */
function temporary({ tree }: Subject): TreeNode | undefined {
  const way = tree.resolve("/tmp", true);
  return way.kind === "found" && way.node.type === "directory" ? way.node : undefined;
}

export const userRules: readonly Rule[] = [
  {
    code: "user-root",
    severity: "warning",
    title: "User is not root",
    *check(subject) {
      const { user } = subject.image.configuration;
      const number = userNumber(subject);
      if (user === "" || !(user.split(":", 1)[0] === "root" || Number(number) === 0))
        return;
      yield {
        message: `User is ${printable(user)}: whoever runs the image without --user is root in it`,
        fix: somebody,
        ...lineOf(lastLine(subject.lines, "USER")),
      };
    },
  },
  {
    code: "user-unset",
    severity: "note",
    title: "User is set",
    *check({ image }) {
      if (image.configuration.user === "")
        yield {
          message:
            "no User is set: whoever runs the image without --user is root in it",
          fix: somebody,
        };
    },
  },
  {
    code: "user-name",
    severity: "warning",
    title: "User is a number",
    *check(subject) {
      const { user } = subject.image.configuration;
      const name = user.split(":", 1)[0]!;
      if (name === "" || name === "root" || /^\d+$/.test(name)) return;
      const number = userNumber(subject);
      if (Number(number) === 0) return;
      yield {
        message: `User is the name ${printable(name)}: Kubernetes cannot tell that it is not root (runAsNonRoot)`,
        fix: number === undefined ? somebody : `USER ${number}:${number}`,
        ...lineOf(lastLine(subject.lines, "USER")),
      };
    },
  },
  {
    code: "home-other",
    severity: "warning",
    title: `HOME is ${defaultHome}`,
    *check({ variables, lines }) {
      const home = variables.get("HOME");
      if (home === undefined || home === defaultHome) return;
      yield {
        message: `HOME is ${printable(home)}, where users of 20000–29999 cannot write: sidecar gives them ${defaultHome}, other programs do not`,
        fix: setVariable("HOME", defaultHome),
        ...lineOf(environmentLine(lines, "HOME")),
      };
    },
  },
  {
    code: "home-unset",
    severity: "note",
    title: "HOME is set",
    *check({ variables }) {
      if (!variables.has("HOME"))
        yield {
          message: `HOME is not set: sidecar gives users of 20000–29999 ${defaultHome}; without it they have /`,
          fix: setVariable("HOME", defaultHome),
        };
    },
  },
  {
    code: "home-taken",
    severity: "warning",
    title: `${defaultHome} is free`,
    *check({ tree }) {
      const way = tree.resolve(defaultHome, true);
      if (way.kind !== "found") return;
      yield {
        message: `${defaultHome} is there and belongs to user id ${way.node.uid}: all others get another HOME, and a warning`,
        node: way.node,
        fix: run(`rm -rf ${defaultHome}`),
      };
    },
  },
  {
    code: "tmp-missing",
    severity: "error",
    title: "/tmp is a directory",
    *check({ tree }) {
      const way = tree.resolve("/tmp", true);
      if (way.kind === "found" && way.node.type === "directory") return;
      const node = way.kind === "found" ? way.node : undefined;
      yield {
        message: node
          ? `/tmp is ${node.type === "symlink" ? "a symbolic link" : "no directory"}: no HOME can be relied on`
          : "there is no /tmp: no HOME can be made",
        ...(node ? { node } : { path: "/tmp" }),
        fix: run(`${node ? "rm /tmp && " : ""}mkdir -m 1777 /tmp`),
      };
    },
  },
  {
    code: "tmp-mode",
    severity: "error",
    title: "Everybody may write to /tmp",
    *check(subject) {
      const node = temporary(subject);
      if (!node || isAllowed(node, 7)) return;
      const mode = node.mode.toString(8).padStart(4, "0");
      yield {
        message: `/tmp (mode ${mode}, user id ${node.uid}): not everybody can make a HOME in it`,
        node,
        fix: chmod("1777", "/tmp"),
      };
    },
  },
  {
    code: "tmp-sticky",
    severity: "warning",
    title: "Nobody may remove others' files from /tmp",
    *check(subject) {
      const node = temporary(subject);
      if (!node || !isAllowed(node, 7) || (node.mode & sticky) !== 0) return;
      yield {
        message: `/tmp (mode ${node.mode.toString(8).padStart(4, "0")}) is not sticky: whoever comes may remove what others made`,
        node,
        fix: chmod("1777", "/tmp"),
      };
    },
  },
  {
    code: "working-directory",
    severity: "error",
    title: "Everybody may enter WorkingDir",
    *check({ image, tree, lines }) {
      const { workingDirectory } = image.configuration;
      if (workingDirectory === "") return;
      const line = lineOf(lastLine(lines, "WORKDIR"));
      const shown = printable(workingDirectory);
      if (!workingDirectory.startsWith("/")) {
        const fix = `WORKDIR /${shown}`;
        yield { message: `WorkingDir ${shown} is no absolute path`, fix, ...line };
        return;
      }
      const way = tree.resolve(workingDirectory);
      // What is not there is made when a container starts, for everybody to enter.
      if (way.kind === "missing") return;
      if (way.kind !== "found" || way.node.type !== "directory") {
        const message = `WorkingDir ${shown} is no directory: no container can be started`;
        const node = way.kind === "found" ? { node: way.node } : line;
        yield { message, ...node, fix: "WORKDIR /" };
        return;
      }
      const isDirectory = ({ type }: TreeNode) => type === "directory";
      for (const found of barriers(way.steps, "enter", isDirectory))
        yield {
          message: `WorkingDir ${shown}: ${printable(found.step.path)} ${describeBarrier(found)}`,
          node: found.step,
          fix: run(`chmod ${changeOfMode(found)} ${shellWord(found.step.path)}`),
        };
    },
  },
];
