// The programs that look at a template for `lint`: bash and shellcheck on this machine, sbatch where Slurm is.
import { createTransport } from '../assembly/create-transport.ts';
import type { Configured } from '../assembly/read-config.ts';
import { withSlurmCommands } from '../assembly/slurm-commands.ts';
import { CommandNotFoundError } from '../transport/errors.ts';
import type { Transport, CommandResult } from '../transport/transport.ts';
import { isTransportError } from '../slurm/transport-errors.ts';
import { readTested, TEST_ARGS } from '../slurm/sbatch-test-only.ts';
import type { Reading } from '../template/read-leniently.ts';
import type { Finding } from './rules.ts';
import { sampleScript } from './sample-script.ts';
import { standIn } from './plain-script.ts';
import { bashFindings, refusalFinding, SHELLCHECK_ARGS, shellcheckFindings } from './tool-findings.ts';
import { positionAt } from '../template/source.ts';
import { PLACEHOLDER_MARK } from '../template/directive.ts';
import { readOptions } from '../template/directive-options.ts';

/** What was found, and what could not be looked at: a sentence each. */
export interface Checked {
  readonly findings: readonly Finding[];
  readonly unchecked: readonly string[];
}

export interface Checkers {
  /** This machine. */
  readonly here: Transport;
  /** Where Slurm's commands run. */
  readonly cluster: Transport;
  /** Name or path. */
  readonly sbatch: string;
}

export interface AllCheckers {
  /** For templates of the cluster of this name, or of the first one. @throws SshConfigError */
  of(cluster: string | undefined): Promise<Checkers>;
  close(): Promise<void>;
}

export async function createCheckers({ config, context }: Configured): Promise<AllCheckers> {
  const { clusters, slurm } = config.settings;
  const [first] = clusters;
  if (first === undefined) throw new RangeError('a configuration has at least one cluster');
  const here = await createTransport({ ...first, ssh: undefined, slurmBinDir: undefined }, context);
  const hosts = new Map<string | undefined, Transport>();

  return {
    async of(name) {
      const cluster = clusters.find((one) => one.name === name) ?? first;
      const host =
        hosts.get(cluster.name) ?? withSlurmCommands(await createTransport(cluster, context), slurm, cluster);
      hosts.set(cluster.name, host);
      return { here, cluster: host, sbatch: slurm.binaries.batchBinary };
    },
    async close() {
      await Promise.all([here, ...hosts.values()].map((host) => host.close()));
    },
  };
}

const TIMEOUT_MS = 60_000;

export async function checkWithPrograms(reading: Reading, checkers: Checkers): Promise<Checked> {
  const parts = await Promise.all([
    checkWithShells(reading, checkers.here),
    checkFolders(reading, checkers.cluster),
    checkWithSbatch(reading, checkers),
  ]);
  return {
    findings: parts.flatMap(({ findings }) => findings),
    unchecked: parts.flatMap(({ unchecked }) => unchecked),
  };
}

/** Only what is an error: bash can't read the script, or Slurm would refuse it. */
export async function checkForErrors(reading: Reading, checkers: Checkers): Promise<Checked> {
  const [bash, sbatch] = await Promise.all([checkWithBash(reading, checkers.here), checkWithSbatch(reading, checkers)]);
  return { findings: [...bash.findings, ...sbatch.findings], unchecked: [...bash.unchecked, ...sbatch.unchecked] };
}

/** What bash can't read shellcheck can't either, and says so three times. */
async function checkWithShells(reading: Reading, here: Transport): Promise<Checked> {
  const bash = await checkWithBash(reading, here);
  if (bash.findings.length > 0) return bash;
  const shellcheck = await checkWithShellcheck(reading, here);
  return { findings: shellcheck.findings, unchecked: [...bash.unchecked, ...shellcheck.unchecked] };
}

