// Submits a job as another Unix user that does all that a task's job does before its task, and reads its exit code.
import { randomBytes } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import { mappedUsers, resolveUserMap } from '../base/resolve-user-map.ts';
import { openCluster, randomToken } from '../assembly/open-cluster.ts';
import { createClearml } from '../assembly/clearml-from-config.ts';
import { findUnixUsers } from '../assembly/open-user-map.ts';
import type { App } from '../assembly/app.ts';
import type { ClearmlClient } from '../clearml/client.ts';
import {
  CredentialsRejectedError,
  ServerRefusedError,
  ServerUnreachableError,
  ServerUnusableError,
} from '../clearml/errors.ts';
import { NoCredentialsError } from '../config/errors.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { jobSettings } from '../daemon/serve/derive-names-and-job-settings.ts';
import { jobBlocks, jobSettingsOf } from '../daemon/submit/render-job-script.ts';
import { isTransportError, SlurmUnavailableError } from '../slurm/errors.ts';
import { formatJobName, newAttempt } from '../slurm/job-name.ts';
import { waitForEnd } from './probe-node.ts';
import { known, unavailable, unchecked, type Fact } from './check-result.ts';
import type { UserJobSeen } from './node-checks.ts';

/** @param user the name of a Unix user in agent.slurm.user_map @throws SshConfigError */
export async function probeUser(
  app: App,
  cluster: ClusterSettings,
  { user, partition }: { readonly user: string; readonly partition: string | undefined },
): Promise<Fact<UserJobSeen>> {
  const { host, scheduler } = await openCluster(app, cluster, app.log);
  let clearml: ClearmlClient | undefined;
  try {
    clearml = createClearml(app);
    const { apiServer } = await clearml.connect();
    const queue = await clearml.queues.find(cluster.schedulerQueue);
    if (queue === undefined) return unavailable('the scheduler queue does not exist: start the daemon once');
    const { slurm } = app.config.settings;
    const found = await findUnixUsers(host, Object.values(slurm.userMap));
    const map = resolveUserMap(slurm.userMap, { ...found, people: [], selfInClearml: '', minUid: slurm.minUid });
    const unixUser = mappedUsers(map).find(({ name }) => name === user);
    if (unixUser === undefined) return unavailable(`agent.slurm.user_map has no usable entry for Unix user ${user}`);

    const taskId = randomBytes(16).toString('hex');
    const jobName = formatJobName(taskId, newAttempt(systemClock.now(), 'check', randomToken()));
    const queues = { queueId: queue.id, schedulerQueueId: queue.id };
    const job = jobSettingsOf(jobSettings(app, cluster, apiServer), unixUser);
    const blocks = jobBlocks(job, { taskId, jobName, ...queues, workerPrefix: 'doctor' });
    const script = [
      '#!/bin/bash',
      '#SBATCH --time=5',
      '#SBATCH --output=/dev/null',
      ...(partition === undefined ? [] : [`#SBATCH --partition=${partition}`]),
      blocks.preSetup,
      blocks.agentExecute,
      blocks.postSetup,
      '',
    ].join('\n');
    const outcome = await scheduler.submit({ jobName, script, runAs: unixUser, workDir: unixUser.home });
    if (outcome.kind !== 'accepted') return unavailable(`sbatch failed: ${outcome.message}`);
    const key = { id: outcome.jobId, name: jobName, unixUser: user };
    app.context.stderr(`Waiting for probe job ${key.id}, which runs as user ${user}.\n`);
    const why = await waitForEnd(scheduler, key, app.context.stop, [unixUser]);
    if (why !== undefined) {
      await scheduler.cancel([key]);
      return unavailable(`job ${key.id} ${why}; doctor cancelled the job`);
    }
    const record = await scheduler.record(key.id, { name: jobName, runAs: unixUser });
    if (record === undefined || record.isOthers === true) return unavailable(`Slurm has no record of job ${key.id}`);
    return known({ jobId: key.id, user, stateWord: record.stateWord, exitCode: record.exitCode });
  } catch (error) {
    const isExpected =
      error instanceof SlurmUnavailableError ||
      error instanceof ServerUnreachableError ||
      error instanceof ServerRefusedError ||
      isTransportError(error);
    if (isExpected) return unavailable(error.message);
    // Other checks report these.
    const isNoLogin =
      error instanceof NoCredentialsError ||
      error instanceof CredentialsRejectedError ||
      error instanceof ServerUnusableError;
    if (isNoLogin) return unchecked('not checked: the login to ClearML failed');
    throw error;
  } finally {
    await clearml?.close();
    await host.close();
  }
}
