// Runs the sandbox server and writes or prints its clearml.conf.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf } from '../base/error-message.ts';
import { systemClock } from '../base/clock.ts';
import { formatCallCounts, type Latency } from './requests/call-counts.ts';
import { formatFirstTaskLines, formatClientConf } from './client-conf.ts';
import { createSandbox, type Sandbox } from './server.ts';
import { PortInUseError } from './start-errors.ts';
import { createPrivateFile, replaceByPrivateFile } from '../base/private-paths.ts';
import { UsageError } from '../base/usage-error.ts';

const HIGHEST_PORT = 65_535;

const SERVER_TIME_NOTE = 'SERVER TIME is an estimate of how long a real ClearML server would need for these calls.\n';

/** Where the process runs and prints. */
export interface SandboxProcess {
  readonly workingDir: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly stop: AbortSignal;
}

export interface SandboxOptions {
  /** The default is the loopback address. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** The port if none is given; any free one if it is in use. */
  readonly defaultPort: number;
  readonly stateFile: string | undefined;
  readonly latency: Latency | undefined;
  /** A new file for clearml.conf; it is printed if undefined. */
  readonly configFile: string | undefined;
  readonly overwrite: boolean;
}

/** Resolves when the process is stopped. @throws UsageError, InvalidSnapshotError, PortInUseError, ListenError */
export async function runSandbox(options: SandboxOptions, context: SandboxProcess): Promise<void> {
  const { configFile, overwrite, defaultPort, host } = options;
  if (overwrite && configFile === undefined) throw new UsageError('--overwrite needs --write-config FILE.');
  const { sandbox, isElsewhere } = await listen(options, context);
  try {
    const conf = formatClientConf(sandbox);
    const written =
      configFile === undefined
        ? undefined
        : await writeNewConfig(resolve(context.workingDir, configFile), conf, { overwrite });
    if (written === undefined) context.stdout(conf);
    reportStart(context, sandbox, { written, instead: isElsewhere ? defaultPort : undefined, host });
    if (!context.stop.aborted) await once(context.stop, 'abort');
  } finally {
    await sandbox.close();
  }
  const counts = sandbox.callCounts();
  if (counts.length > 0) context.stderr(`\n${formatCallCounts(counts)}${SERVER_TIME_NOTE}`);
}

async function listen(
  { host, port, defaultPort, stateFile, latency }: SandboxOptions,
  { workingDir }: SandboxProcess,
): Promise<{ readonly sandbox: Sandbox; readonly isElsewhere: boolean }> {
  if (port !== undefined && port > HIGHEST_PORT)
    throw new UsageError(`--port must be at most ${HIGHEST_PORT}, not ${port}.`);
  const options = {
    host,
    stateFile: stateFile === undefined ? undefined : resolve(workingDir, stateFile),
    latency,
    clock: systemClock,
  };
  try {
    return { sandbox: await createSandbox({ ...options, port: port ?? defaultPort }), isElsewhere: false };
  } catch (error) {
    if (!(error instanceof PortInUseError) || port !== undefined) throw error;
    return { sandbox: await createSandbox({ ...options, port: 0 }), isElsewhere: true };
  }
}

interface StartReport {
  /** The file with its configuration; undefined where that was printed. */
  readonly written: string | undefined;
  /** The port that was taken. */
  readonly instead: number | undefined;
  readonly host: string | undefined;
}

function reportStart({ stderr }: SandboxProcess, sandbox: Sandbox, { written, instead, host }: StartReport): void {
  const taken = instead === undefined ? '' : `, because another program uses port ${instead}`;
  const lines = [`The sandbox listens on ${sandbox.url}${taken}.`];
  const reach = describeReach(sandbox, host);
  if (reach !== undefined) lines.push(reach);
  if (written === undefined) {
    lines.push(
      'The clearml.conf of the sandbox, which contains keys, was printed to standard output. To write it into a private file, use --write-config FILE.',
    );
  } else {
    lines.push(
      `${written} contains the address and the keys of the sandbox. Only you can read this file.`,
      'To enqueue a first task into the queue "default":',
      ...formatFirstTaskLines(sandbox, written, 'default').map((line) => `  ${line}`),
    );
  }
  stderr([...lines, 'Press Ctrl-C to stop the sandbox.', ''].join('\n'));
}

/**
 * Returns the path once the file has this text, and only its owner can read it. A file of the same text is left as it is.
 * @throws UsageError when there is another file, or none can be written
 */
async function writeNewConfig(
  path: string,
  text: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<string> {
  try {
    await (overwrite ? replaceByPrivateFile(path, text) : createPrivateFile(path, text));
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code !== 'EEXIST') throw new UsageError(`${path} cannot be written (${code}): name another file.`);
    // An unreadable file is another one.
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return path;
    throw new UsageError(
      `${path} exists already and was not changed. Name another file, or add --overwrite to replace it.`,
    );
  }
  return path;
}

/**
 * A warning if other machines can reach the sandbox, or if they cannot although `host` suggests it.
 * @param host as typed
 */
export function describeReach(
  { url, ip }: { readonly url: string; readonly ip: string },
  host: string | undefined,
): string | undefined {
  if (!isLoopback(ip))
    return `Warning: everyone on the network can reach the sandbox over plain HTTP. Users with the keys of the sandbox can run programs as you. Use the sandbox only to try things, then stop it.`;
  if (host === undefined || host === 'localhost' || isLoopback(host)) return undefined;
  return `Warning: ${host} is ${ip} on this machine (see /etc/hosts), so no other machine reaches ${url}. If jobs run on other nodes, give an address that they reach: "hostname -I" prints them.`;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}