async function checkWithBash(reading: Reading, here: Transport): Promise<Checked> {
  const script = standIn(reading);
  if (script === undefined) return NOTHING;
  const result = await tryRun(here, 'bash', ['-n'], script);
  return typeof result === 'string' ? left(result) : found(bashFindings(result.stderr));
}

async function checkWithShellcheck(reading: Reading, here: Transport): Promise<Checked> {
  const script = standIn(reading);
  if (script === undefined) return NOTHING;
  const result = await tryRun(here, 'shellcheck', SHELLCHECK_ARGS, script);
  return typeof result === 'string' ? left(result) : found(shellcheckFindings(result.stdout, reading));
}

/** Folders whose name is made of a pattern or a value are never there before the job. */
async function checkFolders(reading: Reading, cluster: Transport): Promise<Checked> {
  const checked = await Promise.all(
    outputFolders(reading).map(async ({ path, option, at, isOpen }): Promise<Checked> => {
      const finding = (sentence: string): Checked =>
        found([{ ...positionAt(reading.source.text, at), rule: 'output-folder', sentence }]);
      if (isOpen) return finding(`The folder of --${option}, ${path}, is another for each job, and nobody makes it.`);
      const result = await tryRun(cluster, 'test', ['-d', path], '');
      if (typeof result === 'string') return left(result);
      return result.exitCode === 1
        ? finding(`The folder of --${option}, ${path}, is not on ${cluster.name}.`)
        : NOTHING;
    }),
  );
  return {
    findings: checked.flatMap(({ findings }) => findings),
    unchecked: checked.flatMap(({ unchecked }) => unchecked),
  };
}

async function checkWithSbatch(reading: Reading, { cluster, sbatch }: Checkers): Promise<Checked> {
  const script = sampleScript(reading);
  if (script === undefined) return NOTHING;
  const result = await tryRun(cluster, sbatch, TEST_ARGS, script);
  if (typeof result === 'string') return left(result);
  const tested = readTested(result);
  if (tested.kind === 'taken') return NOTHING;
  return tested.kind === 'refused'
    ? found([refusalFinding(tested.words, reading)])
    : left(`Slurm could not be asked whether it takes such a job: ${tested.words}.`);
}

const NOTHING: Checked = { findings: [], unchecked: [] };

function found(findings: readonly Finding[]): Checked {
  return { findings, unchecked: [] };
}

function left(why: string): Checked {
  return { findings: [], unchecked: [why] };
}

/** Its result, or a sentence about why there is none. */
async function tryRun(
  host: Transport,
  program: string,
  args: readonly string[],
  stdin: string,
): Promise<CommandResult | string> {
  try {
    return await host.run({ program, args, stdin, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (error instanceof CommandNotFoundError) return `There is no ${program} on ${host.name}.`;
    if (isTransportError(error)) return `${program} could not be run: ${error.message}`;
    throw error;
  }
}

interface OutputFolder {
  /** Relative ones are relative to where sbatch runs, or to the template's own --chdir. */
  readonly path: string;
  readonly option: string;
  /** Where the option stands in the text. */
  readonly at: number;
  /** Made of a pattern or a value, so that nobody can tell before there is a job. */
  readonly isOpen: boolean;
}

function outputFolders({ tokens: words }: Reading): OutputFolder[] {
  const options = readOptions(words);
  const chdir = options.findLast(({ name }) => name === 'chdir')?.value;
  return options.flatMap(({ name, value, start }) => {
    if (name !== 'output' && name !== 'error') return [];
    const slash = value.lastIndexOf('/');
    if (slash <= 0) return [];
    const folder = value.slice(0, slash);
    const path = folder.startsWith('/') || chdir === undefined ? folder : `${chdir}/${folder}`;
    const isOpen = path.includes(PLACEHOLDER_MARK) || /%\d*[A-Za-z]/.test(path);
    return [{ path: path.replaceAll(PLACEHOLDER_MARK, '…'), option: name, at: start, isOpen }];
  });
}
