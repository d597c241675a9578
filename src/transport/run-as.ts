// Runs the commands of another Unix user through sudo, the same way on this machine and over SSH.
// cspell:ignore setrlimit
import { basename } from 'node:path';
import { CommandNotFoundError, CommandTimeoutError, SudoRefusedError } from './errors.ts';
import type { Command, CommandResult, Transport } from './transport.ts';

const LOOK_UP_TIMEOUT_MS = 30_000;

/** Prints the absolute path of a program, because sudoers(5) permits absolute paths. */
const FIND_PROGRAM = 'command -v -- "$1"';

/** A path is looked up again after a refusal, because Slurm may have moved, but not more often. */
export const LOOK_UP_AGAIN_MS = 60_000;

interface Found {
  readonly path: Promise<string>;
  readonly at: number;
}

/**
 * Puts sudo before each command with `runAs`. The transport still gets `runAs`, because that user can stop the program.
 * @param now milliseconds, never set back
 */
export function withSudo(host: Transport, now = (): number => performance.now()): Transport {
  const found = new Map<string, Found>();

  async function find(program: string): Promise<string> {
    if (program.startsWith('/')) return program;
    const args = ['-c', FIND_PROGRAM, 'sh', program];
    const { stdout } = await host.run({ program: '/bin/sh', args, timeoutMs: LOOK_UP_TIMEOUT_MS });
    const path = stdout.trim();
    if (!path.startsWith('/')) throw new CommandNotFoundError(program, 'of the login', host.name);
    return path;
  }

  function findOnce(program: string): Promise<string> {
    const known = found.get(program) ?? { path: find(program), at: now() };
    found.set(program, known);
    known.path.catch(() => found.delete(program));
    return known.path;
  }

  function wasRefused(program: string): void {
    if (now() - (found.get(program)?.at ?? Infinity) >= LOOK_UP_AGAIN_MS) found.delete(program);
  }

  return {
    ...host,
    async run(command) {
      const { runAs } = command;
      if (runAs === undefined) return host.run(command);
      const program = await findOnce(command.program);
      const result = await host.run(sudoCommand(runAs, { ...command, program })).catch((error: unknown) => {
        if (!(error instanceof CommandTimeoutError)) throw error;
        throw new CommandTimeoutError(`${program} as ${runAs}`, error.timeoutMs, error.stdout, error.stderr);
      });
      const stderr = result.stderr.replace(result.exitCode === 0 ? OF_SUDO : HARMLESS, '');
      const refusal = parseRefusal(program, { ...result, stderr });
      if (refusal === undefined) return { ...result, stderr };
      wasRefused(command.program);
      throw new SudoRefusedError({ program, user: runAs, host: host.name, why: refusal });
    },
  };
}

/** No shell, no prompt, and the home of the user. sudoers(5) decides which variables are kept: none but those of our own file. */
function sudoCommand(user: string, { program, args, ...rest }: Command): Command {
  return { ...rest, program: 'sudo', args: ['-n', '-H', '-u', user, '--', program, ...args] };
}

/** What sudo prints although it runs the command. setrlimit: sudo 1.8.29 to 1.8.31 in a container. */
const HARMLESS = /^sudo: (?:unable to resolve host |setrlimit\().*\n?/gm;
/** If the command succeeded, sudo ran it, and whatever sudo prints is a warning. A list of jobs is invalid if there is anything on stderr. */
const OF_SUDO = /^sudo: .*\n?/gm;

const REFUSAL =
  /^(?:sudo: .*|Sorry, user .* is not allowed to .*|.* is not in the sudoers file.*|.* is not allowed to run sudo .*)$/;

/**
 * Why sudo ran nothing, in its own words; undefined if it ran the command. sudo itself exits with 1. Modules of PAM and newer releases
 * print lines around the reason, and a user can provoke some of them: one line of sudo is enough, unless the program printed one too.
 */
function parseRefusal(program: string, { exitCode, stdout, stderr }: CommandResult): string | undefined {
  if (exitCode !== 1 || stdout !== '') return undefined;
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const hasRun = lines.some((line) => line.startsWith(`${basename(program)}: `) || OF_SLURM.test(line));
  return !hasRun && lines.some((line) => REFUSAL.test(line)) ? lines.join(' ').trim() : undefined;
}

/** A wrapper has another name than the command that it runs. */
const OF_SLURM = /^(?:sbatch|scancel|squeue|sacct|scontrol): /;
