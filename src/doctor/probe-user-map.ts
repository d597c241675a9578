// Probes the users of agent.slurm.user_map: in ClearML, on the login node, and what sudo allows for them.
import { DEFAULT, mappedUsers, mayBeName, resolveUserMap } from '../base/resolve-user-map.ts';
import { UsageError } from '../base/usage-error.ts';
import { withClearml } from '../assembly/clearml-from-config.ts';
import { TIMEOUTS } from './probe-server.ts';
import { isOfCluster, openCluster } from '../assembly/open-cluster.ts';
import { findPrograms, sudoCommands } from '../assembly/locate-slurm-programs.ts';
import { findUnixUsers, mapsToSelf, type PeopleSource } from '../assembly/open-user-map.ts';
import type { App } from '../assembly/app.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { Transport } from '../transport/transport.ts';
import type { UserMapSeen } from './cluster-checks.ts';
import { known, unchecked, type Fact } from './check-result.ts';

const TIMEOUT_MS = 60_000;

/** Prints each command that sudo does not allow, and as whom. The commands are separated by spaces. */
const ASK_SUDO =
  'commands=$1; shift; for user; do for command in $commands; do sudo -n -l -u "$user" "$command" >/dev/null 2>&1 || echo "$command as $user"; done; done';

/** A cluster or server that cannot be reached is reported by another check. */
export async function probeUserMap(app: App, cluster: ClusterSettings): Promise<Fact<UserMapSeen>> {
  const { slurm } = app.config.settings;
  const written = slurm.userMap;
  if (Object.keys(written).length === 0) return unchecked('not set: all jobs run as the user of the daemon');
  try {
    const { host, scheduler } = await openCluster(app, cluster, app.log);
    try {
      const facts = await scheduler.facts(app.context.stop);
      const found = await findUnixUsers(host, Object.values(written));
      const source = await readPeople(app);
      const { people, self: selfInClearml } = source ?? { people: [], self: '' };
      const map = resolveUserMap(written, { ...found, people, selfInClearml, minUid: slurm.minUid });
      const users = mappedUsers(map).map(({ name }) => name);
      const commands = await findPrograms(host, sudoCommands(slurm.binaries, facts));
      return known({
        users,
        hasOwnJobs: mapsToSelf(written, found),
        problems: map.problems,
        unknown: source === undefined ? [] : unknownKeys(written, source),
        refused: await askSudo(host, commands, users),
        hidesJobs: facts.hidesJobs === true,
      });
    } finally {
      await host.close();
    }
  } catch (error) {
    if (error instanceof UsageError || isOfCluster(error)) return unchecked('not checked: the cluster cannot be used');
    throw error;
  }
}

async function askSudo(host: Transport, commands: readonly string[], users: readonly string[]): Promise<string[]> {
  const args = ['-c', ASK_SUDO, 'sh', commands.join(' '), ...users];
  const { stdout } = await host.run({ program: '/bin/sh', args, timeoutMs: TIMEOUT_MS });
  return stdout.split('\n').filter((line) => line !== '');
}

function unknownKeys(written: Readonly<Record<string, string>>, { people }: PeopleSource): string[] {
  return Object.keys(written).filter(
    (key) => key !== DEFAULT && !people.some(({ id, name }) => id === key || (mayBeName(key) && name === key)),
  );
}

/** Undefined if the server does not list its users. */
async function readPeople(app: App): Promise<PeopleSource | undefined> {
  try {
    return await withClearml(
      app,
      async (clearml, { user }) => {
        const people = await clearml.people.all();
        return people.length === 0 ? undefined : { people, self: user };
      },
      TIMEOUTS,
    );
  } catch (error) {
    // Another check explains why the login fails.
    app.log.debug('The users of ClearML cannot be read', { err: error });
    return undefined;
  }
}
