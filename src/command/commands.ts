/** The commands beside `--exec`, as help and completion know them. */
export const commands = {
  advertise: "Say what this host offers, in the form an execution engine takes",
  check: "Say whether blocks would work here, and what to mend",
  completion: "Print a script that completes sidecar's options in bash or zsh",
  freeze: "Do the activations of an image once, so that blocks need no shell for them",
  image: "Look at images, mend, name and approve them, without a container engine",
  install: "Copy this executable into a directory or volume",
  messages: "List sidecar's messages by code, or explain one",
} as const;

export type CommandName = keyof typeof commands;
