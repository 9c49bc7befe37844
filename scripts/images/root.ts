/**
 * The files of an image while it is built: layers on each other (overlayfs), what a line
 * of a Dockerfile does there, and a tar archive of what it changed.
 */
import { dlopen, FFIType } from "bun:ffi";
import { chmodSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Directories, the topmost first; each has what one line changed. */
export type Layers = readonly string[];

/** How layers are mounted together, without one that could be changed. */
export const lower = (layers: Layers) => `lowerdir=${layers.join(":")}`;

/**
 * Runs a script of a shell with the image's files at `$1`; the words are `$2` and so on.
 * `upper` is an empty directory, which gets what is changed.
 */
export function within(
  layers: Layers,
  { upper, work }: { upper: string; work: string },
  script: string,
  words: readonly string[],
): void {
  const merged = join(work, "merged");
  for (const directory of [join(work, "work"), merged, upper])
    mkdirSync(directory, { recursive: true });
  // The root of the image takes its mode from here.
  chmodSync(upper, 0o755);
  const options = [
    lower(layers),
    `upperdir=${upper}`,
    `workdir=${join(work, "work")}`,
    // What is changed must all be in `upper`, in a form that a tar archive has too.
    "metacopy=off,redirect_dir=off,index=off",
  ];
  const prologue = `set -e; mount -t overlay -o "$1" overlay "$2"; shift; `;
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [
      ...["unshare", "--mount", "--pid", "--fork", "--kill-child"],
      ...["sh", "-c", prologue + script, "sh", options.join(","), merged, ...words],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  if (exitCode !== 0)
    throw new Error(`exit code ${exitCode}\n${stdout}${stderr}`.trimEnd());
}

/** For `RUN`: `$2` variables as `NAME=VALUE`, then a command, with /proc and a /dev. */
export const runScript = `
  root=$1 count=$2; shift 2
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 dev "$root/dev"
  for device in null zero full random urandom tty; do
    : > "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  chroot=$(command -v chroot)
  # The words are turned until the command is behind what starts it in the image.
  total=$#
  while [ "$count" -gt 0 ]; do
    set -- "$@" "$1"; shift
    count=$((count - 1)) total=$((total - 1))
  done
  set -- "$@" "$chroot" "$root"
  while [ "$total" -gt 0 ]; do
    set -- "$@" "$1"; shift
    total=$((total - 1))
  done
  exec env -i "$@"`;

/**
 * For `COPY`: to a target in the image, from a folder here or, where `$4` is not empty,
 * from another image that is mounted there so; then the sources.
 */
export const copyScript = `
  root=$1 target=$2 from=$3 options=$4; shift 4
  [ -z "$options" ] || mount -t overlay -o "$options" overlay "$from"
  umask 022
  copy() { cp -R --no-dereference --preserve=mode,timestamps,links "$@"; }
  for source; do
    source=$from/$source
    case $target in
      */) into=$root$target ;;
      *) into=$root$(dirname "$target") ;;
    esac
    if [ -d "$source" ]; then
      mkdir -p "$root$target"
      # What is in it, and not itself: the target keeps its mode.
      find "$source" -mindepth 1 -maxdepth 1 | while IFS= read -r entry; do
        copy "$entry" "$root$target"
      done
    else
      mkdir -p "$into"
      copy "$source" "$root$target"
    fi
  done`;

/**
 * Archives what was changed. What was removed is told as an image's layer does it
 * (image-spec, layer.md), not as overlayfs does.
 * @param format for tar(1), and what the format is to hold
 * @returns whether there is anything in it
 */
export function archive(
  upper: string,
  marks: string,
  tar: string,
  format: readonly string[] = ["--format=gnu"],
): boolean {
  const { removed, opaque, count } = changes(upper);
  if (count === 0) return false;
  const names = [
    ...removed.map((path) => join(dirname(path), `.wh.${path.split("/").at(-1)}`)),
    ...opaque.map((path) => join(path, ".wh..wh..opq")),
  ];
  for (const name of names) {
    mkdirSync(join(marks, dirname(name)), { recursive: true });
    writeFileSync(join(marks, name), "");
  }
  const excluded = join(dirname(marks), "excluded");
  writeFileSync(excluded, removed.map((path) => `./${path}\n`).join(""));
  const words = [
    ...["tar", "--create", `--file=${tar}`, ...format, "--sort=name"],
    ...["--numeric-owner", "--anchored", "--no-wildcards"],
    ...[`--exclude-from=${excluded}`, `--directory=${upper}`, "."],
    ...(names.length ? [`--directory=${marks}`, ...names] : []),
  ];
  const { exitCode, stderr } = Bun.spawnSync(words, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`tar: ${stderr}`);
  return true;
}

/** Paths in `upper`, without a slash in front. */
function changes(upper: string) {
  const removed: string[] = [];
  const opaque: string[] = [];
  let count = 0;
  const look = (path: string) => {
    for (const name of readdirSync(join(upper, path))) {
      const inside = join(path, name);
      const { rdev, ...status } = lstatSync(join(upper, inside));
      count += 1;
      // A character device 0/0 stands for what is not there any more.
      if ((status.mode & 0o170000) === 0o020000 && rdev === 0) removed.push(inside);
      if ((status.mode & 0o170000) !== 0o040000) continue;
      if (isOpaque(join(upper, inside))) opaque.push(inside);
      look(inside);
    }
  };
  look("");
  return { removed, opaque, count };
}

const { symbols: libc } = dlopen("libc.so.6", {
  lgetxattr: {
    args: [FFIType.cstring, FFIType.cstring, FFIType.ptr, FFIType.u64],
    returns: FFIType.i64,
  },
});

/** Whether nothing of the directory below shows through (kernel's overlayfs.rst). */
function isOpaque(directory: string): boolean {
  const value = Buffer.alloc(8);
  const name = Buffer.from("trusted.overlay.opaque\0");
  const path = Buffer.from(`${directory}\0`);
  return libc.lgetxattr(path, name, value, value.length) > 0 && value[0] === 0x79;
}
