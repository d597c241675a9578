// The view of the cluster for the stand-in commands.
import { userInfo } from 'node:os';
import type { Clock } from '../../../../src/base/clock.ts';
import type { Controller } from '../controller.ts';
import type { StandInJob } from '../job.ts';
import type { StandInSettings } from '../settings.ts';
import type { CommandCall } from '../wire.ts';

export interface ClusterView {
  readonly controller: Controller;
  readonly settings: StandInSettings;
  readonly clock: Clock;
}

/** Whether this caller may change the job: as its user, or as the user of the cluster, who is SlurmUser. */
export function mayManage({ uid }: Pick<CommandCall, 'uid'>, job: StandInJob): boolean {
  return uid === job.uid || uid === userInfo().uid;
}

/** The jobs that this caller sees. */
export function shownTo(call: Pick<CommandCall, 'uid'>, { controller, settings }: ClusterView): StandInJob[] {
  return controller.shown().filter((job) => !settings.hidesJobs || mayManage(call, job));
}

/** The jobs of the users that `--me` and `--user` name: by name or uid. */
export function ofUsers(
  jobs: readonly StandInJob[],
  { uid }: Pick<CommandCall, 'uid'>,
  options: ReadonlyMap<string, string>,
): StandInJob[] {
  const users = options.get('user')?.split(',');
  return jobs.filter(
    (job) =>
      (!options.has('me') || job.uid === uid) &&
      (users === undefined || users.includes(job.user) || users.includes(String(job.uid))),
  );
}
