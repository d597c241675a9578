// Checks templates with bash and shellcheck on this machine, and with sbatch on the cluster.
import { createTransport, createTransportHere } from '../assembly/create-transport.ts';
import { findTestUsers } from '../assembly/open-user-map.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { withSlurmCommands } from '../assembly/locate-slurm-programs.ts';
import { CommandNotFoundError } from '../transport/errors.ts';
import type { Transport, CommandResult } from '../transport/transport.ts';
import { isTransportError } from '../slurm/errors.ts';
import { parseTestOnly, TEST_ARGS } from '../slurm/sbatch.ts';
import type { LenientParse } from '../sbatch-template/parse-template.ts';
import type { Finding } from './lint-rules.ts';
import { sampleScript } from './sample-script.ts';
import { toPlainScript } from './plain-script.ts';
import { bashFindings, rejectionFinding, SHELLCHECK_ARGS, shellcheckFindings } from './parse-program-messages.ts';
import { positionAt } from '../sbatch-template/template-source.ts';
import { PLACEHOLDER_MARK } from '../sbatch-template/directives/tokenize-directives.ts';
import { parseOptions } from '../sbatch-template/directives/parse-directive-options.ts';

/** The findings, and a sentence for each check that could not run. */
export interface Checked {
  readonly findings: readonly Finding[];
  readonly unchecked: readonly string[];
}

export interface Checkers {
  /** This machine. */
  readonly here: Transport;
  /** Where Slurm's commands run. */
  readonly cluster: Transport;
  /** The name or path of sbatch. */
  readonly sbatch: string;
  /** The Unix users as whom sbatch runs, until one of them may submit the job. Undefined is the user of the other commands. */
  readonly users?: readonly (string | undefined)[] | undefined;
}

export interface AllCheckers {
  /** Returns the checkers for the cluster of this name, or for the first cluster. @throws SshConfigError */
  of(cluster: string | undefined): Promise<Checkers>;
  close(): Promise<void>;
}

interface Opened {
  readonly host: Transport;
  readonly users: Checkers['users'];
}

export function createCheckers({ config, context }: Configured): AllCheckers {
  const { clusters, slurm } = config.settings;
  const [first] = clusters;
  if (first === undefined) throw new RangeError('a configuration has at least one cluster');
  const here = createTransportHere(context);
  const hosts = new Map<string | undefined, Opened>();

  async function open(cluster: ClusterSettings): Promise<Opened> {
    const host = withSlurmCommands(await createTransport(cluster, context), slurm, cluster);
    return { host, users: await findTestUsers(host, slurm) };
  }

  return {
    async of(name) {
      const cluster = clusters.find((one) => one.name === name) ?? first;
      const { host, users } = hosts.get(cluster.name) ?? (await open(cluster));
      hosts.set(cluster.name, { host, users });
      return { here, cluster: host, sbatch: slurm.binaries.batchBinary, users };
    },
    async close() {
      await Promise.all([here, ...[...hosts.values()].map(({ host }) => host)].map((host) => host.close()));
    },
  };
}

const TIMEOUT_MS = 60_000;

export async function checkWithPrograms(parsed: LenientParse, checkers: Checkers): Promise<Checked> {
  const parts = await Promise.all([
    checkWithShells(parsed, checkers.here),
    checkOutputDirectories(parsed, checkers),
    checkWithSbatch(parsed, checkers),
  ]);
  return together(parts);
}

/** Runs only the checks that find errors: bash cannot parse the script, or Slurm rejects the job. */
export async function checkForErrors(parsed: LenientParse, checkers: Checkers): Promise<Checked> {
  return together(await Promise.all([checkWithBash(parsed, checkers.here), checkWithSbatch(parsed, checkers)]));
}

/** Skips shellcheck if bash reports a syntax error: shellcheck would report it three times. */
async function checkWithShells(parsed: LenientParse, here: Transport): Promise<Checked> {
  const bash = await checkWithBash(parsed, here);
  return bash.findings.length > 0 ? bash : together([bash, await checkWithShellcheck(parsed, here)]);
}

async function checkWithBash(parsed: LenientParse, here: Transport): Promise<Checked> {
  const script = toPlainScript(parsed);
  if (script === undefined) return NO_FINDINGS;
  const result = await tryRun(here, 'bash', ['-n'], script);
  return typeof result === 'string' ? notChecked(result) : found(bashFindings(result.stderr));
}

