// Rejects files of the configuration that other users can change.
import { lstatSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  siteAccounts,
  distrustOf,
  findNameDistrust,
  isReadableByOthers,
  inspectPath,
  ownTrust,
} from '../base/path-trust-rule.ts';
import { readTextFile, type ReadFile } from '../config/config-files.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { ConfigError } from '../config/errors.ts';
import type { Config } from '../config/load-config.ts';
import type { Settings } from '../config/convert-settings.ts';
import { CommandNotFoundError, CommandTimeoutError } from '../transport/errors.ts';
import { findDistrustOnHost } from '../transport/path-trust-on-host.ts';
import type { Transport } from '../transport/transport.ts';
import type { ProcessContext } from './process-context.ts';
import { createTransportHere } from './create-transport.ts';
import type { Plain } from '../config/config-tree.ts';
import { joinPath } from '../config/dotted-names.ts';
import { ANY_NAME, pathUses } from '../config/schema/settings-rows.ts';
import type { Trusted } from '../config/path-uses.ts';

/** Thrown if other users can change a file or directory that would be trusted; it is not used. */
export class UntrustedPathError extends Error {
  override readonly name = 'UntrustedPathError';

  /** @param what such as `The template /home/ada/gpu.template` */
  constructor(what: string, why: string) {
    super(`${what} is refused because other users can change it: ${why}. ${REMEDY}`);
  }
}

const REMEDY =
  'Run chmod go-w on it, or use a directory that you own. If your group must be able to write to it, set agent.slurm.trusted_group.';

