/** What scripts/images.sh does once there is a Debian. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { chosen } from "./family.ts";
import { buildWithDocker, dockerAnswers } from "./with-docker.ts";

const root = resolve(import.meta.dirname, "../..");

try {
  const { values, positionals } = parseArgs({
    options: {
      "without-docker": { type: "boolean", default: false },
      output: { type: "string", default: "dist/images" },
    },
    allowPositionals: true,
  });
  const members = chosen(positionals);
  if (!values["without-docker"] && dockerAnswers(root)) buildWithDocker(root, members);
  else {
    const { buildWithoutDocker } = await import("./without-docker.ts");
    const destination = resolve(values.output);
    process.chdir(root);
    await buildWithoutDocker(destination, members);
  }
} catch (error) {
  console.error(`images.sh: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
