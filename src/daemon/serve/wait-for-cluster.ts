// Waits until the cluster responds, reads once what the daemon needs to know about it, and refuses a state directory of another server.
import { openUserMap, readNamedPeople } from '../../assembly/open-user-map.ts';
import type { ClusterSide } from '../../assembly/open-cluster.ts';
import { refuseUntrustedSharedFolder } from '../../assembly/refuse-untrusted-files.ts';
import { orAborted } from '../../base/abort-with.ts';
import { systemClock, sleepUnlessStopped } from '../../base/clock.ts';
import type { UserMap } from '../../base/resolve-user-map.ts';
import { ServerRefusedError, ServerUnreachableError } from '../../clearml/errors.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import type { SlurmSettings } from '../../config/convert-settings.ts';
import type { Logger } from '../../log/logger.ts';
import { isTransportError, SlurmUnavailableError } from '../../slurm/errors.ts';
import type { ClusterFacts } from '../../slurm/scheduler.ts';
import { CommandNotFoundError } from '../../transport/errors.ts';
import type { Lock } from '../journal/lock.ts';
import type { ServerSide } from './connect-to-clearml.ts';
import type { Entry } from '../journal/entry.ts';
import { JournalError } from '../journal/journal.ts';
import { journalEntries, journalFile } from '../journal/journal-lines.ts';

/** An upper bound, so that a connection that the user opens is found within half a minute. */
export const MAX_RETRY_MS = 20_000;

/** What is read once, when the daemon starts. */
export interface FoundCluster {
  readonly facts: ClusterFacts;
  /** Undefined if all jobs run as the user of the daemon. */
  readonly userMap: UserMap | undefined;
}

type Sides = Pick<ServerSide, 'clearml' | 'server'> & ClusterSide;
type MapSettings = Pick<SlurmSettings, 'userMap' | 'minUid'>;

interface Waiting {
  /** Ends after one attempt. */
  readonly once: boolean;
  readonly stop: AbortSignal;
  readonly everyMs: number;
  readonly cluster: Pick<ClusterSettings, 'sharedDir' | 'stateDir'>;
  readonly lock: Pick<Lock, 'touch'>;
  readonly log: Pick<Logger, 'warn' | 'debug'>;
}

/**
 * Retries while Slurm, its host, the shared directory or ClearML does not respond; undefined if the daemon is stopped before. Meanwhile the tasks stay in their
 * queues, and the jobs continue.
 * @throws SlurmUnavailableError without a wait, with `once` or if a command does not exist; ServerUnreachableError or ServerRefusedError with `once`;
 * CredentialsRejectedError, UntrustedPathError, JournalError
 */
export async function waitForCluster(
  sides: Sides,
  settings: MapSettings & Pick<SlurmSettings, 'trustedGroup'>,
  { once, stop, everyMs, cluster, lock, log }: Waiting,
): Promise<FoundCluster | undefined> {
  const isStopped = (): boolean => stop.aborted;
  let logged: string | undefined;

  async function find(): Promise<FoundCluster> {
    const facts = await sides.scheduler.facts(stop);
    await refuseStateOfOtherServer(sides, cluster.stateDir);
    const userMap = await readUserMap(sides, settings);
    await refuseUntrustedSharedFolder(sides.host, cluster, settings);
    return { facts, userMap };
  }

  while (!isStopped()) {
    try {
      // The directory service or the file server of the host may hang; the caller closes the host.
      return await orAborted(find(), stop);
    } catch (error) {
      if (isStopped()) break;
      const message = describeFailure(error);
      if (!(error instanceof Error) || message === undefined) throw error;
      if (error.cause instanceof CommandNotFoundError) throw withoutCommands(error);
      if (once) throw error;
      const why = innermost(error).message;
      const isNews = logged !== why;
      logged = why;
      const path = isTransportError(error) ? { sharedDir: cluster.sharedDir } : {};
      log[isNews ? 'warn' : 'debug'](message, { ...path, why: error.message });
    }
    await sleepUnlessStopped(systemClock, everyMs, stop);
    // The lock of a daemon that does not touch it is considered stale.
    await lock.touch();
  }
  return undefined;
}

/** The message of a failure after which the daemon tries again; undefined for any other. */
function describeFailure(error: unknown): string | undefined {
  if (error instanceof SlurmUnavailableError) return 'Slurm is unreachable; retrying until it responds';
  if (error instanceof ServerUnreachableError) return 'ClearML is unreachable; retrying until it responds';
  // Only the users are read here. Without their names, the tasks of mapped users would be rejected.
  if (error instanceof ServerRefusedError) return 'ClearML refuses to list the users that user_map needs; retrying';
  // All other calls of the host map these errors to SlurmUnavailableError.
  if (isTransportError(error)) return 'The shared directory cannot be checked; retrying until the check succeeds';
  return undefined;
}

/** @throws SlurmUnavailableError, and what the client throws */
export function readUserMap({ host, clearml, server }: Sides, settings: MapSettings): Promise<UserMap | undefined> {
  return openUserMap(settings, host, async () => ({
    people: await readNamedPeople(clearml.people, settings.userMap),
    self: server.user,
  }));
}

function withoutCommands({ message, cause }: Error): SlurmUnavailableError {
  return new SlurmUnavailableError(`${message}. Set slurm_bin_dir to the directory of Slurm's commands on that host.`, {
    cause,
  });
}

/** Returns the original error: the errors around it name the time of the next attempt, so they differ each time. */
function innermost(error: Error): Error {
  return error.cause instanceof Error ? innermost(error.cause) : error;
}

interface Server {
  readonly clearml: Pick<ServerSide['clearml'], 'queues' | 'tasks'>;
  readonly server: Pick<ServerSide['server'], 'apiServer'>;
}

/**
 * Refuses a state directory whose journal is of another server: its tasks would all count as deleted, and their jobs be cancelled.
 * The ids of queues and tasks are random. So a journal is of another server if none of its queues and none of its tasks exists on this one; a
 * user who deletes all tasks leaves the queues.
 * @throws JournalError, and what the client throws
 */
export async function refuseStateOfOtherServer({ clearml, server }: Server, stateDir: string): Promise<void> {
  // What cannot be read is reported when the journal is opened.
  const entries = [...(await journalEntries(stateDir).catch(() => new Map<TaskId, Entry>())).values()];
  if (entries.length === 0) return;
  const ids = new Set(entries.flatMap(({ queue, schedulerQueue = queue }) => [queue, schedulerQueue]));
  const queues = await clearml.queues.read([...ids], 1);
  if (queues.queues.length > 0 || !queues.isWhole) return;
  const { tasks, unread } = await clearml.tasks.read(entries.map(({ task }) => task));
  if (tasks.size > 0 || unread.size > 0) return;
  throw new JournalError(
    `${journalFile(stateDir)} is of another ClearML server: neither its tasks nor their queues exist on ${server.apiServer}. Set agent.slurm.state_dir to a separate directory for each server. If the other server is gone, delete the file.`,
  );
}
