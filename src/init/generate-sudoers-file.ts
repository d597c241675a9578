// Writes the file for /etc/sudoers.d that permits what agent.slurm.user_map needs, and nothing else.
import { mappedUsers, resolveUserMap } from '../base/resolve-user-map.ts';
import { UsageError } from '../base/usage-error.ts';
import { readVersion } from '../base/installation.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { openCluster } from '../assembly/open-cluster.ts';
import { findPrograms, sudoCommands } from '../assembly/locate-slurm-programs.ts';
import { findUnixUsers } from '../assembly/open-user-map.ts';
import type { App } from '../assembly/app.ts';
import { throwUnavailable } from '../slurm/errors.ts';
import { UTF8_LOCALE, type Transport } from '../transport/transport.ts';

export interface SudoersFacts {
  readonly program: string;
  /** The account of the daemon on the login node. */
  readonly account: string;
  readonly users: readonly string[];
  /** Absolute paths. */
  readonly commands: readonly string[];
  readonly slurmConf: string | undefined;
  /** Whether the host has sudo-rs, as Ubuntu does from 25.10 on. */
  readonly isSudoRs: boolean;
}

/** The umasks that a submission may have, so that other users cannot read the log of a job (log-umask.ts). */
const LOG_UMASKS = ['0066', '0067', '0076', '0077'];

/** sudoers(5): these characters end a word or have a meaning. */
function escapeWord(word: string): string {
  return word.replaceAll(/[\\\s,:=!()@"#*?[\]]/g, '\\$&');
}

/**
 * The text of the file. No variable of the daemon is kept, except with exactly these values: the locale, the times of squeue, the umask
 * of the log and the configuration of Slurm.
 */
export function formatSudoers({ program, account, users, commands, slurmConf, isSudoRs }: SudoersFacts): string {
  const kept = [
    ...Object.entries(UTF8_LOCALE).map(([name, value]) => `${name}=${value}`),
    'SLURM_TIME_FORMAT=%s',
    ...LOG_UMASKS.map((umask) => `SLURM_UMASK=${umask}`),
    ...(slurmConf === undefined ? [] : [`SLURM_CONF=${slurmConf}`]),
  ];
  // sudo-rs has no requiretty; an unknown setting is a syntax error.
  const flags = ['env_reset', '!setenv', '!env_check', ...(isSudoRs ? [] : ['!requiretty']), '!use_pty', '!lecture'];
  const account_ = escapeWord(account);
  const userList = users.map(escapeWord).join(', \\\n  ');
  return `# Printed by ${program} sudoers, from agent.slurm.user_map. Print it again when the map changes.
# Install it on the login node as root: visudo -cf FILE, then install -m 0440 FILE /etc/sudoers.d/clearml-agent-slurm
# ${account} can run these commands as these users, and so run any code as them in jobs. It can run nothing else and act as no other user.
Defaults:${account_} ${flags.join(', ')}, umask=0022
Defaults:${account_} env_keep = "${kept.join(' ')}"
${account_} ALL = ( \\
  ${userList} \\
) NOPASSWD: NOSETENV: ${commands.map(escapeWord).join(', ')}
`;
}

/** @throws UsageError if no other user is mapped, SlurmUnavailableError */
export async function sudoersOf(app: App, cluster: ClusterSettings): Promise<string> {
  const { slurm } = app.config.settings;
  const names = Object.values(slurm.userMap);
  if (names.length === 0)
    throw new UsageError('agent.slurm.user_map is empty: jobs run as the user of the daemon, without sudo.');
  const { host, scheduler } = await openCluster(app, cluster, app.log);
  try {
    const found = await findUnixUsers(host, names);
    const none = { people: [], selfInClearml: '', minUid: slurm.minUid };
    const map = resolveUserMap(slurm.userMap, { ...found, ...none });
    for (const problem of map.problems) app.context.stderr(`Left out: ${problem}.\n`);
    const users = mappedUsers(map).map(({ name }) => name);
    if (users.length === 0)
      throw new UsageError(
        'agent.slurm.user_map contains no valid Unix user other than the user of the daemon: see the messages above.',
      );
    const commands = await findPrograms(host, sudoCommands(slurm.binaries, await scheduler.facts(app.context.stop)));
    const program = `clearml-agent-slurm ${readVersion()}`;
    const { slurmConf } = cluster;
    const isSudoRs = await hasSudoRs(host);
    return formatSudoers({ program, account: found.self.name, users, commands, slurmConf, isSudoRs });
  } finally {
    await host.close();
  }
}

const VERSION_TIMEOUT_MS = 30_000;

/** False if the host has no sudo yet. @throws SlurmUnavailableError */
export async function hasSudoRs(host: Transport): Promise<boolean> {
  const args = ['-c', 'sudo --version 2>&1 || :'];
  const { stdout } = await host
    .run({ program: '/bin/sh', args, timeoutMs: VERSION_TIMEOUT_MS })
    .catch(throwUnavailable);
  return stdout.startsWith('sudo-rs ');
}
