// Creates the transport to where the commands of a cluster run: this machine, without directories of other users in PATH, or a login node.
import { delimiter, isAbsolute } from 'node:path';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { Transport } from '../transport/transport.ts';
import { createLocalTransport, type LocalTransportOptions } from '../transport/local-transport.ts';
import type { ProcessContext } from './process-context.ts';
import { siteAccounts, findNameDistrust, inspectPath, ownTrust } from '../base/path-trust-rule.ts';

/** The variables that Slurm commands get; any other would also reach the jobs. */
const FOR_SLURM = ['SLURM_CONF', 'KRB5CCNAME', 'TZ'];
/** The variables that ssh gets. */
const FOR_SSH = ['SSH_AUTH_SOCK', 'KRB5CCNAME'];

/** Runs nothing yet. @throws SshConfigError if the SSH configuration is invalid */
export async function createTransport(cluster: ClusterSettings, context: ProcessContext): Promise<Transport> {
  const { ssh, slurmBinDir, slurmConf, stateDir } = cluster;
  const variables: Record<string, string> = slurmConf === undefined ? {} : { SLURM_CONF: slurmConf };
  if (ssh === undefined) {
    const options = optionsHere(context, slurmBinDir, { ...passedOn(context, FOR_SLURM), ...variables });
    return { ...createLocalTransport(options), notices: options.notices };
  }

  const optionsOfSsh = optionsHere(context, undefined, passedOn(context, FOR_SSH));
  const here = createLocalTransport(optionsOfSsh);
  const remoteContext = { ...(slurmBinDir === undefined ? {} : { binDir: slurmBinDir }), variables };
  // A daemon on a login node does not need it.
  const { createSshTransport } = await import('./create-ssh-transport.ts');
  const host = await createSshTransport({ ssh, stateDir, remoteContext, here, context, localUser: userName(context) });
  return { ...host, notices: [...optionsOfSsh.notices, ...(host.notices ?? [])] };
}

/** Runs commands on this machine that need no variables of Slurm. */
export function createTransportHere(context: ProcessContext): Transport {
  return createLocalTransport(optionsHere(context, undefined, {}));
}

function optionsHere(
  context: ProcessContext,
  binDir: string | undefined,
  variables: Readonly<Record<string, string>>,
): LocalTransportOptions & { readonly notices: readonly string[] } {
  const { environment, homeDir, workingDir } = context;
  const { folders, notices } = trustedFolders(environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin');
  return {
    notices,
    path: [binDir, ...folders].filter((part) => part !== undefined).join(delimiter),
    home: homeDir,
    user: userName(context),
    workingDirectory: workingDir,
    variables,
  };
}

function passedOn({ environment }: ProcessContext, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
}

function userName({ environment }: ProcessContext): string {
  return environment['USER'] ?? environment['LOGNAME'] ?? '';
}

interface TrustedFolders {
  readonly folders: readonly string[];
  /** A message for each directory that is left out. */
  readonly notices: readonly string[];
}

/** Leaves out the others instead of failing: PATH often has directories that are not needed. */
function trustedFolders(path: string): TrustedFolders {
  const trust = { ...ownTrust(), site: siteAccounts() };
  const folders: string[] = [];
  const notices: string[] = [];
  for (const folder of new Set(path.split(delimiter))) {
    // A relative directory would be searched in the working directory, where other users may have created programs.
    if (!isAbsolute(folder)) continue;
    try {
      const inspected = inspectPath(folder);
      const why = findNameDistrust(inspected, trust);
      if (why === undefined) folders.push(folder);
      else if (inspected.isWhole)
        notices.push(
          `Ignored ${folder} in PATH because other users can change it: ${why}. Remove it from PATH, or run chmod go-w on it if it is yours. For the Slurm commands, you can set slurm_bin_dir.`,
        );
    } catch {
      // An unreadable directory has no program that could run.
    }
  }
  return { folders, notices };
}
