/** What the layers of one image have in common while they are read, and what it may be. */
import { Paths } from "../compact/paths.ts";
import { Strings } from "../compact/strings.ts";
import { type Limits, tooLarge } from "../limits.ts";

/** What a file that is kept costs besides its bytes. */
const overhead = 256;

export class Inventory {
  readonly strings: Strings;
  readonly paths: Paths;
  #entries = 0;
  #kept = 0;
  #steps = 0;

  constructor(readonly limits: Limits) {
    this.strings = new Strings(limits.names);
    this.paths = new Paths(this.strings, limits.paths);
  }

  /** @throws Failure `image-too-large` */
  countEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.limits.entries) throw tooLarge.files(this.limits.entries);
  }

  /** @throws Failure `image-too-large` */
  countStep(): void {
    this.#steps += 1;
    if (this.#steps > this.limits.steps) throw tooLarge.steps();
  }

  /** Whether so much may be kept in memory; then it counts. */
  mayKeep(bytes: number): boolean {
    if (this.#kept + bytes + overhead > this.limits.kept) return false;
    this.#kept += bytes + overhead;
    return true;
  }
}