/** Why a path is no file to read settings from; undefined if it is one, or if reading it reports why not. A pipe of the shell, `<(…)`, is a link. */
function whyNoFile(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return 'it is a directory, not a file';
    if (stat.isCharacterDevice() || stat.isBlockDevice())
      return 'it is a device, not a file. For a configuration without settings, name an empty file';
    // Opening it waits until another process writes to it.
    return lstatSync(path).isFIFO() ? 'it is a named pipe, not a file' : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a file of the configuration if no other user can change it. No group is trusted here, because the file itself would name it.
 * @throws ConfigError if other users can change it, or if it is no file
 */
export const readTrustedFile: ReadFile = (path) => {
  const origin = { kind: 'file', file: path, line: 1, column: 1 } as const;
  const whyNot = whyNoFile(path);
  if (whyNot !== undefined) throw new ConfigError(whyNot, origin);
  const why = distrustOf(resolve(path));
  if (why === undefined) return readTextFile(path);
  const fact = `the file is not read because other users can change it: ${why}. Run chmod go-w on it, or move the file to a directory that you own`;
  throw new ConfigError(fact, origin);
};

/**
 * Checks the paths that this machine reads or runs for every command: certificates, SSH keys, and the file and the program of a
 * password. The schema marks them. No group is trusted here either.
 * @throws ConfigError with the setting and its origin
 */
export function refuseUntrustedSettings(config: Config): void {
  for (const { setting, path, use } of pathsToTrust(config)) {
    const isRun = use === 'run here';
    if (!isRun && use !== 'read here') continue;
    // A name without a slash is searched for in PATH, without directories of other users.
    if (isRun && !path.includes('/')) continue;
    const site = isRun ? siteAccounts() : undefined;
    const why = findNameDistrust(inspectPath(resolve(path)), { ...ownTrust(), site });
    if (why === undefined) continue;
    const fact = `${setting} is refused because other users can change the file that it names: ${why}. Run chmod go-w on it, or use a ${isRun ? 'program' : 'file'} in a directory that you own`;
    throw new ConfigError(fact, config.originOf(setting) ?? { kind: 'default' });
  }
}

/** A message for each file with secrets that other users can read. */
export function warnOfReadable(config: Config): string[] {
  const readable = config.files.filter((file) => isReadableByOthers(inspectPath(resolve(file))));
  if (readable.length === 0) return [];
  return config
    .secretFiles()
    .filter((file) => readable.includes(file))
    .map((file) => `Other users can read ${file}, which contains keys: run chmod 600 ${file}`);
}

/** Why other users can change a template; undefined if none can. */
export async function distrustOfTemplate(
  file: string,
  { slurm }: Pick<Settings, 'slurm'>,
  context: ProcessContext,
): Promise<string | undefined> {
  return distrustOf(resolve(context.workingDir, file), await trustedGroupId(slurm.trustedGroup, context));
}

/** Call this before the templates are read: after the check, no other user can change them. @throws UntrustedPathError */
export async function refuseUntrustedTemplates(
  files: readonly string[],
  settings: Pick<Settings, 'slurm'>,
  context: ProcessContext,
): Promise<void> {
  for (const file of files) {
    const why = await distrustOfTemplate(file, settings, context);
    if (why !== undefined) throw new UntrustedPathError(`The template ${file}`, why);
  }
}

/** Jobs run programs from this directory, and read their keys there. @throws UntrustedPathError, and what the host throws */
export async function refuseUntrustedSharedFolder(
  host: Transport,
  { sharedDir }: Pick<ClusterSettings, 'sharedDir'>,
  { trustedGroup }: Pick<Settings['slurm'], 'trustedGroup'>,
): Promise<void> {
  if (sharedDir === undefined) return;
  const why = await findDistrustOnHost(host, sharedDir, trustedGroup);
  if (why !== undefined) throw new UntrustedPathError(`The shared directory ${sharedDir}`, why);
}

/** The id of the trusted group on this machine; undefined if there is none, or it is unknown. */
async function trustedGroupId(name: string | undefined, context: ProcessContext): Promise<number | undefined> {
  if (name === undefined || /^\d+$/.test(name)) return name === undefined ? undefined : Number(name);
  const host = createTransportHere(context);
  try {
    const { stdout } = await host.run({ program: 'getent', args: ['group', name], timeoutMs: 30_000 });
    const [, , id] = stdout.split(':');
    return id === undefined ? undefined : Number(id);
  } catch (error) {
    if (error instanceof CommandNotFoundError || error instanceof CommandTimeoutError) return undefined;
    throw error;
  } finally {
    await host.close();
  }
}

interface PathToTrust {
  /** The full name of the setting, or of the variable. */
  readonly setting: string;
  readonly path: string;
  readonly use: Trusted;
}

/** The paths that are set, only for clusters that are served. Of a command, its program. */
export function pathsToTrust({ tree, settings, surroundings }: Config): PathToTrust[] {
  const served = new Set(settings.clusters.map(({ name }) => name));
  const isServed = ([, , group, name]: readonly string[]): boolean => group !== 'clusters' || served.has(name);
  const set = [...pathUses()].flatMap(([name, use]) =>
    valuesAt(tree, name.split('.'))
      .filter(({ at }) => isServed(at))
      .flatMap(({ at, value }) => pathsIn(value, use).map((path) => ({ setting: joinPath(at), path, use }))),
  );
  // It applies if the setting is plain true, as in Python's requests.
  const { caFile } = surroundings;
  if (caFile === undefined || settings.api.verifyCertificate !== true) return set;
  return [...set, { setting: 'REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE', path: caFile, use: 'read here' }];
}

function pathsIn(value: Plain, use: Trusted): string[] {
  const texts = [value].flat().filter((one): one is string => typeof one === 'string');
  return use === 'run here' ? texts.slice(0, 1) : texts;
}

function valuesAt(
  value: Plain | undefined,
  [step, ...rest]: readonly string[],
  at: readonly string[] = [],
): { readonly at: readonly string[]; readonly value: Plain }[] {
  if (value === undefined || value === null) return [];
  if (step === undefined) return [{ at, value }];
  if (typeof value !== 'object' || Array.isArray(value)) return [];
  const fields = Object.entries(value).filter(([name]) => step === ANY_NAME || step === name);
  return fields.flatMap(([name, field]) => valuesAt(field, rest, [...at, name]));
}
