/** Before all tests: the product must be there, and be what the sources say. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { built, root } from "./paths.ts";
import { stopWine } from "./wine-server.ts";

export default function setup(): () => Promise<void> {
  if (!existsSync(built))
    throw new Error("dist/sidecar is missing: build it with sh scripts/bun build.ts");
  const time = statSync(built).mtimeMs;
  for (const file of new Bun.Glob("src/**/*.{ts,c,h,ld}").scanSync(root))
    if (statSync(join(root, file)).mtimeMs > time)
      throw new Error(`dist/sidecar is older than ${file}: build it again`);
  // Where every user can reach it, whoever owns the checkout.
  const place = mkdtempSync(join(tmpdir(), "sidecar-under-test-"));
  chmodSync(place, 0o755);
  process.env["SIDECAR_UNDER_TEST"] = join(place, "sidecar");
  copyFileSync(built, join(place, "sidecar"));
  const version = Bun.spawnSync([built, "--version"]).stdout.toString();
  process.env["SIDECAR_HAS_LAUNCHER"] = version.includes("without launcher") ? "" : "1";
  return async () => {
    rmSync(place, { recursive: true, force: true });
    await stopWine();
  };
}
