/** An image's configuration: what is in it, and which line of it made which layer. */
import type { Digest, ImageConfiguration } from "../model.ts";
import { configurationDocument, parseDocument } from "./documents.ts";

export type ReadConfiguration = {
  readonly configuration: ImageConfiguration;
  /** Of each layer, from the lowest. */
  readonly diffIds: readonly Digest[];
  /** Of each layer, where the history has as many lines as there are layers. */
  readonly createdBy: readonly (string | undefined)[];
};

/** @throws Failure `image-document-invalid` */
export function readConfiguration(bytes: Uint8Array, where: string): ReadConfiguration {
  const { value, json } = parseDocument(bytes, configurationDocument, where);
  const { config, rootfs, history } = value;
  const lines = (history ?? []).filter(({ empty_layer }) => !empty_layer);
  const isTold = lines.length === rootfs.diff_ids.length;
  return {
    configuration: {
      platform: {
        os: value.os,
        architecture: value.architecture,
        ...(value.variant ? { variant: value.variant } : {}),
      },
      environment: config?.Env ?? [],
      user: config?.User ?? "",
      workingDirectory: config?.WorkingDir ?? "",
      entrypoint: config?.Entrypoint ?? [],
      command: config?.Cmd ?? [],
      labels: config?.Labels ?? {},
      json,
      bytes,
    },
    diffIds: rootfs.diff_ids,
    createdBy: isTold ? lines.map(({ created_by }) => created_by) : [],
  };
}
