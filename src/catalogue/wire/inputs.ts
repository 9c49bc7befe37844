/**
 * What others write and read in JSON: entries of `runenv_features()`, and the part of a
 * block's manifest that says where the block can run. Their JSON Schemas are made of
 * this; so the forms are patterns, and nothing is transformed.
 */
import * as z from "zod";
import { operatingSystems } from "../capability.ts";

const runenvName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*$/, {
    error: "a name has letters, digits and single _",
  })
  .describe("In upper case; read in any");

const featureName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*$/, {
    error: "a name has letters, digits and single _ or -",
  })
  .describe("In upper case; read in any, a - in it as _");

const runenvVersion = z.int().nonnegative().describe("This or later");

const featureVersion = z
  .string()
  .regex(/^[A-Za-z0-9]+(?:(?:\.|_|__|-+)[A-Za-z0-9]+)*$/, {
    error: "a version has letters and digits, with single . or _, or with -, between",
  })
  .describe("In lower case; read in any. Compares exactly");

const hostName = z
  .string()
  .max(253)
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$/,
    { error: "a host's name has letters, digits, - _ and ." },
  )
  .describe("One particular additional node; null is wherever the cluster likes");

/** An entry of `runenv_features()`. Keys that nobody knows are let through. */
export const capabilitySchema = z
  .looseObject({
    os: z.enum(operatingSystems),
    extension_node: hostName.nullable(),
    runenv: z.tuple([runenvName, runenvVersion]),
    features: z
      .array(z.tuple([featureName, featureVersion]))
      .describe("Each can be had together with the runenv, one at a time"),
  })
  .meta({ title: "A capability: a runenv somewhere, and features to go with it" });

const pairText = z
  .string()
  .describe("As it is written on command lines: (COBOL,42), NX");

const manifestVersion = z.union([featureVersion, z.number()]);

/** Of a manifest, what says where a block can run. All else is let through. */
export const manifestSchema = z
  .looseObject({
    runenv: z
      .union([
        z.tuple([z.string(), z.union([runenvVersion, z.string().regex(/^\d+$/)])]),
        pairText,
      ])
      .nullish()
      .describe("In this version or later"),
    os: z.string().nullish().describe("Linux or Windows, in any case"),
    extension_node: z.string().nullish().describe("One particular additional node"),
    required_feature: z
      .union([
        z.array(
          z.union([
            z.tuple([z.string()]),
            z.tuple([z.string(), manifestVersion.nullable()]),
            pairText,
          ]),
        ),
        pairText,
      ])
      .nullish()
      .describe("One of these, the first that can be had; without a version: any"),
  })
  .meta({ title: "Where a block can run: part of its manifest" });
