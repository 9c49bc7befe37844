/**
 * Makes docs/schema/ from the zod schemas: `sh scripts/bun scripts/schemas.ts`. Tests
 * hold what is there against these.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import * as wire from "../src/catalogue/wire.ts";
import { policyDocument } from "../src/image/approval/policy.ts";
import { verdictDocument } from "../src/image/approval/verdict.ts";

export const documents = {
  "sidecar-approval-1": verdictDocument,
  "sidecar-approval-policy-1": policyDocument,
  "sidecar-capabilities-1": wire.capabilitiesDocument,
  "sidecar-choices-1": wire.choicesDocument,
  "sidecar-manifest-1": wire.manifestSchema,
  "sidecar-place-1": wire.placeDocument,
} as const satisfies Record<string, z.ZodType>;

if (import.meta.main) {
  const directory = join(import.meta.dir, "../docs/schema");
  for (const [name, document] of Object.entries(documents))
    writeFileSync(
      join(directory, `${name}.schema.json`),
      JSON.stringify(z.toJSONSchema(document), null, 2),
    );
  Bun.spawnSync(["npx", "--no-install", "biome", "format", "--write", directory], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}