async function checkWithShellcheck(parsed: LenientParse, here: Transport): Promise<Checked> {
  const script = toPlainScript(parsed);
  if (script === undefined) return NO_FINDINGS;
  const result = await tryRun(here, 'shellcheck', SHELLCHECK_ARGS, script);
  return typeof result === 'string' ? notChecked(result) : found(shellcheckFindings(result.stdout, parsed));
}

/** The directory of a path with a filename pattern or a placeholder cannot exist before the job. */
async function checkOutputDirectories(
  parsed: LenientParse,
  { cluster, users = [undefined] }: Checkers,
): Promise<Checked> {
  const startsInHome = !users.includes(undefined);
  const checked = await Promise.all(
    outputDirectories(parsed).map(async ({ path, option, start, isVariable }): Promise<Checked> => {
      const finding = (sentence: string): Checked =>
        found([{ ...positionAt(parsed.source.text, start), rule: 'output-folder', sentence }]);
      if (isVariable)
        return finding(`The directory of --${option}, ${path}, differs for each job, and Slurm does not create it.`);
      // Relative to the home of each user, which the user of the daemon may not be able to read.
      if (startsInHome && !path.startsWith('/')) return NO_FINDINGS;
      const result = await tryRun(cluster, 'test', ['-d', path], '');
      if (typeof result === 'string') return notChecked(result);
      return result.exitCode === 1
        ? finding(`The directory of --${option}, ${path}, does not exist on ${cluster.name}.`)
        : NO_FINDINGS;
    }),
  );
  return together(checked);
}

/** A template has an error if Slurm accepts it from none of the users: each may have other accounts, partitions and limits. */
async function checkWithSbatch(
  parsed: LenientParse,
  { cluster, sbatch, users = [undefined] }: Checkers,
): Promise<Checked> {
  const script = sampleScript(parsed);
  if (script === undefined) return NO_FINDINGS;
  let refusal: Checked | undefined;
  let unchecked: Checked | undefined;
  for (const user of users) {
    const result = await tryRun(cluster, sbatch, TEST_ARGS, script, user);
    if (typeof result === 'string') {
      unchecked ??= notChecked(result);
      continue;
    }
    const tested = parseTestOnly(result);
    if (tested.kind === 'taken') return NO_FINDINGS;
    if (tested.kind === 'refused') refusal ??= found([rejectionFinding(tested.message, parsed, user)]);
    else unchecked ??= notChecked(`sbatch --test-only could not check the job: ${tested.message}.`);
  }
  return refusal ?? unchecked ?? NO_FINDINGS;
}

function together(parts: readonly Checked[]): Checked {
  return {
    findings: parts.flatMap(({ findings }) => findings),
    unchecked: parts.flatMap(({ unchecked }) => unchecked),
  };
}

const NO_FINDINGS: Checked = { findings: [], unchecked: [] };

function found(findings: readonly Finding[]): Checked {
  return { findings, unchecked: [] };
}

function notChecked(why: string): Checked {
  return { findings: [], unchecked: [why] };
}

/** Returns the result, or a sentence if the program could not run. */
async function tryRun(
  host: Transport,
  program: string,
  args: readonly string[],
  stdin: string,
  runAs?: string,
): Promise<CommandResult | string> {
  try {
    return await host.run({ program, args, stdin, timeoutMs: TIMEOUT_MS, ...(runAs === undefined ? {} : { runAs }) });
  } catch (error) {
    if (error instanceof CommandNotFoundError) return `${program} was not found on ${host.name}.`;
    if (isTransportError(error)) return `${program} could not run: ${error.message}`;
    throw error;
  }
}

interface OutputDirectory {
  /** Relative to the working directory of sbatch, or to the template's --chdir. */
  readonly path: string;
  readonly option: string;
  /** The offset of the option in the template. */
  readonly start: number;
  /** Contains a filename pattern or a placeholder, so the path is known only when there is a job. */
  readonly isVariable: boolean;
}

function outputDirectories({ tokens: words }: LenientParse): OutputDirectory[] {
  const options = parseOptions(words);
  const chdir = options.findLast(({ name }) => name === 'chdir')?.value;
  return options.flatMap(({ name, value, start }) => {
    if (name !== 'output' && name !== 'error') return [];
    const slash = value.lastIndexOf('/');
    if (slash <= 0) return [];
    const folder = value.slice(0, slash);
    const path = folder.startsWith('/') || chdir === undefined ? folder : `${chdir}/${folder}`;
    const isVariable = path.includes(PLACEHOLDER_MARK) || /%\d*[A-Za-z]/.test(path);
    return [{ path: path.replaceAll(PLACEHOLDER_MARK, '…'), option: name, start, isVariable }];
  });
}
