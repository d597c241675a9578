// `render`: print the script that a task would become, and submit nothing.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../base/clock.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { jobBlocks } from '../../glue/render-task.ts';
import { formatJobName, newAttempt } from '../../slurm/job-name.ts';
import { formatOrigins } from '../../template/origins-table.ts';
import type { Variables } from '../../template/template.ts';
import { jobSettings, makeClearml, workerName, type Base } from '../assemble.ts';
import type { Command, Typed } from '../command.ts';
import { COMMON_OPTIONS, QUEUE_OPTIONS, readBase } from '../common-options.ts';
import { EXIT } from '../exit-codes.ts';
import { pairQueues, readTemplates } from '../serve-queues.ts';
import { switchOption, textOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';

/** What stands for an id that only the server knows, where no server is asked. */
const UNKNOWN_ID = '0'.repeat(32);

export const renderCommand: Command = {
  name: 'render',
  describe: 'Print the script that a task would become; submit nothing',
  options: {
    ...QUEUE_OPTIONS,
    task: { type: 'string', requiresArg: true, describe: 'The id of the task' },
    'task-file': {
      type: 'string',
      requiresArg: true,
      describe: 'A file with the task as tasks.get_by_id returns it; no server is needed',
    },
    origins: { type: 'boolean', describe: 'Tell on standard error where each value came from' },
    ...COMMON_OPTIONS,
  },
  async run(typed, around) {
    const base = readBase(typed, around);
    try {
      const { slurm } = base.config.settings;
      const [only, ...others] = pairQueues(slurm.queues, await readTemplates(slurm.templateFiles, around.workingDir));
      if (only === undefined || others.length > 0)
        throw new UsageProblem('render takes one template and at most one queue.');

      const { variables, schedulerQueue, apiServer } = await readVariables(base, typed, only.name);
      const taskId = z.string().parse(variables.task['id']);
      const jobName = formatJobName(taskId, newAttempt(systemClock.now(), '0000'));
      const blocks = jobBlocks(jobSettings(base, apiServer), taskId, jobName, schedulerQueue, variables.workerId);
      const { script, uses } = only.template.render(variables, blocks);

      around.stdout(script);
      if (switchOption(typed, 'origins') === true) around.stderr(formatOrigins(uses));
      return EXIT.ok;
    } finally {
      await base.closeLog();
    }
  },
};

interface ForRendering {
  readonly variables: Variables;
  readonly schedulerQueue: string;
  readonly apiServer: string;
}

async function readVariables(base: Base, typed: Typed, queueName: string): Promise<ForRendering> {
  const task = textOption(typed, 'task');
  const file = textOption(typed, 'task-file');
  if ((task === undefined) === (file === undefined))
    throw new UsageProblem('render needs a task: give either --task ID or --task-file FILE.');
  return file === undefined ? fromServer(base, z.string().parse(task), queueName) : fromFile(base, file, queueName);
}

async function fromFile(base: Base, file: string, queueName: string): Promise<ForRendering> {
  const path = resolve(base.around.workingDir, file);
  const task = readTaskText(await readFile(path, 'utf8').catch((error: unknown) => fileTrouble(path, error)), path);
  return {
    variables: { ...common(base), queueName, queueId: UNKNOWN_ID, task, project: projectIn(task), user: {} },
    schedulerQueue: UNKNOWN_ID,
    apiServer: base.config.settings.api.apiServer ?? 'its address',
  };
}

function fileTrouble(path: string, error: unknown): never {
  throw new UsageProblem(
    `The task file ${path} can't be read: ${error instanceof Error ? error.message : String(error)}`,
  );
}

/** The task itself, or the whole reply of `tasks.get_by_id`. */
function readTaskText(text: string, path: string): Record<string, unknown> {
  const Document = z.looseObject({ id: z.string() });
  const Reply = z.object({ data: z.object({ task: Document }) }).transform(({ data }) => data.task);
  const Wrapped = z.object({ task: Document }).transform(({ task }) => task);
  try {
    return z.union([Reply, Wrapped, Document]).parse(JSON.parse(text));
  } catch {
    throw new UsageProblem(`${path} holds no task: it must be the JSON that tasks.get_by_id returns, with an "id".`);
  }
}

/** Some replies have the project as an object with its name. */
function projectIn(task: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { project } = task;
  return (
    z.looseObject({ id: z.string() }).safeParse(project).data ?? (typeof project === 'string' ? { id: project } : {})
  );
}

async function fromServer(base: Base, id: string, queueName: string): Promise<ForRendering> {
  const clearml = makeClearml(base);
  try {
    const server = await clearml.connect();
    const read = await clearml.tasks.get(id as TaskId);
    if (read === undefined)
      throw new UsageProblem(`Task ${id} not found on ${server.apiServer}. Copy its id from the web page.`);
    const projectId = read.document['project'];
    const [project, user, queue, schedulerQueue] = await Promise.all([
      typeof projectId === 'string' ? clearml.people.project(projectId) : undefined,
      read.task.user === undefined ? undefined : clearml.people.user(read.task.user),
      clearml.queues.find(queueName),
      clearml.queues.find(base.config.settings.slurm.schedulerQueue),
    ]);
    return {
      variables: {
        ...common(base),
        queueName,
        queueId: queue?.id ?? UNKNOWN_ID,
        task: read.document,
        project: project ?? {},
        user: user ?? {},
      },
      schedulerQueue: schedulerQueue?.id ?? UNKNOWN_ID,
      apiServer: server.apiServer,
    };
  } finally {
    await clearml.close();
  }
}

function common(base: Base): Pick<Variables, 'workerId' | 'config'> {
  return { workerId: workerName(base), config: jobSettings(base, '').publicConfig };
}
