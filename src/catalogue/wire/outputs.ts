/**
 * What the commands of the catalogue print for programs. Names and versions are in the
 * one form in which they compare, and there are no keys but these.
 */
import * as z from "zod";
import { operatingSystems } from "../capability.ts";

const runenvName = z.string().regex(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/);
const featureVersion = z.string().regex(/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/);
const hostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/);

const runenv = z.tuple([
  runenvName.describe("The runenv's name"),
  z.int().nonnegative().describe("Its version"),
]);
const feature = z.tuple([
  runenvName.describe("The feature's name"),
  featureVersion.describe("Its version"),
]);
const os = z.enum(operatingSystems);
const extensionNode = hostName
  .nullable()
  .describe("One particular additional node; null is wherever the cluster likes");
const image = z
  .string()
  .min(1)
  .nullable()
  .describe("The reference as the deployment wrote it; null where it is a host");
const origin = z
  .string()
  .describe("Who says so: the variable, or the file and the entry's index");

/** `sidecar features --json`, `sidecar advertise --format=json`. */
export const capabilitiesDocument = z
  .array(
    z.strictObject({
      os: os.describe("Of the images or hosts that have these"),
      extension_node: extensionNode,
      runenv: runenv.describe("In exactly this version"),
      features: z
        .array(feature)
        .describe("Each can be had together with the runenv, one at a time"),
    }),
  )
  .meta({
    title: "What `sidecar features --json` prints: runenv_features() of pCluster",
  });

const nearest = z
  .array(
    z.strictObject({
      os: os.describe("Of the image or host"),
      extension_node: extensionNode,
      image,
      origin,
      reasons: z
        .array(z.string())
        .min(1)
        .describe("What it lacks, in words, one reason each"),
    }),
  )
  .describe("Where nothing fits: the places that come nearest, the nearest first");

/** `sidecar choices --json`. */
export const choicesDocument = z
  .strictObject({
    schema: z.literal("sidecar-choices-1").describe("The form of this document"),
    runenv: runenv.describe("What was asked for: in this version or later"),
    choices: z
      .array(
        z.strictObject({
          label: z.string().describe("As the user sees it: ABAQUS v42 (linux)"),
          require: feature.nullable().describe("What to ask for; null is no feature"),
          os: os.describe("What to ask for"),
          extension_node: extensionNode,
        }),
      )
      .describe("In the order of the list; the first is taken if nobody chooses"),
    nearest: nearest.optional(),
  })
  .meta({ title: "What `sidecar choices --json` prints" });

const place = z
  .strictObject({
    os: os.describe("Of the image or host"),
    extension_node: extensionNode,
    runenv: runenv.describe("In the version that was found"),
    require: feature
      .nullable()
      .describe("The feature for which it was taken; null if none is required"),
    image,
    image_name: z
      .string()
      .nullable()
      .describe("How an image is called that has these; null of an extension node"),
    origin,
  })
  .describe("The one place for the block");

const host = z
  .strictObject({
    os: os.describe("The host's system"),
    extension_node: extensionNode.describe("Only there; null is any host that fits"),
    runenv_at_least: runenv.describe("In this version or later"),
    require: feature.nullable().describe("In exactly this version; null is no feature"),
  })
  .nullable()
  .describe("What a job has to demand of hosts; null where the place is an image");

const placeSchema = z.literal("sidecar-place-1").describe("The form of this document");

/** `sidecar resolve --format=json`. */
export const placeDocument = z
  .union([
    z.strictObject({ schema: placeSchema, place, host }),
    z.strictObject({
      schema: placeSchema,
      place: z.null().describe("Nothing fits"),
      nearest,
    }),
  ])
  .meta({ title: "What `sidecar resolve --format=json` prints" });

export type CapabilitiesDocument = z.infer<typeof capabilitiesDocument>;
export type ChoicesDocument = z.infer<typeof choicesDocument>;
export type PlaceDocument = z.infer<typeof placeDocument>;
