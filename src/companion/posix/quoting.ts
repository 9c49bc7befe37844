/** The quoting of this system, which is that of the POSIX shell. */
export { quoted, splitWords } from "../../contract/shell-words.ts";
