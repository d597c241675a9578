// The types of the demo, which is not part of the product: package.json says where it is, and the build adds it.

/**
 * Returns whether the outcome is as expected.
 * @param start `command` starts this program, and with `slurmCommand` as its first argument, `runSlurmCommand`
 */
export function runInstalledDemo(
  start: { readonly command: readonly string[]; readonly slurmCommand: string },
  stop: AbortSignal,
): Promise<boolean>;

/** Runs the stand-in for one of Slurm's commands, and returns its exit code. */
export function runSlurmCommand(words: readonly string[]): Promise<number>;
