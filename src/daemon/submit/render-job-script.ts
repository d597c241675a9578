// Renders a task with its queue's template to a batch script.
import { renderBlocks, type JobFacts } from '../../sbatch-template/job-script/render-blocks.ts';
import { planSingularity } from '../../sbatch-template/containers/plan-singularity-image-and-options.ts';
import { planPyxis } from '../../sbatch-template/containers/plan-pyxis-mounts-and-environment.ts';
import type { PyxisAdditions, Blocks, Rendered, Variables } from '../../sbatch-template/template.ts';
import { addStartLine } from '../../sbatch-template/job-script/job-start-line.ts';
import { runWithBash, withoutHistoryExpansion } from '../../sbatch-template/check-encoding-and-interpreter.ts';
import { checkPropertyConstraints } from '../../sbatch-template/placeholders/check-property-constraints.ts';
import { unusedProperties } from '../../sbatch-template/placeholders/report-unused-properties.ts';
import { logUmask } from '../../slurm/log-umask.ts';
import type { TaskDocument } from '../../clearml/task.ts';
import type { Entry } from '../journal/entry.ts';
import type { UnixUser } from '../../base/resolve-user-map.ts';
import { parseName } from '../users/cached-users-and-projects.ts';
import type { DaemonDeps, JobSettings, ServedQueue } from '../deps.ts';
import { mappingOf } from '../users/unix-users.ts';

/** A script with its origin and the Unix user whose job it is; or why the owner of the task has no Unix user. */
export type RenderedTask =
  | { readonly kind: 'rejected'; readonly reason: string }
  | (RenderedJob & { readonly kind: 'rendered'; readonly origin: Origin; readonly user: UnixUser | undefined });

/**
 * The script for one attempt to run this task, as the Unix user of its owner.
 * @throws TemplateError if the template needs a value that the task lacks, or the task violates a constraint
 * @throws ServerUnreachableError if project or user cannot be read
 */
export async function renderTask(
  deps: DaemonDeps,
  queue: ServedQueue,
  read: TaskDocument,
  { jobName, schedulerQueueId }: Pick<JobIdentity, 'jobName' | 'schedulerQueueId'>,
): Promise<RenderedTask> {
  const { document, task } = read;
  const mapping = mappingOf(deps.unixUsers, task.user);
  if (mapping.kind === 'rejected') return mapping;
  const { user: unixUser } = mapping;
  const job = unixUser === undefined ? deps.job : jobSettingsOf(deps.job, unixUser);
  const projectId = document['project'];
  const [project, user] = await Promise.all([
    typeof projectId === 'string' && queue.usesProject !== false ? deps.clearml.people.project(projectId) : undefined,
    task.user !== undefined && queue.usesUser !== false ? deps.clearml.people.user(task.user) : undefined,
  ]);
  const variables: Variables = {
    queueName: queue.name,
    queueId: queue.id,
    workerId: deps.worker,
    task: document,
    project: project ?? {},
    user: user ?? {},
    config: job.publicConfig,
  };
  const queues = { queueId: queue.id, schedulerQueueId };
  const identity = { taskId: task.id, jobName, ...queues, workerPrefix: deps.worker };
  const [userName, projectName] = await Promise.all([
    parseName(user) ?? (task.user === undefined ? undefined : deps.names?.user(task.user)),
    parseName(project) ?? (typeof projectId === 'string' ? deps.names?.project(projectId) : undefined),
  ]);
  const origin = { userId: task.user, userName, project: projectName };
  return { ...renderJob(job, queue, variables, identity), kind: 'rendered', origin, user: unixUser };
}

/** The owner and the project of a task, as far as the server reports them. */
type Origin = Omit<NonNullable<Entry['origin']>, 'enqueuedAt'>;

/** A script, and messages for the task's console. */
export interface RenderedJob extends Rendered {
  readonly notes: readonly string[];
}

/**
 * The script of a job, if the task satisfies the constraints of the queue.
 * @throws TemplateError
 */
export function renderJob(
  job: JobSettings,
  queue: Pick<ServedQueue, 'name' | 'template' | 'constraints' | 'properties'>,
  variables: Variables,
  identity: JobIdentity,
): RenderedJob {
  const { template } = queue;
  const container = planSingularity(
    template.agent,
    variables.task,
    job.singularityMode === true ? job.containers : undefined,
  );
  const pyxis = container === undefined ? planPyxis(template, variables, job.containers, job.sharedDir) : undefined;
  const { forwardedSignal } = template;
  const blocks = jobBlocks(job, identity, { container: container?.facts, pyxis: pyxis?.facts, forwardedSignal });
  const rendered = renderWithin(queue, variables, blocks, pyxis?.additions);
  const unread =
    queue.properties === undefined
      ? undefined
      : unusedProperties(
          variables.task,
          queue.properties.map(({ name }) => name),
        );
  return { ...rendered, notes: [...(unread === undefined ? [] : [unread]), ...((container ?? pyxis)?.notes ?? [])] };
}

function renderWithin(
  { name, template, constraints }: Pick<ServedQueue, 'name' | 'template' | 'constraints'>,
  variables: Variables,
  blocks: Blocks,
  additions: PyxisAdditions | undefined,
): Rendered {
  const rendered = template.render(variables, blocks, additions);
  if (constraints !== undefined) checkPropertyConstraints(template.file, rendered, name, constraints);
  return { ...rendered, script: addStartLine(withoutHistoryExpansion(runWithBash(rendered.script))) };
}

/**
 * The settings for a job of another Unix user. It uses the user's own clearml.conf, agent and image cache: nothing of the daemon's user,
 * who would otherwise share a key, or whose files the job would refuse.
 */
export function jobSettingsOf(job: JobSettings, { name }: Pick<UnixUser, 'name'>): JobSettings {
  const containers = job.containers === undefined ? undefined : { ...job.containers, imageCacheDir: undefined };
  return { ...job, unixUser: name, sharedDir: undefined, jobConf: '', containers };
}

export type JobIdentity = Pick<JobFacts, 'taskId' | 'jobName' | 'queueId' | 'schedulerQueueId' | 'workerPrefix'>;

/** Returns the blocks of one job. Its clearml.conf is named after the job, so that two attempts never share one. */
export function jobBlocks(
  job: JobSettings,
  identity: JobIdentity,
  { container, pyxis, forwardedSignal }: Pick<JobFacts, 'container' | 'pyxis' | 'forwardedSignal'> = {},
): Blocks {
  const { apiServer, sharedDir, trustedGroup, umask, unixUser, python, agentVersion, serverWaitSec } = job;
  return renderBlocks({
    ...identity,
    apiServer,
    sharedDir,
    sharedConf: sharedDir === undefined ? undefined : sharedConfPath(sharedDir, identity.jobName),
    trustedGroup,
    ...umasks(umask),
    unixUser,
    python,
    agentVersion,
    serverWaitSec,
    container,
    pyxis,
    forwardedSignal,
    startsBySrun: job.startsBySrun === true && container === undefined,
  });
}

/** The umask of the job, if it differs from the one that sbatch gets for the log file. */
function umasks(umask: string | undefined): Pick<JobFacts, 'umask' | 'logUmask'> {
  return umask === undefined || logUmask(umask) === umask ? {} : { umask, logUmask: logUmask(umask) };
}

/** The path of a job's own clearml.conf, mode 0600. */
export function sharedConfPath(sharedDir: string, jobName: string): string {
  return `${sharedConfFolder(sharedDir)}/${jobName}.conf`;
}

export function sharedConfFolder(sharedDir: string): string {
  return `${sharedDir}/jobs`;
}
