// Makes bash the interpreter of a job script: a template may name sh, but the blocks are bash.

/** dash cannot parse the blocks, and neither can a bash before 5.1 that is called sh. The options of the line stay. */
const SMALL_SHELL = /^(#![ \t]*)(\S*\/env[ \t]+(?:-S[ \t]*)?)?(?:\S*\/)?(?:da)?sh(?=[ \t\n])/;

export function runWithBash(script: string): string {
  return script.replace(
    SMALL_SHELL,
    (_found, start: string, env?: string) => `${start}${env === undefined ? '/bin/bash' : `${env}bash`}`,
  );
}
