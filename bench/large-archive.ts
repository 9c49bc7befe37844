/** An archive as `docker save` wrote it before Docker 25: large, and quickly made. */
import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import {
  padding,
  plainMember,
  tarEnd,
  tarHeader,
} from "../src/image/archive/tar-header.ts";

const layerCount = 4;
const fileSize = 8 << 20;

/** @param size bytes, about */
export function largeArchive(path: string, size: number): void {
  const file = openSync(path, "w");
  const write = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  const add = (name: string, length: number, content: (to: typeof write) => void) => {
    write(tarHeader(plainMember(name, length)));
    content(write);
    write(padding(length));
  };
  const filesOfLayer = Math.ceil(size / layerCount / fileSize);
  const diffIds: string[] = [];
  const names: string[] = [];
  for (let layer = 0; layer < layerCount; layer += 1) {
    const content = (to: typeof write) => {
      for (let at = 0; at < filesOfLayer; at += 1) {
        to(tarHeader(plainMember(`opt/layer-${layer}/file-${at}`, fileSize)));
        to(noise);
      }
      to(tarEnd);
    };
    const hash = createHash("sha256");
    let length = 0;
    content((bytes) => {
      hash.update(bytes);
      length += bytes.length;
    });
    diffIds.push(`sha256:${hash.digest("hex")}`);
    names.push(`${layer}/layer.tar`);
    add(names.at(-1)!, length, content);
  }
  const configuration = Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture: "amd64",
      config: {},
      rootfs: { type: "layers", diff_ids: diffIds },
    }),
  );
  const item = { Config: "config.json", RepoTags: ["large:1"], Layers: names };
  const manifest = Buffer.from(JSON.stringify([item]));
  add("config.json", configuration.length, (to) => to(configuration));
  add("manifest.json", manifest.length, (to) => to(manifest));
  write(tarEnd);
  closeSync(file);
}

/** What no file system and no compression makes smaller. */
const noise = Buffer.alloc(fileSize);
for (let at = 0; at < fileSize; at += 65_536)
  crypto.getRandomValues(noise.subarray(at, at + 65_536));
