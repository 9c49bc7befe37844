/** The environment that an image gives to everything in it. */
import { printable } from "../../../system/text.ts";
import { setVariable } from "../fix.ts";
import { environmentLine } from "../history.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { readVariable } from "../variables.ts";

/** Variables by which whoever sets them runs code in other programs. */
const loaders = ["LD_PRELOAD", "LD_AUDIT", "BUN_OPTIONS"];

const platformPrefix = "DA__P7__PCLUSTER__";

/** As parts of a name: MONKEY and KEYBOARD are none. */
const secret =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET|ENCRYPTION|SSH|LICEN[CS]E|ACCOUNT|AUTH)_?KEY)(?:_|$)/i;

const line = ({ lines }: Subject, name: string) => {
  const found = environmentLine(lines, name);
  return found === undefined ? {} : { line: found };
};

export const variableRules: readonly Rule[] = [
  {
    code: "env-malformed",
    severity: "error",
    title: "Every entry of Env is NAME=VALUE",
    *check({ image }) {
      for (const entry of image.configuration.environment) {
        if (readVariable(entry)) continue;
        const name = entry.split("=", 1)[0]!;
        yield {
          message: `Env has the entry ${JSON.stringify(printable(name))}, which is not NAME=VALUE`,
          fix: "give it a name and a value, or take it out of Env",
        };
      }
    },
  },
  {
    code: "env-duplicate",
    severity: "error",
    title: "No variable is set twice in Env",
    *check(subject) {
      const seen = new Map<string, number>();
      for (const entry of subject.image.configuration.environment) {
        const name = readVariable(entry)?.name;
        if (name !== undefined) seen.set(name, (seen.get(name) ?? 0) + 1);
      }
      for (const [name, count] of seen)
        if (count > 1)
          yield {
            message: `Env sets ${printable(name)} ${count} times: some programs take the first value, some the last`,
            fix: `keep one entry of ${printable(name)} in Env`,
            ...line(subject, name),
          };
    },
  },
  {
    code: "env-loader",
    severity: "error",
    title: "Env loads nothing into every program",
    *check(subject) {
      for (const name of loaders)
        if (subject.variables.get(name))
          yield {
            message: `Env sets ${name}, which puts code into every program of every block`,
            fix: setVariable(name, ""),
            ...line(subject, name),
          };
    },
  },
  {
    code: "env-library-path",
    severity: "warning",
    title: "Env has no LD_LIBRARY_PATH",
    *check(subject) {
      if (subject.variables.get("LD_LIBRARY_PATH"))
        yield {
          message:
            "Env sets LD_LIBRARY_PATH: programs of all runenvs, and of the system, load other libraries; let ACTIVATE set it",
          fix: setVariable("LD_LIBRARY_PATH", ""),
          ...line(subject, "LD_LIBRARY_PATH"),
        };
    },
  },
  {
    code: "env-path",
    severity: "warning",
    title: "PATH has absolute paths only",
    *check(subject) {
      const path = subject.variables.get("PATH");
      if (path === undefined) return;
      const places = path.split(":");
      const relative = places.filter((place) => !place.startsWith("/"));
      if (relative.length === 0) return;
      const shown = relative
        .map((place) => (place === "" ? "an empty place" : printable(place)))
        .join(", ");
      const rest = places.filter((place) => place.startsWith("/")).join(":");
      yield {
        message: `PATH has ${shown}: programs are taken from each block's own directory`,
        fix: setVariable("PATH", rest || "/usr/local/bin:/usr/bin:/bin"),
        ...line(subject, "PATH"),
      };
    },
  },
  {
    code: "env-secret",
    severity: "warning",
    title: "Env has no secrets",
    *check(subject) {
      for (const [name, value] of subject.variables) {
        // A path names a file that is mounted when it is needed.
        if (!secret.test(name) || value === "" || value.startsWith("/")) continue;
        yield {
          message: `Env sets ${printable(name)}, by its name a secret: whoever has the image can read it`,
          fix: "take the line out and change the secret; give it to a task by its env",
          ...line(subject, name),
        };
      }
    },
  },
  {
    code: "env-platform",
    severity: "warning",
    title: "Env leaves the platform's variables to the platform",
    *check(subject) {
      for (const name of subject.variables.keys())
        if (name.startsWith(platformPrefix))
          yield {
            message: `Env sets ${printable(name)}, which pCluster sets for each task`,
            fix: "take the line out",
            ...line(subject, name),
          };
    },
  },
];
