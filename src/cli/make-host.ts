// The way to where a cluster's commands run: this machine, or a login node by SSH.
import { delimiter } from 'node:path';
import type { ClusterSettings, SshSettings } from '../config/clusters.ts';
import { CommandNotFound } from '../host/errors.ts';
import { createHostKeys } from '../host/host-key-check.ts';
import type { Host } from '../host/host.ts';
import { createLocalHost } from '../host/local.ts';
import { findSshTarget } from '../host/ssh-config-target.ts';
import type { SshTarget } from '../host/ssh-target.ts';
import type { Surroundings } from './command.ts';

/** What Slurm's commands need of our environment; anything else would reach the jobs. */
const PASSED_ON = ['SLURM_CONF', 'KRB5CCNAME', 'TZ'];

/** Nothing is run there yet. @throws SshSetupProblem when a person must change the configuration first */
export async function makeHost(cluster: ClusterSettings, around: Surroundings): Promise<Host> {
  const { ssh, slurmBinDir, slurmConf } = cluster;
  const forSlurm: Record<string, string> = slurmConf === undefined ? {} : { SLURM_CONF: slurmConf };
  if (ssh === undefined) return makeLocalHost(around, slurmBinDir, forSlurm);

  const here = makeLocalHost(around, undefined, passedOn(around, ['SSH_AUTH_SOCK', 'KRB5CCNAME']));
  const target = await findTarget(ssh, around, here);
  const surroundings = { ...(slurmBinDir === undefined ? {} : { binDir: slurmBinDir }), variables: forSlurm };
  // Loaded only where it is used: a daemon on a login node never needs it.
  const { createSsh2Host } = await import('../host/ssh2.ts');
  return createSsh2Host({ target, surroundings, here, hostKeysOf: createHostKeys, maxChannels: ssh.channels });
}

function makeLocalHost(
  around: Surroundings,
  binDir: string | undefined,
  variables: Readonly<Record<string, string>>,
): Host {
  const { environment, homeDir, workingDir } = around;
  const path = [binDir, environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].filter((part) => part !== undefined);
  return createLocalHost({
    path: path.join(delimiter),
    home: homeDir,
    user: userName(around),
    workingDirectory: workingDir,
    variables: { ...passedOn(around, PASSED_ON), ...variables },
  });
}

function passedOn({ environment }: Surroundings, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
}

function userName({ environment }: Surroundings): string {
  return environment['USER'] ?? environment['LOGNAME'] ?? '';
}

/** A `Match exec` of the user's may take a while. */
const ASK_SSH_TIMEOUT_MS = 20_000;

function findTarget(ssh: SshSettings, around: Surroundings, here: Host): Promise<SshTarget> {
  return findSshTarget(ssh, {
    homeDir: around.homeDir,
    localUser: userName(around),
    environment: around.environment,
    async askSsh(args) {
      try {
        const result = await here.run({ program: 'ssh', args: ['-G', ...args], timeoutMs: ASK_SSH_TIMEOUT_MS });
        return result.exitCode === 0 ? result.stdout : undefined;
      } catch (error) {
        if (error instanceof CommandNotFound) return undefined;
        throw error;
      }
    },
  });
}
