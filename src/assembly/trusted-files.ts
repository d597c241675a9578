// Holds the files that a person has named to the rule of trusted paths: what others can change is not used, and what says why is told.
import { delimiter, resolve } from 'node:path';
import { siteAccounts } from '../base/site-accounts.ts';
import { distrustOf, findNameDistrust, isReadableByOthers, inspectPath, ownTrust } from '../base/trusted-path.ts';
import { readTextFile, type ReadFile } from '../config/config-files.ts';
import type { ClusterSettings } from '../config/clusters.ts';
import { ConfigError } from '../config/errors.ts';
import type { Config } from '../config/load.ts';
import { pathsToTrust } from '../config/paths-to-trust.ts';
import type { Settings } from '../config/settings.ts';
import { CommandNotFoundError, CommandTimeoutError } from '../transport/errors.ts';
import { findRemoteDistrust } from '../transport/files.ts';
import type { Transport } from '../transport/transport.ts';
import { createLocalTransport } from '../transport/local.ts';
import type { ProcessContext } from './process-context.ts';
import { trustedFolders } from './trusted-folders.ts';

/** Thrown when others can change a file or folder that would be trusted: nothing of it was used. */
export class UntrustedPathError extends Error {
  override readonly name = 'UntrustedPath';

  /** @param what it is, with its path: `The template /home/ada/gpu.template` */
  constructor(what: string, why: string) {
    super(`${what} is not used, as others can change it: ${why}. ${HOW_TO_MEND}`);
  }
}

const HOW_TO_MEND =
  'Take that right from them (chmod go-w), or use a place of your own. For a folder of a project, set agent.slurm.trusted_group.';

/**
 * Reads a file of the configuration if nobody else can change it. No group is trusted here: it would be the file itself that names it.
 * @throws ConfigError when others can
 */
export const readTrustedFile: ReadFile = (path) => {
  const why = distrustOf(resolve(path));
  if (why === undefined) return readTextFile(path);
  const fact = `not read, as others can change it: ${why}. Run chmod go-w on that, or keep the file in a folder of your own`;
  throw new ConfigError(fact, { kind: 'file', file: path, line: 1, column: 1 });
};

/**
 * Holds the settings to the rule whose paths this machine reads or runs for every command: certificates, SSH keys, and the file and the
 * program of a password. The marks in the schema say which. No group is trusted here either.
 * @throws ConfigError naming the setting and where it stands
 */
export function refuseUntrustedSettings(config: Config): void {
  for (const { setting, path, use } of pathsToTrust(config)) {
    const isRun = use === 'run here';
    if (!isRun && use !== 'read here') continue;
    // A name without a slash is looked for on the PATH, of which folders of others are left out.
    if (isRun && !path.includes('/')) continue;
    const site = isRun ? siteAccounts() : undefined;
    const why = findNameDistrust(inspectPath(resolve(path)), { ...ownTrust(), site });
    if (why === undefined) continue;
    const fact = `${setting} is not used, as others can change what it names: ${why}. Run chmod go-w on that, or name a ${isRun ? 'program' : 'file'} in a folder of your own`;
    throw new ConfigError(fact, config.originOf(setting) ?? { kind: 'default' });
  }
}

/** A sentence for each file with secrets in it that others can read. */
export function warnOfReadable(config: Config): string[] {
  return config.secretFiles
    .filter((file) => isReadableByOthers(inspectPath(resolve(file))))
    .map((file) => `Other users can read ${file}, which has keys in it: run chmod 600 ${file}`);
}

/** Why others can change a template, as doctor tells it; undefined where nobody can. */
export async function distrustOfTemplate(
  file: string,
  { slurm }: Pick<Settings, 'slurm'>,
  context: ProcessContext,
): Promise<string | undefined> {
  return distrustOf(resolve(context.workingDir, file), await trustedGroupId(slurm.trustedGroup, context));
}

/** To be called before they are read: what is found good can then be changed by nobody else. @throws UntrustedPath */
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

/** Jobs run what is in it, and find their keys there. @throws UntrustedPath, and what the host throws */
export async function refuseUntrustedSharedFolder(
  host: Transport,
  { sharedDir }: ClusterSettings,
  { slurm }: Pick<Settings, 'slurm'>,
): Promise<void> {
  if (sharedDir === undefined) return;
  const why = await findRemoteDistrust(host, sharedDir, slurm.trustedGroup);
  if (why !== undefined) throw new UntrustedPathError(`The shared folder ${sharedDir}`, why);
}

/** The number of the group that is trusted, on this machine; undefined where none is, or it is not known here. */
async function trustedGroupId(name: string | undefined, context: ProcessContext): Promise<number | undefined> {
  if (name === undefined || /^\d+$/.test(name)) return name === undefined ? undefined : Number(name);
  const { environment, homeDir, workingDir } = context;
  const path = trustedFolders(environment['PATH'] ?? '/usr/bin:/bin').folders.join(delimiter);
  const host = createLocalTransport({ path, home: homeDir, user: '', workingDirectory: workingDir, variables: {} });
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
