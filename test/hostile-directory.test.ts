/** Files of Bun and Node in the current directory mean nothing to sidecar. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sidecar, workspace } from "./support/sidecar.ts";

it("neither .env nor bunfig.toml, tsconfig.json or package.json", async () => {
  const directory = workspace();
  const put = (name: string, text: string) =>
    writeFileSync(join(directory, name), text);
  put(".env", "INTRUDER=1\nPATH=/nowhere\n");
  put(".env.production", "INTRUDER=2\n");
  put("bunfig.toml", 'preload = ["./intruder.ts"]\n');
  put("intruder.ts", 'console.log("intruder"); process.exit(9);\n');
  put("tsconfig.json", "not even JSON");
  put("package.json", '{"type": "commonjs", "main": "./intruder.ts"}');
  const { stdout, stderr, code } = await sidecar(
    ["--quiet", "--exec", "/usr/bin/env"],
    {
      environment: { ONLY: "this" },
      directory,
    },
  );
  expect({ stdout, stderr, code }).toEqual({
    stdout: "ONLY=this\n",
    stderr: "",
    code: 0,
  });
});
