/** The JSON documents of images: what must be in them, and where it is not, which. */
import * as z from "zod";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Digest, JsonObject } from "../model.ts";

const digest = z.custom<Digest>(
  (value) => typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value),
  "expected sha256: and 64 hexadecimal digits in lower case",
);

const texts = z.record(z.string(), z.string());

/** Docker writes null where the specification leaves a field out. */
const optional = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value) => value ?? undefined);

const platform = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: optional(z.string()),
});

export const descriptorDocument = z.looseObject({
  mediaType: z.string(),
  digest,
  size: z.int().nonnegative(),
  annotations: optional(texts),
  platform: optional(platform),
  artifactType: optional(z.string()),
});

export type DescriptorDocument = z.infer<typeof descriptorDocument>;

const schemaVersion = z.literal(2);

export const indexDocument = z.looseObject({
  schemaVersion,
  mediaType: optional(z.string()),
  manifests: z.array(descriptorDocument),
});

export const manifestDocument = z.looseObject({
  schemaVersion,
  mediaType: optional(z.string()),
  artifactType: optional(z.string()),
  config: descriptorDocument,
  // Docker 25.0.0 wrote null.
  layers: z
    .array(descriptorDocument)
    .nullable()
    .transform((value) => value ?? []),
});

export type ManifestDocument = z.infer<typeof manifestDocument>;

export const layoutDocument = z.looseObject({ imageLayoutVersion: z.string() });

const started = z.looseObject({
  Env: optional(z.array(z.string())),
  User: optional(z.string()),
  WorkingDir: optional(z.string()),
  Entrypoint: optional(z.array(z.string())),
  Cmd: optional(z.array(z.string())),
  Labels: optional(texts),
});

export const configurationDocument = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: optional(z.string()),
  config: optional(started),
  rootfs: z.looseObject({ type: z.literal("layers"), diff_ids: z.array(digest) }),
  history: optional(
    z.array(
      z.looseObject({
        created: optional(z.string()),
        created_by: optional(z.string()),
        empty_layer: optional(z.boolean()),
      }),
    ),
  ),
});

/** Docker's manifest.json: an item for each image. */
export const dockerDocument = z.array(
  z.looseObject({
    Config: z.string(),
    RepoTags: optional(z.array(z.string())),
    Layers: optional(z.array(z.string())),
  }),
);

export type DockerItem = z.infer<typeof dockerDocument>[number];

export type Parsed<T> = { readonly value: T; readonly json: JsonObject };

/**
 * @param where the document is: "image.tar: index.json"
 * @throws Failure `image-document-invalid`
 */
export function parseDocument<T extends z.ZodType>(
  bytes: Uint8Array,
  type: T,
  where: string,
): Parsed<z.infer<T>> {
  const json = parseJson(bytes, where);
  const parsed = type.safeParse(json);
  if (parsed.success) return { value: parsed.data, json: json as JsonObject };
  const issue = parsed.error.issues[0]!;
  const field = issue.path.map(String).join(".");
  throw invalid(where, `${field === "" ? "" : `${field}: `}${issue.message}`);
}

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(where, (error as Error).message);
  }
}

export function invalid(where: string, what: string): Failure {
  return new Failure(
    "image-document-invalid",
    `${printable(where)} is not as the specification has it: ${printable(what)}`,
    "have the image saved again by the tool that made it",
  );
}
