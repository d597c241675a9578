// Injected faults between a stand-in command and its caller, planned in a file by a test.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { commandName, type CommandAnswer, type CommandName, type CommandReply } from './wire.ts';

const fault = z.object({
  command: commandName,
  /** The number of calls that it affects. */
  times: z.number(),
  /** Whether the cluster executes the request, regardless of the response. */
  isCarriedOut: z.boolean(),
  /** Before anything else happens. */
  delayBeforeMs: z.number(),
  /** After the execution, before the response. */
  delayAfterMs: z.number(),
  /** Replaces the real response. */
  reply: z.object({ exitCode: z.number(), stdout: z.string(), stderr: z.string() }).nullable(),
  /** Before and after the real response. */
  stdoutBefore: z.string(),
  stdoutAfter: z.string(),
  stderr: z.string(),
  /** The part of the real response that arrives, from 0 to 1. */
  kept: z.number(),
});

export type Fault = z.infer<typeof fault>;

function plain(command: CommandName): Fault {
  return {
    command,
    times: 1,
    isCarriedOut: true,
    delayBeforeMs: 0,
    delayAfterMs: 0,
    reply: null,
    stdoutBefore: '',
    stdoutAfter: '',
    stderr: '',
    kept: 1,
  };
}

const SUBMISSION_FAILED = 'sbatch: error: Batch job submission failed: ';
const TIMED_OUT = 'Socket timed out on send/recv operation';

/** sbatch reports a timeout, although the job was accepted. */
export function acceptedThenTimeout(): Fault {
  return { ...submissionFails(TIMED_OUT), isCarriedOut: true };
}

/** sbatch reports a timeout, and no job was created. */
export function lostThenTimeout(): Fault {
  return submissionFails(TIMED_OUT);
}

/**
 * sbatch fails with this message of the controller, and no job is created: a rejection, backpressure, no controller.
 * @param detail a message before it, such as the limit that was reached
 */
export function submissionFails(message: string, detail?: string): Fault {
  const before = detail === undefined ? '' : `sbatch: error: ${detail}\n`;
  const reply = { exitCode: 1, stdout: '', stderr: `${before}${SUBMISSION_FAILED}${message}\n` };
  return { ...plain('sbatch'), isCarriedOut: false, reply };
}

/** The command cannot reach the controller. */
export function controllerDown(command: CommandName): Fault {
  return { ...plain(command), isCarriedOut: false, reply: unreachable(command) };
}

/** A login script or wrapper prints around the output. */
export function noise(command: CommandName): Fault {
  return { ...plain(command), stdoutBefore: 'Welcome to the cluster!\n42\n', stdoutAfter: 'Read the manual.\n' };
}

/** Exit code 0, an error on stderr, and only the first line of the output. */
export function emptyWithComplaint(command: CommandName, complaint: string): Fault {
  return { ...plain(command), kept: 0, stderr: `${complaint}\n` };
}

/** Exit code 0, but only part of the output. */
export function cutShort(command: CommandName, kept: number): Fault {
  return { ...plain(command), kept };
}

/** Delays the output; the effect comes first, so that it remains if the caller times out. */
export function slow(command: CommandName, delayAfterMs: number): Fault {
  return { ...plain(command), delayAfterMs };
}

/** Adds a fault for the next calls of the command, after those that are already planned. */
export function planFault(stateDir: string, planned: Fault): void {
  write(stateDir, [...read(stateDir), planned]);
}

/** Takes the fault for this call from the plan. */
export function takeFault(stateDir: string, command: CommandName): Fault | undefined {
  const faults = read(stateDir);
  const index = faults.findIndex((planned) => planned.command === command);
  const found = faults[index];
  if (found === undefined) return undefined;
  write(
    stateDir,
    found.times > 1 ? faults.with(index, { ...found, times: found.times - 1 }) : faults.toSpliced(index, 1),
  );
  return found;
}

/** The faulty response. `kept: 0` leaves the first line: the header of an empty table. */
export function applyFault(answer: CommandAnswer, planned: Fault): CommandAnswer {
  if (planned.reply !== null) return { kind: 'done', ...planned.reply };
  if (answer.kind !== 'done') return answer;
  const { stdout } = answer;
  const length = planned.kept === 0 ? stdout.indexOf('\n') + 1 : Math.floor(stdout.length * planned.kept);
  return {
    ...answer,
    stdout: planned.stdoutBefore + stdout.slice(0, length) + planned.stdoutAfter,
    stderr: answer.stderr + planned.stderr,
  };
}

/** The message and exit code of each command without a controller. */
export function unreachable(command: CommandName): CommandReply {
  const message = 'Unable to contact slurm controller (connect failure)';
  const messages: Readonly<Record<CommandName, string>> = {
    sbatch: `${SUBMISSION_FAILED}${message}`,
    squeue: `slurm_load_jobs error: ${message}`,
    scontrol: `slurm_load_ctl_conf error: ${message}`,
    scancel: `scancel: error: ${message}`,
    sinfo: `slurm_load_partitions: ${message}`,
    sacct: 'sacct: error: Problem talking to the database: Connection refused',
    srun: `srun: error: ${message}`,
  };
  return { exitCode: command === 'scancel' ? 8 : 1, stdout: '', stderr: `${messages[command]}\n` };
}

function read(stateDir: string): Fault[] {
  try {
    return z.array(fault).parse(JSON.parse(readFileSync(join(stateDir, 'faults.json'), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function write(stateDir: string, faults: readonly Fault[]): void {
  const file = join(stateDir, 'faults.json');
  writeFileSync(`${file}.new`, JSON.stringify(faults, undefined, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
