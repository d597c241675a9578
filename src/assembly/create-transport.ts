// Creates the transport to where the commands of a cluster run: this machine, or a login node over SSH.
import { delimiter } from 'node:path';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { Transport } from '../transport/transport.ts';
import { createLocalTransport, type LocalTransportOptions } from '../transport/local-transport.ts';
import type { ProcessContext } from './process-context.ts';
import { trustedFolders } from './trusted-search-path.ts';

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
